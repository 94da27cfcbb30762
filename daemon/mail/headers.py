"""Headers and attachment headers of a mail -> addresses, dates, hops, names, by mail-parser.

mail-parser reads a small message put together here: the headers we need, each once, without raw
8-bit bytes, and the attachments without their bytes. So its known traps (random names for
attachments without one, lists for repeated headers, letters lost from odd charsets, forwarded
mails taken apart) cannot close, and it is not paid for work that nobody reads. Where it fails all
the same, the stdlib reads the same small message.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from mailparser import MailParser
from mailparser.utils import get_addresses

from daemon.mail.structure import Part, file_name

Pairs = tuple[tuple[str, str], ...]

_EPILOGUE_DEFECT = "StartBoundaryNotFoundDefect"  # mail-parser then looks for a boundary of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What was read of the headers; names and addresses still as written."""

    from_: Pairs
    sender: Pairs
    reply_to: Pairs
    to: Pairs
    cc: Pairs
    subject: str
    message_id: str
    sent_at: datetime | None
    hop_received_at: datetime | None
    attachments: Pairs  # (file name, media type), as many as were given
    defects: tuple[str, ...]


def envelope_view(
    headers: dict[str, str], attachments: Iterable[Part], defects: Iterable[Exception]
) -> Part:
    """Return the small message that is read for a mail.

    Args:
        headers: first value of each wanted header, by lower-case name, without raw bytes.
        attachments: header-only parts, each with a file name.
        defects: what the stdlib's parser found; passed through.
    """
    view: Part = Message()
    for name, value in headers.items():
        view[name] = value
    view.defects = [one for one in defects if type(one).__name__ != _EPILOGUE_DEFECT]  # type: ignore[misc]
    parts: list[Part | str] = list(attachments)
    if parts:
        view["Content-Type"] = "multipart/mixed"
        view.set_payload(parts)
    return view


def read_envelope(view: Part) -> Envelope:
    """Return what the headers of `view` say, by mail-parser, or by the stdlib where that fails."""
    try:
        return _by_mail_parser(view)
    except Exception as error:  # noqa: BLE001 - mail-parser raises outside its own exceptions too
        return _by_stdlib(view, f"mail-parser failed: {type(error).__name__}")


class _LeanParser(MailParser):  # type: ignore[misc]  # mail-parser carries no types
    """mail-parser without the two dictionaries of everything that nobody here reads.

    Where a later version of it no longer calls this, nothing but the time saved is lost.
    """

    def _make_mail(self, **_: object) -> dict[str, object]:
        return {}


def _by_mail_parser(view: Part) -> Envelope:
    parser = _LeanParser(view)
    hops = parser.received
    return Envelope(
        from_=_pairs(parser.from_),
        sender=_pairs(get_addresses(view.get("sender"), decode_names=True)),
        reply_to=_pairs(parser.reply_to),
        to=_pairs(parser.to),
        cc=_pairs(parser.cc),
        subject=str(parser.subject),
        message_id=str(parser.message_id),
        sent_at=_utc(parser.date),
        hop_received_at=_utc(_moment(hops[-1].get("date_utc"))) if hops else None,
        attachments=tuple(
            (str(one["filename"] or ""), str(one["mail_content_type"] or ""))
            for one in parser.attachments
        ),
        defects=tuple(_defect_lines(parser.defects)),
    )


def _defect_lines(defects: list[dict[str, list[str]]]) -> list[str]:
    lines = (line for one in defects for lines in one.values() for line in lines)
    return [line.strip().partition("\n")[0][:200] for line in lines]


def _by_stdlib(view: Part, defect: str) -> Envelope:
    parts = view.get_payload() if view.is_multipart() else []
    return Envelope(
        from_=_stdlib_addresses(view, "from"),
        sender=_stdlib_addresses(view, "sender"),
        reply_to=_stdlib_addresses(view, "reply-to"),
        to=_stdlib_addresses(view, "to"),
        cc=_stdlib_addresses(view, "cc"),
        subject=view.get("subject", ""),
        message_id=view.get("message-id", ""),
        sent_at=_stdlib_date(view.get("date", "")),
        hop_received_at=_stdlib_date(view.get("received", "").rpartition(";")[2]),
        attachments=tuple(
            (file_name(one), one.get_content_type()) for one in parts if isinstance(one, Message)
        ),
        defects=(defect, *(type(one).__name__ for one in view.defects)),
    )


def _stdlib_addresses(view: Part, name: str) -> Pairs:
    try:
        return _pairs(getaddresses([view.get(name, "")]))
    except Exception:  # noqa: BLE001 - the stdlib fails in many ways on broken addresses
        return ()


def _stdlib_date(value: str) -> datetime | None:
    try:
        return _utc(parsedate_to_datetime(value))
    except Exception:  # noqa: BLE001 - ValueError, TypeError, OverflowError, IndexError by version
        return None


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _pairs(found: object) -> Pairs:
    if not isinstance(found, list):  # "" when the header is absent
        return ()
    return tuple((str(name), str(email)) for name, email in found if email)
