"""The bytes of a mail -> one `Mail` record: everything later stages decide on."""

import email
import re
from dataclasses import dataclass, replace

from daemon.errors import LimitExceeded
from daemon.mail import pec
from daemon.mail.addresses import addresses_of, sender_of
from daemon.mail.attachments import attachment_of, header_only
from daemon.mail.automatic import Outline, automatic_kind
from daemon.mail.body import Body, read_body
from daemon.mail.charset import clean, decode_bytes, decode_value
from daemon.mail.content import content_digest
from daemon.mail.dsn import report_of, status_text
from daemon.mail.fields import Fields, read_fields
from daemon.mail.head import after_mbox_line, split_head
from daemon.mail.headers import Envelope, envelope_view, read_envelope
from daemon.mail.lift import Blocks, lift
from daemon.mail.limits import MailLimits
from daemon.mail.official import Numbers, certified_number, official_numbers
from daemon.mail.prescan import prescan
from daemon.mail.structure import Part, Structure, structure_of
from daemon.records import Attachment, Mail

_ID = re.compile(r"<[^<>\s]{1,996}>")
_IDS = 1_000  # of References; the newest are at the end
_DEFECTS = 50  # kept; a broken mail can have one for each line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What stays the same for a mail and the one inside it."""

    limits: MailLimits
    blocks: Blocks
    digest: bytes
    own_instance: str | None
    certified: Numbers  # the id of the certified mail that was read


