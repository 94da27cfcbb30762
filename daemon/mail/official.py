"""A mail -> the official numbers it carries, so that its case can be found by them.

Sources: Circolare AIPA 28/2001, annex B (Segnatura.dtd), Circolare AgID 60/2013, AgID guidelines on
electronic documents of 2020 (in force 2021), annex 6, root `SegnaturaInformatica` in
`http://www.agid.gov.it/protocollo/`; DM 2 November 2005, annex, in English RFC 6109 (the id of a
certified mail, the same in its envelope's Message-ID and in daticert.xml); Polish act of 18
November 2020 on electronic deliveries (addresses `AE:PL-...`). All of it is a stranger's claim.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from daemon.mail import pec
from daemon.mail.automatic import Outline
from daemon.mail.body import readable_bytes
from daemon.mail.charset import decode_value
from daemon.mail.lift import Blocks
from daemon.mail.structure import Part, file_name
from daemon.mail.xml import texts_of

Attachments = tuple[tuple[int, Part], ...]
Numbers = tuple[tuple[str, str], ...]
"""Pairs (kind, value); kinds are protocol, pec, edoreczenia."""

VALUE_CHARS = 100  # a longer one is left out: cut short, it would be another number

_FILES = 3  # of one name that are read; a mail has one
_ROOTS = ("Segnatura", "SegnaturaInformatica")
_FIELDS = ("CodiceAmministrazione", "CodiceAOO", "NumeroRegistrazione", "DataRegistrazione")
_SIGNATURE: Mapping[tuple[str, ...], str] = {
    (root, "Intestazione", "Identificatore", field): field for root in _ROOTS for field in _FIELDS
}
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,30}")  # annex 6: 16 of these; older ones are longer
_NUMBER = re.compile(r"[0-9]{1,20}")  # at least 7 digits, but not all keep to that
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")  # xsd:date
_ENVELOPE_ID = re.compile(r"<([^<>\s]{1,998})>")
_AE_CHARS = 4_000  # of subject and text that are looked at
_AE_COUNT = 3
_AE = re.compile(
    r"(?<![^\W_])AE:PL-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{2}(?![^\W_]|-[^\W_])"
)


def official_numbers(outline: Outline, attachments: Attachments, blocks: Blocks) -> Numbers:
    """Return the protocol number and the addresses for electronic delivery that a mail names.

    Raises nothing, whatever the mail holds.

    Args:
        outline: subject and text of the mail.
        attachments: the parts of the mail that are not its text.
        blocks: the base64 blocks that stand aside.
    """
    files = (protocol_number(xml) for xml in _files("segnatura.xml", attachments, blocks))
    found = next(filter(None, files), "")
    protocol = (("protocol", found),) if found else ()
    addresses = delivery_addresses(outline.subject, outline.text)
    return (*protocol, *(("edoreczenia", one) for one in addresses))


def certified_number(
    headers: Mapping[str, str], attachments: Attachments, blocks: Blocks
) -> Numbers:
    """Return the id of the certified mail that an envelope holds or a receipt is about.

    It stands in daticert.xml. An envelope without one has it as its own Message-ID; the Message-ID
    of a receipt, and that of ordinary mail in an anomaly envelope, is not a certified mail's. The
    id has no angle brackets. Raises nothing.

    Args:
        headers: of the envelope or receipt, decoded, by lower-cased name.
        attachments: its parts that are not text.
        blocks: the base64 blocks that stand aside.
    """
    is_receipt = "x-ricevuta" in headers
    is_anomaly = headers.get("x-trasporto", "").strip().lower() == "errore"
    is_envelope = pec.is_envelope(headers) and not is_anomaly and not is_receipt
    if not is_envelope and not is_receipt:
        return ()
    files = (pec.daticert_id(xml) for xml in _files("daticert.xml", attachments, blocks))
    found = next(filter(None, map(_value, files)), "")
    if not found and is_envelope:
        found = _message_id(headers.get("message-id", ""))
    return (("pec", found),) if found else ()


def protocol_number(xml: bytes) -> str:
    """Return the number in a segnatura.xml: `c_a944/AOO1/0012345/2026-11-20`, empty without one.

    It is the sender's own (Intestazione/Identificatore), not one of those the mail refers to. All
    four fields are needed; the register's code is not part of it.
    """
    found = texts_of(xml, _SIGNATURE, may_name_dtd=True)
    office, area, number, day = (found.get(field, "").strip() for field in _FIELDS)
    dated = _DAY.fullmatch(day)
    is_whole = _CODE.fullmatch(office) and _CODE.fullmatch(area) and _NUMBER.fullmatch(number)
    return f"{office}/{area}/{number}/{dated[1]}" if is_whole and dated else ""


def delivery_addresses(subject: str, text: str) -> tuple[str, ...]:
    """Return the first addresses `AE:PL-...` in the subject and the first of the text, each once.

    Mails name the office's own address too, and an address is a person's, not a case's.
    """
    start = f"{subject}\n{text[:_AE_CHARS]}"[:_AE_CHARS]
    return tuple(dict.fromkeys(_AE.findall(start)))[:_AE_COUNT]


def _message_id(value: str) -> str:
    match = _ENVELOPE_ID.search(value)
    return _value(match[1]) if match and "@" in match[1][1:-1] else ""


def _value(text: str) -> str:
    """Return a number as one line without angle brackets, empty when it cannot be one."""
    line = " ".join(text.split()).removeprefix("<").removesuffix(">").strip()
    return line if len(line) <= VALUE_CHARS and line.isprintable() else ""


def _files(name: str, attachments: Attachments, blocks: Blocks) -> Iterator[bytes]:
    """Return the bytes of the first attachments of a name, whatever the case of its letters."""
    named = (part for _, part in attachments if _name_of(part) == name)
    return (readable_bytes(part, blocks) for part in islice(named, _FILES))


def _name_of(part: Part) -> str:
    name = file_name(part)
    return (decode_value(name)[0] if "=?" in name else name).strip().lower()
