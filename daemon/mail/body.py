"""Text leaves of a mail -> its readable text, by charset ladder and the better of two forms."""

import re
from dataclasses import dataclass
from email.message import Message
from email.policy import Compat32

from daemon.errors import LimitExceeded
from daemon.mail.charset import clean, decode_bytes
from daemon.mail.html import count_html, html_text
from daemon.mail.lift import Blocks, decoded_block, restore
from daemon.mail.limits import MailLimits
from daemon.mail.structure import Part, Passage

_LINE_END = re.compile(r"\r\n|\r|\n")
_ENOUGH_WORDS = 15  # a plain form with fewer may be a stand-in ("see the HTML version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The text of a mail, and what was counted and left out on the way."""

    text: str
    is_html: bool  # most of the text was taken from HTML
    link_count: int
    image_count: int
    defects: tuple[str, ...]
    cuts: tuple[str, ...]


def read_body(passages: tuple[Passage, ...], blocks: Blocks, limits: MailLimits) -> Body:
    """Return the text of `passages`, LF line ends, at most `text_chars` characters of it."""
    reader = _BodyReader(blocks, limits)
    pieces = [reader.text_of(passage) for passage in passages]
    text = "\n\n".join(piece.strip("\n") for piece, _ in pieces if piece.strip())
    if len(text) > limits.text_chars:
        text = text[: limits.text_chars]
        reader.cuts.append("text_chars")
    from_html = sum(len(piece) for piece, is_html in pieces if is_html)
    return Body(
        text=text,
        is_html=2 * from_html > len(text),
        link_count=reader.links,
        image_count=reader.images,
        defects=tuple(dict.fromkeys(reader.defects)),
        cuts=tuple(dict.fromkeys(reader.cuts)),
    )


def payload_bytes(part: Part, blocks: Blocks) -> bytes:
    """Return the decoded bytes of a leaf; of an enclosed mail, its own bytes with CRLF ends."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"".join(enclosed_bytes(one, blocks) for one in payload)
    declared = str(part.get("content-transfer-encoding", ""))
    encoding = declared.strip().lower()
    if encoding != declared.lower():  # the stdlib does not know "base64 "
        part.replace_header("content-transfer-encoding", encoding)
    lifted = decoded_block(str(payload), blocks) if encoding == "base64" else None
    if lifted is not None:
        return lifted
    decoded = part.get_payload(decode=True)
    return restore(decoded, blocks) if isinstance(decoded, bytes) else b""


def readable_bytes(part: Part, blocks: Blocks) -> bytes:
    """Return the bytes of a part, b"" for one that the standard library cannot take apart.

    Raises:
        LimitExceeded, MemoryError, RecursionError: these concern the whole mail, or the process.
    """
    try:
        return payload_bytes(part, blocks)
    except (LimitExceeded, MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - it fails in many ways on broken parts
        return b""


def enclosed_bytes(message: object, blocks: Blocks) -> bytes:
    """Return the bytes of a mail within a mail, with CRLF ends; b"" for anything else."""
    if not isinstance(message, Message):
        return b""
    return restore(message.as_bytes(policy=_AS_RECEIVED), blocks, is_crlf=True)


class _AsReceived(Compat32):
    """Writes headers as they came; to fold them anew takes quadratic time on a long one."""

    def fold_binary(self, name: str, value: object) -> bytes:
        lines = _LINE_END.split(f"{name}: {value}")
        return "".join(f"{line}{self.linesep}" for line in lines).encode("ascii", "surrogateescape")


_AS_RECEIVED = _AsReceived(linesep="\r\n", max_line_length=None)


class _BodyReader:
    """Decodes text leaves and keeps count; lives for one mail."""

    def __init__(self, blocks: Blocks, limits: MailLimits) -> None:
        self._blocks = blocks
        self._limits = limits
        self._room = (
            2 * limits.html_bytes + limits.text_chars
        )  # of characters still to be looked at
        self.links = 0
        self.images = 0
        self.defects: list[str] = []
        self.cuts: list[str] = []

    def text_of(self, passage: Passage) -> tuple[str, bool]:
        """Return the better form of `passage` as text, and whether it came from HTML."""
        plain = "\n\n".join(self._decoded(part) for part in passage.plain)
        html = "\n".join(self._decoded(part) for part in passage.html)
        if not html:
            self.links += plain.count("http://") + plain.count("https://")
            return plain, False
        words = len(plain[:1000].split())
        if words >= _ENOUGH_WORDS:
            self._count(html)
            return plain, False
        text = self._text_from(html)
        is_better = len(text.split()) > 2 * words or not words
        return (text, True) if is_better else (plain, False)

    def _count(self, html: str) -> None:
        count = count_html(html)
        self.links += count.links
        self.images += count.images

    def _text_from(self, html: str) -> str:
        text, count = html_text(html, self._limits)
        self.links += count.links
        self.images += count.images
        if count.cut:
            self.cuts.append(count.cut)
        return text

    def _decoded(self, part: Part) -> str:
        try:
            data = payload_bytes(part, self._blocks)
            charset = part.get_content_charset()
        except Exception as error:  # noqa: BLE001 - the stdlib fails in many ways on broken parts
            self.defects.append(f"text part cannot be decoded: {type(error).__name__}")
            return ""
        text, fits = decode_bytes(data, charset)
        if not fits:
            self.defects.append(f"text does not fit its charset {clean(charset or 'none')[:40]}")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return self._within_room(text)

    def _within_room(self, text: str) -> str:
        """Cut what goes beyond the room, so that many parts cost no more than one."""
        if len(text) > self._room:
            text = text[: self._room]
            self.cuts.append("text_chars")
        self._room -= len(text)
        return text
