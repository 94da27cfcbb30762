"""A PEC transport envelope (Italian certified mail) -> the mail inside and its proven receipt time.

Sources: DPR 68/2005 and the technical rules of DM 2 November 2005, annex: X-Trasporto,
X-Ricevuta, postacert.eml, daticert.xml.
"""

import binascii
import email
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message

from daemon.mail.body import payload_bytes
from daemon.mail.lift import Blocks, decoded_block
from daemon.mail.structure import Part, file_name
from daemon.mail.xml import texts_of

_WANTED: Mapping[tuple[str, ...], str] = {
    ("postacert", "dati", "data", "@zona"): "zone",
    ("postacert", "dati", "data", "giorno"): "day",
    ("postacert", "dati", "data", "ora"): "time",
    ("postacert", "dati", "identificativo"): "id",
    ("postacert", "dati", "consegna"): "recipient",
    ("postacert", "dati", "errore-esteso"): "error",
}
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})")
_ZONE = re.compile(r"([+-])(\d{2}):?(\d{2})")


def is_envelope(headers: Mapping[str, str]) -> bool:
    """Say whether the headers (lower-cased names) are those of a PEC envelope with a mail inside.

    The anomaly envelope (`errore`) is one too: it carries ordinary mail that was sent to a PEC
    address, and that may well be a complaint.
    """
    transport = headers.get("x-trasporto", "").strip().lower()
    if transport:
        return transport in ("posta-certificata", "errore")
    sender = headers.get("from", "").lower()
    return "posta-certificata@" in sender and "per conto di" in sender


def enclosed_mail(attachments: tuple[tuple[int, Part], ...], blocks: Blocks) -> Part | None:
    """Return the message tree of `postacert.eml`, None when there is none that can be read."""
    candidates = [part for _, part in attachments if part.get_content_type() == "message/rfc822"]
    named = [part for _, part in attachments if file_name(part).lower() == "postacert.eml"]
    for part in named or candidates[:1]:
        found = message_in(part, blocks)
        if found is not None:
            return found
    return None


def receipt_time(attachments: tuple[tuple[int, Part], ...], blocks: Blocks) -> datetime | None:
    """Return the moment in `daticert.xml` (UTC), None when it is missing or cannot be read."""
    for _, part in attachments:
        if file_name(part).lower() == "daticert.xml":
            return daticert_time(payload_bytes(part, blocks))
    return None


def daticert_time(xml: bytes) -> datetime | None:
    """Return the moment of `dati/data` in a daticert document (UTC), None when there is none.

    Documents over 256 kB, with a document type or with entities are not read: a certified receipt
    has none, and they are how XML bombs are built.
    """
    return _moment(texts_of(xml, _WANTED))


def daticert_delivery(xml: bytes) -> tuple[str, str]:
    """Return the recipient (`dati/consegna`) and the error (`dati/errore-esteso`) of a daticert.

    Each is empty where it is missing, and both where the document is not read (`daticert_time`).
    """
    found = texts_of(xml, _WANTED)
    return found.get("recipient", "").strip(), found.get("error", "").strip()


def daticert_id(xml: bytes) -> str:
    """Return the id of the certified mail (`dati/identificativo`) as it stands in a daticert.

    Empty where it is missing or the document is not read (`daticert_time`).
    """
    return texts_of(xml, _WANTED).get("id", "").strip()


def _moment(found: Mapping[str, str]) -> datetime | None:
    day, time = _DAY.search(found.get("day", "")), _TIME.search(found.get("time", ""))
    if not day or not time:
        return None
    try:
        local = datetime(
            int(day[3]),
            int(day[2]),
            int(day[1]),
            int(time[1]),
            int(time[2]),
            int(time[3]),
            tzinfo=_zone(found.get("zone", "")),
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone:
    match = _ZONE.search(text)
    if not match:
        return timezone(timedelta(hours=2))  # Italy: an hour early in winter, never late
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))


def message_in(part: Part, blocks: Blocks) -> Part | None:
    """Return the message tree of a leaf that is a mail, however it is encoded; None where none."""
    payload = part.get_payload()
    if not isinstance(payload, list):  # sent as application/octet-stream
        return _parsed(payload_bytes(part, blocks))
    inner = payload[0] if payload else None
    if not isinstance(inner, Message):
        return None
    if inner.keys():
        return inner
    return _parsed(_base64_body(inner, blocks))  # encoded, which RFC 2046 5.2.1 forbids


def _base64_body(inner: Part, blocks: Blocks) -> bytes:
    text = str(inner.get_payload())
    lifted = decoded_block(text, blocks)
    if lifted is not None:
        return lifted
    try:
        return binascii.a2b_base64(text.encode("ascii", "replace"))
    except binascii.Error:
        return b""


def _parsed(raw: bytes) -> Part | None:
    message = email.message_from_bytes(raw)
    return message if message.keys() else None