def read_mail(raw: bytes, limits: MailLimits, *, own_instance: str | None = None) -> Mail:
    """Return what is in the bytes of a mail; what is wrong with it becomes `Mail.defects`.

    Message-IDs keep their angle brackets. Of a PEC transport envelope the mail inside is
    returned, with the envelope's content digest, receipt time and own headers after the inner ones.

    Args:
        raw: RFC 5322 bytes with any line ends; all bytes are accepted.
        limits: how much of it is read.
        own_instance: our `X-Backdesk-Instance`, to recognise our own mail coming back.

    Raises:
        LimitExceeded: the mail is to be set aside; nothing else comes out.
    """
    digest = content_digest(raw)
    part = raw[: limits.read_bytes]
    prescan(part, limits)
    try:
        mail = _read(part, digest, limits, own_instance)
    except RecursionError as error:
        raise LimitExceeded("depth", "the parser's stack is used up") from error
    except (LimitExceeded, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - strangers' bytes: the last resort is the plain text
        mail = _unparsed(part, digest, limits, type(error).__name__)
    return mail if len(part) == len(raw) else replace(mail, cuts=(*mail.cuts, "read_bytes"))


def _read(raw: bytes, digest: bytes, limits: MailLimits, own_instance: str | None) -> Mail:
    lifted = lift(raw[after_mbox_line(raw) :], digest)
    message = email.message_from_bytes(lifted.raw)
    structure = structure_of(message)
    headers = read_fields(message, limits)
    reading = _Reading(
        limits=limits,
        blocks=lifted.blocks,
        digest=digest,
        own_instance=own_instance,
        certified=certified_number(headers.first, structure.attachments, lifted.blocks),
    )
    if pec.is_envelope(headers.first):
        inner = pec.enclosed_mail(structure.attachments, lifted.blocks)
        if inner is not None:
            return _from_envelope(inner, headers, structure, reading)
    return _mail(structure, headers, reading)


def _from_envelope(inner: Part, outer: Fields, structure: Structure, reading: _Reading) -> Mail:
    """Return the mail inside a PEC envelope, with what only the envelope can prove."""
    inner_headers = read_fields(inner, reading.limits)
    mail = _mail(structure_of(inner), inner_headers, reading)
    hop = read_envelope(envelope_view({"received": outer.wanted.get("received", "")}, (), ()))
    own = tuple(pair for pair in outer.decoded if pair[0] not in inner_headers.first)
    return replace(
        mail,
        headers=mail.headers + own,
        envelope=outer.decoded,
        hop_received_at=hop.hop_received_at,
        pec_received_at=pec.receipt_time(structure.attachments, reading.blocks),
    )


def _mail(structure: Structure, headers: Fields, reading: _Reading) -> Mail:
    clones = [header_only(number, part) for number, part in structure.attachments]
    envelope = read_envelope(envelope_view(headers.wanted, clones, structure.defects))
    body = read_body(structure.passages, reading.blocks, reading.limits)
    attachments, missing = _attachments(structure, envelope, reading)
    first = headers.first
    outline = _outline(structure, headers, envelope, body, reading)
    automatic = automatic_kind(outline, reading.own_instance)
    return Mail(
        content_digest=reading.digest,
        message_id=_message_id(envelope.message_id),
        in_reply_to=_message_id(first.get("in-reply-to", "")),
        references=tuple(_ID.findall(first.get("references", "")))[-_IDS:],
        subject=outline.subject,
        sender=outline.sender,
        reply_to=addresses_of(envelope.reply_to),
        to=addresses_of(envelope.to),
        cc=addresses_of(envelope.cc),
        sent_at=envelope.sent_at,
        headers=headers.decoded,
        text=body.text,
        attachments=attachments,
        automatic=automatic,
        is_html=body.is_html,
        link_count=body.link_count,
        image_count=body.image_count,
        hop_received_at=envelope.hop_received_at,
        addresses_left_out=headers.addresses_left_out,
        report=report_of(automatic, outline, structure.attachments, reading.blocks),
        official=(
            *reading.certified,
            *official_numbers(outline, structure.attachments, reading.blocks),
        ),
        defects=_defects(envelope, body, missing),
        cuts=(*headers.cuts, *body.cuts),
    )


def _outline(
    structure: Structure, headers: Fields, envelope: Envelope, body: Body, reading: _Reading
) -> Outline:
    return Outline(
        headers=headers.first,
        sender=sender_of(envelope, headers.first.get("from", "")),
        subject=_subject(envelope),
        media_types=structure.media_types,
        text=body.text,
        report=status_text(structure.attachments, reading.blocks),
    )


def _attachments(
    structure: Structure, envelope: Envelope, reading: _Reading
) -> tuple[tuple[Attachment, ...], list[str]]:
    claimed = envelope.attachments
    if len(claimed) != len(structure.attachments):  # then which is whose cannot be told
        claimed = (("", ""),) * len(structure.attachments)
    found = [
        attachment_of(number, part, claims, reading.blocks)
        for (number, part), claims in zip(structure.attachments, claimed, strict=True)
    ]
    return tuple(record for record, _ in found), [defect for _, defect in found if defect]


def _subject(envelope: Envelope) -> str:
    subject = " ".join(clean(envelope.subject).split())
    return decode_value(subject)[0] if "=?" in subject else subject


def _message_id(value: str) -> str | None:
    found = _ID.search(value)
    if found:
        return clean(found.group())
    return clean("".join(value.split()))[:998] or None


def _defects(envelope: Envelope, body: Body, missing: list[str]) -> tuple[str, ...]:
    lines = (clean(line) for line in (*envelope.defects, *body.defects, *missing))
    return tuple(dict.fromkeys(lines))[:_DEFECTS]


def _unparsed(raw: bytes, digest: bytes, limits: MailLimits, error: str) -> Mail:
    """Return a mail no parser could read: its text as it stands, for a person to look at."""
    _, start = split_head(raw)
    return Mail(
        content_digest=digest,
        message_id=None,
        in_reply_to=None,
        references=(),
        subject="",
        sender=None,
        reply_to=(),
        to=(),
        cc=(),
        sent_at=None,
        headers=(),
        text=decode_bytes(raw[start : start + limits.text_chars], None)[0],
        attachments=(),
        automatic=None,
        is_html=False,
        link_count=0,
        image_count=0,
        defects=(f"the mail could not be parsed: {error}",),
    )
