"""Large base64 bodies out of a raw mail before the parser walks it line by line, and back in.

The stdlib's parser looks at each line of an attachment for every boundary that may end it. A block
of nothing but base64 lines cannot hold a boundary, a header or an empty line, so one placeholder
line in its stead gives the same structure at a fraction of the time.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_WORTH_BYTES = 4096  # shorter blocks are not worth the search
_PLACEHOLDER = re.compile(rb"lifted-[0-9a-f]{1,64}-[0-9]{1,4}")
_HEADER_END = re.compile(rb"\r\n\r\n|\n\n")
_TRIES = 1000  # blocks looked at; no honest mail has as many large attachments
_HEADER_REACH = 2000  # bytes from the word "base64" to the end of its header block


@dataclass(frozen=True, slots=True)
class Block:
    """A base64 block that stands aside."""

    encoded: bytes  # its lines
    decoded: bytes


Blocks = Mapping[bytes, Block]  # by placeholder


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """A mail whose large base64 blocks stand aside, by placeholder."""

    raw: bytes
    blocks: Blocks = field(default_factory=dict)


def lift(raw: bytes, seal: bytes) -> Lifted:
    """Return `raw` with placeholders for its large base64 blocks.

    Args:
        raw: the mail.
        seal: bytes the sender cannot have known while writing the body (its content digest), so
            that nobody can put a placeholder into a mail.
    """
    if len(raw) < _WORTH_BYTES:
        return Lifted(raw=raw)
    pieces: list[bytes] = []
    blocks: dict[bytes, Block] = {}
    done = 0
    for start, end in islice(_spans(raw), _TRIES):
        decoded = _decoded(raw[start:end])
        if decoded is not None:
            name = b"lifted-%s-%d" % (seal.hex().encode(), len(blocks))
            blocks[name] = Block(raw[start:end], decoded)
            pieces += (raw[done:start], name)
            done = end
    return Lifted(raw=b"".join((*pieces, raw[done:])), blocks=blocks)


def restore(data: bytes, blocks: Blocks, *, is_crlf: bool = False) -> bytes:
    """Return `data` with every placeholder replaced by the lines it stands for.

    Args:
        data: bytes out of a lifted mail.
        blocks: what stands aside.
        is_crlf: whether the lines shall have CRLF ends, else as they came.
    """
    if b"lifted-" not in data:
        return data

    def lines_of(found: re.Match[bytes]) -> bytes:
        block = blocks.get(found.group())
        if block is None:
            return found.group()
        return b"\r\n".join(block.encoded.splitlines()) if is_crlf else block.encoded

    return _PLACEHOLDER.sub(lines_of, data)


def decoded_block(payload: str, blocks: Blocks) -> bytes | None:
    """Return the decoded bytes of a base64 body that is one placeholder, else None."""
    if not blocks or not payload.startswith("lifted-"):
        return None
    block = blocks.get(payload.strip().encode("ascii", "replace"))
    return block.decoded if block else None


def _spans(raw: bytes) -> Iterator[tuple[int, int]]:
    """Yield the long spans from an empty line after "base64" to the next line led by a dash.

    Each search begins where the one before it ended, so that all of them together are linear.
    """
    at = raw.find(b"base64")
    while at >= 0:
        empty = _HEADER_END.search(raw, at)
        if not empty:
            return
        next_from = empty.start() - _HEADER_REACH
        if next_from <= at:
            end = raw.find(b"\n-", empty.end())
            next_from = end = len(raw) if end < 0 else end
            if end - empty.end() >= _WORTH_BYTES:
                yield empty.end(), _without_line_ends(raw, end)
        at = raw.find(b"base64", next_from)


def _without_line_ends(raw: bytes, end: int) -> int:
    """Return where the line ends before `end` begin, of which there may be a few."""
    for _ in range(8):
        if raw[end - 1] not in b"\r\n":
            break
        end -= 1
    return end


def _decoded(block: bytes) -> bytes | None:
    """Return what `block` encodes if it is sound base64 in lines, padded at its end only."""
    if block.translate(None, _ALPHABET) or b"\n\n" in block or b"\r\n\r\n" in block:
        return None
    padding = block.find(b"=")
    if padding >= 0 and block[padding:].strip(b"=\r\n"):
        return None
    try:
        return binascii.a2b_base64(block)
    except binascii.Error:
        return None
