"""An automatic mail -> which mail of ours it reports on, and what became of that one.

Sources: RFC 3464 (delivery reports), RFC 6522 (the mail or its headers that come with them), RFC
6533 (the same in UTF-8), RFC 3463 (status codes); DM 2 November 2005, annex, in English RFC 6109
(receipts of certified mail). All of it is a stranger's claim: whoever knows a Message-ID can make
a report on it.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from email.message import Message

from daemon.mail import pec
from daemon.mail.automatic import Outline
from daemon.mail.body import readable_bytes
from daemon.mail.charset import decode_bytes
from daemon.mail.head import lf_lines, split_head
from daemon.mail.lift import Blocks, restore
from daemon.mail.structure import Part, file_name
from daemon.records import Automatic, Report

Attachments = tuple[tuple[int, Part], ...]

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_RETURNED_TYPES = frozenset(
    {"message/rfc822", "message/rfc822-headers", "text/rfc822-headers"}
    | {"message/global", "message/global-headers"}
)
_ACTIONS: Mapping[str, str] = {
    "failed": "failed",
    "failure": "failed",  # not in RFC 3464, but seen
    "delayed": "delayed",
    "relayed": "relayed",
    "delivered": "delivered",
    "expanded": "delivered",  # RFC 3464 2.3.3: to a list, which sent it on
}
_CLASSES: Mapping[str, str] = {"2": "delivered", "4": "delayed", "5": "failed"}  # RFC 3463 3.1
_RECEIPTS: Mapping[str, str] = {
    "accettazione": "accepted",
    "non-accettazione": "failed",
    "presa-in-carico": "relayed",
    "avvenuta-consegna": "delivered",
    "preavviso-errore-consegna": "delayed",
    "errore-consegna": "failed",
    "rilevazione-virus": "failed",
}
_STATUS_BYTES = 20_000
_HEAD_BYTES = 100_000  # of a returned mail; its Message-ID stands in front
_LINE_CHARS = 300
_ID = re.compile(r"<[^<>\s]{3,498}>")
_ID_LINE = re.compile(
    r"^[ \t>|]{0,20}message-id[ \t]{0,5}:[ \t]{0,20}(?:\r?\n[ \t>|]{1,20})?(<[^<>\s]{3,498}>)",
    re.IGNORECASE | re.MULTILINE,
)
_LATE_SUBJECT = re.compile(
    r"delay|still being retried|could not send .{0,20}for (?:the )?past|ritard|op[oó][zź]ni",
    re.IGNORECASE,
)
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
_WORD = re.compile(r"[a-z]+")
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_TYPED = re.compile(r"\s*[A-Za-z0-9-]{1,40}\s*;")  # "rfc822;", "smtp;"


def report_of(
    kind: Automatic | None, outline: Outline, attachments: Attachments, blocks: Blocks
) -> Report | None:
    """Return what a mail reports on another one, None when it does not, or not on which one.

    Raises nothing, whatever the mail holds. Of a delivery report on several recipients the first
    one counts. A bounce without a report is about the mail whose header it quotes, else about the
    one it answers; it means that the mail failed, unless its subject says that it is only late.

    Args:
        kind: which automatic mail it is; only a bounce, a DSN or a PEC receipt reports.
        outline: what is known of the mail, with the `status_text` of its parts.
        attachments: the parts of the mail that are not its text.
        blocks: the base64 blocks that stand aside.
    """
    if kind is Automatic.PEC_RECEIPT:
        return _receipt(outline.headers, attachments, blocks)
    if kind not in (Automatic.BOUNCE, Automatic.DSN):
        return None
    fields = _recipient_fields(outline.report)
    outcome = _outcome(fields)
    if not outcome and kind is Automatic.BOUNCE:
        outcome = "delayed" if _LATE_SUBJECT.search(outline.subject[:_LINE_CHARS]) else "failed"
    about = (
        _returned_id(attachments, blocks) or _quoted_id(outline.text) or _answered(outline.headers)
    )
    if not outcome or not about:
        return None
    return Report(
        about=about,
        outcome=outcome,
        recipient=_recipient(fields, outline.headers),
        status=_status(fields.get("status", "")),
        said=_line(_untyped(fields.get("diagnostic-code", ""))),
    )


def status_text(attachments: Attachments, blocks: Blocks) -> str:
    """Return the text of the first part message/delivery-status, empty when there is none."""
    for _, part in attachments:
        if part.get_content_type() in _STATUS_TYPES:
            return decode_bytes(_mended(_bytes_of(part, blocks), _STATUS_BYTES), None)[0]
    return ""


def _receipt(headers: Mapping[str, str], attachments: Attachments, blocks: Blocks) -> Report | None:
    outcome = _RECEIPTS.get(headers.get("x-ricevuta", "").strip().lower())
    about = _first_id(headers.get("x-riferimento-message-id", ""))
    if not outcome or not about:
        return None
    recipient, error = "", ""
    for _, part in attachments:
        if file_name(part).lower() == "daticert.xml":
            recipient, error = pec.daticert_delivery(_bytes_of(part, blocks))
            break
    return Report(
        about=about,
        outcome=outcome,
        recipient=_line(recipient),
        status=_status(error),
        said=_line(error),
    )


def _recipient_fields(text: str) -> Mapping[str, str]:
    """Return the fields of the first block on a recipient, by lower-cased name.

    RFC 3464 2.3: the blocks stand between empty lines, the first one is on the mail as a whole.
    """
    for block in _EMPTY_LINE.split(text.replace("\r\n", "\n").replace("\r", "\n")):
        fields: dict[str, str] = {}
        for name, value in _fields(block):
            fields.setdefault(name, value)
        if not fields.keys().isdisjoint(("final-recipient", "original-recipient", "action")):
            return fields
    return {}


def _fields(block: str) -> Iterator[tuple[str, str]]:
    name, lines = "", [""]
    for line in block.split("\n"):
        if line.startswith((" ", "\t")):
            lines.append(line)
            continue
        if name:
            yield name, " ".join(lines)
        name, _, value = line.partition(":")
        name, lines = name.strip().lower(), [value]
    if name:
        yield name, " ".join(lines)


def _outcome(fields: Mapping[str, str]) -> str:
    action = _WORD.search(fields.get("action", "").lower())
    if action and action[0] in _ACTIONS:
        return _ACTIONS[action[0]]
    return _CLASSES.get(_status(fields.get("status", ""))[:1], "")


def _recipient(fields: Mapping[str, str], headers: Mapping[str, str]) -> str:
    for name in ("final-recipient", "original-recipient"):
        found = _line(_untyped(fields.get(name, ""))).strip("<> ")
        if found:
            return found
    return _line(headers.get("x-failed-recipients", "").partition(",")[0])  # Exim's, and Google's


def _status(value: str) -> str:
    found = _STATUS.search(value)
    return found[0] if found else ""


def _untyped(value: str) -> str:
    """Return a field without the type in front, as RFC 3464 2.1.2 has them: `rfc822;`."""
    typed = _TYPED.match(value)
    return value[typed.end() :] if typed else value


def _line(value: str) -> str:
    """Return a stranger's words as one printable line of bounded length."""
    words = " ".join(value[: 4 * _LINE_CHARS].split())
    return "".join(char for char in words if char.isprintable())[:_LINE_CHARS].strip()


