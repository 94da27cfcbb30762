"""Raw mail -> the mails that are attached to it, each read as if it had come by itself."""

import email
from collections.abc import Iterator
from dataclasses import dataclass

from daemon.mail.body import enclosed_bytes
from daemon.mail.content import content_digest
from daemon.mail.head import after_mbox_line
from daemon.mail.lift import Blocks, lift
from daemon.mail.limits import MailLimits
from daemon.mail.parse import read_mail
from daemon.mail.pec import message_in
from daemon.mail.structure import Part, file_name, structure_of
from daemon.records import Attachment, Mail

_MOST = 10  # of one mail that are read
_MAIL = "message/rfc822"
_CLOSED = ("application/vnd.ms-outlook", "application/x-msg")
"""Outlook's own form (MS-OXMSG), which is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A mail within a mail."""

    raw: bytes
    mail: Mail | None  # None: it cannot be read


def holds_mails(attachments: tuple[Attachment, ...]) -> bool:
    """Tell whether some attachment is a mail, by its type or its name."""
    return any(_is_mail(one.media_type, one.filename) for one in attachments)


def enclosed_mails(raw: bytes, limits: MailLimits) -> Iterator[Enclosed]:
    """Yield the mails attached to a mail that was read within its limits.

    Of a certified envelope that is attached the mail inside is read (`read_mail`); a mail in
    Outlook's own form, or over a limit, cannot be, nor is any after the tenth.

    Args:
        raw: the mail's bytes.
        limits: how much of each is read.
    """
    part = raw[: limits.read_bytes]
    lifted = lift(part[after_mbox_line(part) :], content_digest(raw))
    leaves = structure_of(email.message_from_bytes(lifted.raw)).attachments
    mails = [one for _, one in leaves if _is_mail(one.get_content_type(), file_name(one))]
    for one in mails[:_MOST]:
        yield _enclosed(one, lifted.blocks, limits)
    if len(mails) > _MOST:
        yield Enclosed(raw=b"", mail=None)


def _is_mail(media_type: str, filename: str) -> bool:
    is_named_so = filename.lower().endswith((".eml", ".msg"))
    return is_named_so or media_type == _MAIL or media_type in _CLOSED


def _enclosed(part: Part, blocks: Blocks, limits: MailLimits) -> Enclosed:
    if part.get_content_type() in _CLOSED or file_name(part).lower().endswith(".msg"):
        return Enclosed(raw=b"", mail=None)
    try:
        raw = enclosed_bytes(message_in(part, blocks), blocks)
        return Enclosed(raw=raw, mail=read_mail(raw, limits) if raw else None)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - limits, and the stdlib fails in many ways on broken parts
        return Enclosed(raw=b"", mail=None)
