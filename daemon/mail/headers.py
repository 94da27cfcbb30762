"""Headers and attachment headers of a mail -> addresses, dates, hops, names, by mail-parser.

mail-parser reads a small message put together here: the headers we need, each once, without raw
8-bit bytes, and the attachments without their bytes. So its known traps (random names for
attachments without one, lists for repeated headers, letters lost from odd charsets, forwarded
mails taken apart) cannot close, and it is not paid for work that nobody reads. Where it fails all
the same, the stdlib reads the same small message.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache

from mailparser import MailParser
from mailparser.utils import get_addresses

from daemon.mail.structure import Part, file_name

Pairs = tuple[tuple[str, str], ...]

_ADDRESS_HEADERS = ("from", "sender", "reply-to", "to", "cc")
_KNOWN_CHARS = 300  # headers up to this length are remembered: most mail goes to the same few
_EPILOGUE_DEFECT = "StartBoundaryNotFoundDefect"  # mail-parser then looks for a boundary of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is read for one mail."""

    message: Part  # the headers but for addresses, and the attachments without their bytes
    addresses: Mapping[str, str]  # address headers by lower-case name


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
) -> View:
    """Return the small message that is read for a mail, and the address headers beside it.

    Args:
        headers: first value of each wanted header, by lower-case name, without raw bytes.
        attachments: header-only parts, each with a file name.
        defects: what the stdlib's parser found; passed through.
    """
    view: Part = Message()
    for name, value in headers.items():
        if name not in _ADDRESS_HEADERS:
            view[name] = value
    view.defects = [one for one in defects if type(one).__name__ != _EPILOGUE_DEFECT]  # type: ignore[misc]
    parts: list[Part | str] = list(attachments)
    if parts:
        view["Content-Type"] = "multipart/mixed"
        view.set_payload(parts)
    addresses = {name: headers[name] for name in _ADDRESS_HEADERS if name in headers}
    return View(message=view, addresses=addresses)


def read_envelope(view: View) -> Envelope:
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


def _by_mail_parser(view: View) -> Envelope:
    parser = _LeanParser(view.message)
    hops = parser.received
    found = {name: _addresses(value) for name, value in view.addresses.items()}
    pairs = {name: addresses for name, (addresses, _) in found.items()}
    problems = [f"{name}: {reason}" for name, (_, reasons) in found.items() for reason in reasons]
    return Envelope(
        from_=pairs.get("from", ()),
        sender=pairs.get("sender", ()),
        reply_to=pairs.get("reply-to", ()),
        to=pairs.get("to", ()),
        cc=pairs.get("cc", ()),
        subject=str(parser.subject),
        message_id=str(parser.message_id),
        sent_at=_utc(parser.date),
        hop_received_at=_utc(_moment(hops[-1].get("date_utc"))) if hops else None,
        attachments=tuple(
            (str(one["filename"] or ""), str(one["mail_content_type"] or ""))
            for one in parser.attachments
        ),
        defects=(*_defect_lines(parser.defects), *problems),
    )


def _addresses(value: str) -> tuple[Pairs, tuple[str, ...]]:
    """Return the (name, address) pairs of a header, and why others in it were not taken."""
    return _known_addresses(value) if len(value) <= _KNOWN_CHARS else _read_addresses(value)


@lru_cache(maxsize=1024)
def _known_addresses(value: str) -> tuple[Pairs, tuple[str, ...]]:
    return _read_addresses(value)


def _read_addresses(value: str) -> tuple[Pairs, tuple[str, ...]]:
    problems: list[dict[str, object]] = []
    found = get_addresses(value, defects=problems, decode_names=True)
    reasons = (f"AddressHeaderDefect: {one['reason']}" for one in problems)
    # Without a name mail-parser, as the stdlib, may repeat the address as one.
    pairs = tuple(("" if name == email else name, email) for name, email in _pairs(found))
    return pairs, tuple(dict.fromkeys(reasons))


def _defect_lines(defects: list[dict[str, list[str]]]) -> list[str]:
    lines = (line for one in defects for lines in one.values() for line in lines)
    return [line.strip().partition("\n")[0][:200] for line in lines]


def _by_stdlib(view: View, defect: str) -> Envelope:
    message = view.message
    parts = message.get_payload() if message.is_multipart() else []
    addresses = {name: _stdlib_addresses(value) for name, value in view.addresses.items()}
    return Envelope(
        from_=addresses.get("from", ()),
        sender=addresses.get("sender", ()),
        reply_to=addresses.get("reply-to", ()),
        to=addresses.get("to", ()),
        cc=addresses.get("cc", ()),
        subject=message.get("subject", ""),
        message_id=message.get("message-id", ""),
        sent_at=_stdlib_date(message.get("date", "")),
        hop_received_at=_stdlib_date(message.get("received", "").rpartition(";")[2]),
        attachments=tuple(
            (file_name(one), one.get_content_type()) for one in parts if isinstance(one, Message)
        ),
        defects=(defect, *(type(one).__name__ for one in message.defects)),
    )


def _stdlib_addresses(value: str) -> Pairs:
    try:
        return _pairs(getaddresses([value]))
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
