"""A mail whose words are in an attachment -> the first page of that attachment.

Plain text and HTML only. The bytes were read within all limits before, so parsing them once more
with the standard library is safe.
"""

import email
from email.message import Message
from hashlib import sha256

from daemon.mail.html import html_text
from daemon.mail.limits import MailLimits
from daemon.records import Attachment

FIRST_PAGE = 3_000  # characters
LARGEST_FILE = 1_000_000  # bytes, decoded
READABLE = ("text/plain", "text/html")


def first_page(raw: bytes, attachments: tuple[Attachment, ...], limits: MailLimits) -> str:
    """Return the start of the first readable attachment of `raw`, "" when there is none."""
    wanted = next(filter(_is_readable, attachments), None)
    if wanted is None:
        return ""
    parts = email.message_from_bytes(raw[: limits.read_bytes]).walk()
    content = next((found for part in parts if (found := _content(part, wanted))), "")
    text = html_text(content, limits)[0] if wanted.media_type == "text/html" else content
    return text[:FIRST_PAGE]


def _is_readable(attachment: Attachment) -> bool:
    return attachment.media_type in READABLE and 0 < attachment.size <= LARGEST_FILE


def _content(part: Message, wanted: Attachment) -> str:
    """Return the part's text if it is the wanted attachment, else ""."""
    if part.get_content_type() != wanted.media_type:
        return ""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or sha256(content).digest() != wanted.sha256:
        return ""
    return _decoded(content, part.get_param("charset"))


def _decoded(content: bytes, charset: object) -> str:
    try:
        return content.decode(str(charset or "utf-8"), "replace")
    except (LookupError, ValueError):  # no such charset, or one that is no text encoding
        return content.decode("utf-8", "replace")
