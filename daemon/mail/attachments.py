"""Attachment parts of a mail -> `Attachment` records: names by mail-parser, bytes by the stdlib."""

import hashlib
from email.message import Message

from daemon.mail.body import payload_bytes
from daemon.mail.charset import clean, decode_value, mend
from daemon.mail.lift import Blocks
from daemon.mail.structure import Part, file_name
from daemon.records import Attachment

_HEADERS = ("content-type", "content-disposition", "content-transfer-encoding", "content-id")
_NAME_CHARS = 200
_EXTENSIONS = {
    "application/json": "json",
    "application/msword": "doc",
    "application/ms-tnef": "dat",
    "application/pdf": "pdf",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-signature": "p7s",
    "application/pgp-signature": "asc",
    "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/xml": "xml",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "message/delivery-status": "txt",
    "message/disposition-notification": "txt",
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/rfc822-headers": "txt",
    "text/rtf": "rtf",
    "text/vcard": "vcf",
    "text/xml": "xml",
}


def header_only(number: int, part: Part) -> Part:
    """Return the headers of a part for mail-parser, always with a file name.

    One without a name is given `part-N.ext`, N its 1-based place among the leaves, so that the
    same mail always gives the same names.
    """
    copy: Part = Message()
    copy.set_payload("")
    for name, value in part.raw_items():  # `get` would hide raw 8-bit bytes in a Header
        if str(name).lower() in _HEADERS and name not in copy:
            copy[name] = _one_line(str(value))
    if not file_name(copy):
        del copy["content-disposition"]
        copy["Content-Disposition"] = f'attachment; filename="{_made_name(number, part)}"'
    return copy


def attachment_of(
    number: int, part: Part, claimed: tuple[str, str], blocks: Blocks
) -> tuple[Attachment, str | None]:
    """Return the record of an attachment, and the defect because of which its bytes are missing.

    Args:
        number: 1-based place among the leaves.
        part: the part itself.
        claimed: file name and media type as mail-parser read them.
        blocks: the base64 blocks that stand aside.
    """
    defect = None
    try:
        data = payload_bytes(part, blocks)
    except Exception as error:  # noqa: BLE001 - the stdlib fails in many ways on broken parts
        data, defect = b"", f"attachment {number} cannot be decoded: {type(error).__name__}"
    record = Attachment(
        filename=_tidy_name(claimed[0]) or _made_name(number, part),
        media_type=clean(claimed[1] or part.get_content_type()).lower(),
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
    )
    return record, defect


def _one_line(value: str) -> str:
    """Return a raw MIME header without 8-bit bytes, folds, or encoded words that would be lost."""
    text = " ".join(mend(value)[0].split())
    if "=?" in text:
        decoded, is_sound = decode_value(text)
        return text if is_sound else decoded
    return text


def _made_name(number: int, part: Part) -> str:
    return f"part-{number}.{_EXTENSIONS.get(part.get_content_type(), 'bin')}"


def _tidy_name(name: str) -> str:
    """Return the last path component of a claimed name, printable characters only."""
    if "=?" in name:
        name, _ = decode_value(name)
    name = clean(name).replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in name if char.isprintable()).strip(" .")
    if len(name) > _NAME_CHARS:
        stem, dot, extension = name.rpartition(".")
        extension = (dot + extension)[:20]
        name = stem[: _NAME_CHARS - len(extension)] + extension
    return name
