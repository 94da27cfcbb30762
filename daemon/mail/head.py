"""Raw mail bytes -> where the header block ends, and its fields, before any parser runs."""

from collections.abc import Iterator


def split_head(raw: bytes) -> tuple[bytes, int]:
    r"""Return the header block of `raw` and the offset at which the body begins.

    The block ends before the first empty line (LF, CRLF or bare CR ends); a mail without one is
    all headers, a mail that begins with one has none. An mbox `From ` line in front is skipped.
    Linear, and cheap when the block is short.
    """
    start = after_mbox_line(raw)
    if raw[start : start + 1] in (b"\n", b"\r"):
        return b"", start + (2 if raw[start : start + 2] == b"\r\n" else 1)
    end, width = _first_empty_line(raw, start)
    return raw[start:end], end + width


def raw_fields(head: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (lower-cased name, start, end) of each field in `head`, without copying values.

    `head` must have LF line ends. The cost is linear however the fields are folded.
    """
    start, length = 0, len(head)
    while start < length:
        end = field_end(head, start)
        name = head[start : min(end, start + 80)].partition(b":")[0]
        yield name.strip().lower(), start, end
        start = end + 1


def field_end(block: bytes, start: int) -> int:
    """Return the offset of the line end that closes the field beginning at `start`."""
    end = block.find(b"\n", start)
    while end >= 0 and block[end + 1 : end + 2] in (b" ", b"\t"):
        end = block.find(b"\n", end + 1)
    return len(block) if end < 0 else end


def lf_lines(block: bytes) -> bytes:
    """Return `block` with every CRLF and bare CR as LF."""
    if b"\r" not in block:
        return block
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def after_mbox_line(raw: bytes) -> int:
    """Return the offset at which the mail begins: 0, or behind an mbox `From ` line."""
    if not raw.startswith((b"From ", b">From ")):
        return 0
    ends = [at for at in (raw.find(b"\n", 0, 1000), raw.find(b"\r", 0, 1000)) if at >= 0]
    if not ends:
        return 0
    end = min(ends)
    return end + (2 if raw[end : end + 2] == b"\r\n" else 1)


def _first_empty_line(raw: bytes, start: int) -> tuple[int, int]:
    """Return where the line end before the empty line begins, and the width of both together."""
    newline = raw.find(b"\n", start)
    likely, other = b"\r\n\r\n", b"\n\n"
    if newline <= start or raw[newline - 1] != ord("\r"):
        likely, other = other, likely
    best = (len(raw), 0)
    for pattern in (likely, other, b"\n\r\n", b"\r\r"):  # each search ends at the last one's find
        at = raw.find(pattern, start, best[0] + len(pattern) - 1 if best[1] else len(raw))
        if at >= 0 and (at < best[0] or not best[1]):
            best = (at, len(pattern))
    return best
