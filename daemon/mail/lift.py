"""Large base64 bodies out of a raw mail before the parser walks it line by line, and back in.

The stdlib's parser looks at each line of an attachment for every boundary that may end it. A block
of nothing but base64 lines cannot hold a boundary, a header or an empty line, so one placeholder
line in its stead gives the same structure at a fraction of the time.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_WORTH_BYTES = 4096  # shorter blocks are not worth the search
_HEADER_END = re.compile(rb"\r\n\r\n|\n\n")
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
    at = raw.find(b"base64")
    while at >= 0:
        start, end = _block(raw, at)
        decoded = _decoded(raw[start:end]) if end - start >= _WORTH_BYTES else None
        if decoded is not None:
            name = b"lifted-%s-%d" % (seal.hex().encode(), len(blocks))
            blocks[name] = Block(raw[start:end], decoded)
            pieces += (raw[done:start], name)
            done = end
        at = raw.find(b"base64", max(end, at + 6))
    return Lifted(raw=b"".join((*pieces, raw[done:])), blocks=blocks)


def restore(data: bytes, blocks: Blocks) -> bytes:
    """Return `data` with every placeholder replaced by what it stands for."""
    if b"lifted-" in data:
        for name, block in blocks.items():
            data = data.replace(name, block.encoded)
    return data


def decoded_block(payload: str, blocks: Blocks) -> bytes | None:
    """Return the decoded bytes of a base64 body that is one placeholder, else None."""
    if not blocks or not payload.startswith("lifted-"):
        return None
    block = blocks.get(payload.strip().encode("ascii", "replace"))
    return block.decoded if block else None


def _block(raw: bytes, at: int) -> tuple[int, int]:
    """Return the span from the empty line after `at` to the next line that begins with a dash."""
    found = _HEADER_END.search(raw, at, at + _HEADER_REACH)
    if not found:
        return at, at
    end = raw.find(b"\n-", found.end())
    end = len(raw) if end < 0 else end
    while end > found.end() and raw[end - 1] in b"\r\n":
        end -= 1
    return found.end(), end


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