def _returned_id(attachments: Attachments, blocks: Blocks) -> str:
    """Return the Message-ID in the first returned mail, or header of one, that has any."""
    for _, part in attachments:
        if part.get_content_type() in _RETURNED_TYPES:
            found = _id_of(part, blocks)
            if found:
                return found
    return ""


def _id_of(part: Part, blocks: Blocks) -> str:
    inner = next(iter(part.get_payload()), None) if part.is_multipart() else None
    if isinstance(inner, Message) and inner.keys():
        values = (value for name, value in inner.raw_items() if name.lower() == "message-id")
        return next(filter(None, (_first_id(str(value)) for value in values)), "")
    head, _ = split_head(_mended(_bytes_of(part, blocks), _HEAD_BYTES).lstrip(b"\r\n"))
    return _quoted_id(decode_bytes(lf_lines(head), None)[0])


def _quoted_id(text: str) -> str:
    """Return the first Message-ID that stands as a header field in a text."""
    found = (_first_id(match[1]) for match in _ID_LINE.finditer(text))
    return next(filter(None, found), "")


def _answered(headers: Mapping[str, str]) -> str:
    """Return the Message-ID that a mail answers, else the newest one of its thread."""
    references = _ID.findall(headers.get("references", ""))
    return _first_id(headers.get("in-reply-to", "")) or next(
        filter(None, (_first_id(one) for one in reversed(references))), ""
    )


def _first_id(value: str) -> str:
    """Return the first `<...@...>` in a header value, empty when there is none."""
    for found in _ID.finditer(value):
        if "@" in found[0][2:-2] and found[0].isprintable():
            return found[0]
    return ""


def _mended(data: bytes, size: int) -> bytes:
    """Return the first bytes of header fields, decoded where they were encoded in base64.

    RFC 2046 5.2.1 and RFC 3464 2.1 forbid that, so the parser does not decode them. Fields have a
    colon, which base64 has not.
    """
    if b":" in data:
        return data[:size]
    encoded = b"".join(data[: 2 * size].split())
    try:
        return binascii.a2b_base64(encoded[: len(encoded) // 4 * 4])[:size]
    except binascii.Error:
        return b""


def _bytes_of(part: Part, blocks: Blocks) -> bytes:
    if part.is_multipart() and part.get_content_type() in _STATUS_TYPES:
        return restore(_status_lines(part).encode("utf-8", "surrogateescape"), blocks)
    return readable_bytes(part, blocks)


def _status_lines(part: Part) -> str:
    """Return a delivery status, whose blocks the parser has read as mails, as lines again.

    The stdlib's own way to do that folds each field, in quadratic time.
    """
    lines: list[str] = []
    for block in part.get_payload():
        if isinstance(block, Message):
            text = block.get_payload()
            lines += (f"{name}: {value}" for name, value in block.raw_items())
            lines += ("", text if isinstance(text, str) else "", "")
    return "\n".join(lines)
