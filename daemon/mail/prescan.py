"""Raw mail bytes -> nothing, or the limit that a parser would have suffered under.

Everything here is a bounded number of linear searches; ordinary mail leaves at the first ones.
Where an exact answer would need a parser, the scan counts too much rather than too little.
"""

import re
from collections.abc import Iterator

from daemon.errors import LimitExceeded
from daemon.mail.head import field_end, lf_lines, raw_fields, split_head
from daemon.mail.limits import MailLimits

_BOUNDARY = re.compile(rb"boundary[ \t]*=[ \t]*\"?([^\"\r\n;]{1,200})", re.IGNORECASE)
_EVENT = re.compile(rb"multipart/|message/|[\r\n]--")
_PARAMETER_FIELDS = (b"content-type", b"content-disposition")
_PARAMETER_WORK = 20_000_000  # semicolons times bytes; an odd but real mail had 4 million
_LINE = re.compile(rb"[^\r\n]*")


def prescan(raw: bytes, limits: MailLimits) -> None:
    """Refuse a mail that would keep a parser busy for too long, or break it.

    Raises:
        LimitExceeded: `headers_bytes`, `header_lines`, `header_bytes`, `encoded_words`,
            `rfc2231_pieces`, `parts` or `depth`.
    """
    head, body_start = split_head(raw)
    _check_head(head, limits)
    if len(raw) > 3 * limits.parts:  # a boundary line is at least its line end and two dashes
        dashes = raw.count(b"--", body_start)
        if dashes > limits.parts:
            _check_parts(raw, dashes, limits)
    # A MIME header field needs a colon, so a mail with few of them cannot be nested deeply.
    is_deep_possible = _has_more(raw, b":", limits.depth)
    if is_deep_possible or _has_more(raw, b";", limits.rfc2231_pieces):
        _check_lowered(raw, limits)


def _has_more(raw: bytes, char: bytes, limit: int) -> bool:
    """Say whether `char` occurs more than `limit` times; faster than counting them all."""
    at = -1
    for _ in range(limit + 1):
        at = raw.find(char, at + 1)
        if at < 0:
            return False
    return True


def _check_head(head: bytes, limits: MailLimits) -> None:
    if len(head) > limits.headers_bytes:
        raise LimitExceeded("headers_bytes", f"{len(head)} bytes of headers")
    lines = max(head.count(b"\n"), head.count(b"\r")) + 1
    if lines > limits.header_lines:
        raise LimitExceeded("header_lines", f"{lines} lines of headers")
    if (
        len(head) > limits.header_bytes
        or head.count(b"=?") > limits.encoded_words
        or head.count(b";") > limits.rfc2231_pieces
    ):
        _check_fields(lf_lines(head), limits)


def _check_fields(head: bytes, limits: MailLimits) -> None:
    for name, start, end in raw_fields(head):
        if end - start > limits.header_bytes:
            raise LimitExceeded("header_bytes", f"{end - start} bytes in one header")
        words = head.count(b"=?", start, end)
        if words > limits.encoded_words:
            raise LimitExceeded("encoded_words", f"{words} encoded words in one header")
        if name in _PARAMETER_FIELDS:
            _check_parameters(head, start, end, limits)


def _check_parameters(block: bytes, start: int, end: int, limits: MailLimits) -> None:
    """Refuse a field of many RFC 2231 pieces, or one too long for the stdlib's parser.

    That copies the rest of the field for every semicolon.
    """
    pieces = min(block.count(b"*", start, end), block.count(b";", start, end))
    if pieces > limits.rfc2231_pieces:
        raise LimitExceeded("rfc2231_pieces", f"{pieces} pieces in one header")
    if block.count(b";", start, end) * (end - start) > _PARAMETER_WORK:
        raise LimitExceeded("rfc2231_pieces", f"parameters of {end - start} bytes in one header")


def _check_lowered(raw: bytes, limits: MailLimits) -> None:
    lowered = raw.lower()
    multiparts = lowered.count(b"multipart/")
    # A multipart/digest makes its parts messages without saying so: two levels for one mention.
    if 2 * multiparts + lowered.count(b"message/") > limits.depth:
        _check_depth(raw, lowered, limits)
    if raw.count(b";") > limits.rfc2231_pieces:
        _check_part_fields(lf_lines(lowered), limits)


def _check_part_fields(lowered: bytes, limits: MailLimits) -> None:
    for name in _PARAMETER_FIELDS:
        start = lowered.find(b"\n" + name)
        while start >= 0:
            end = field_end(lowered, start + 1)
            _check_parameters(lowered, start, end, limits)
            start = lowered.find(b"\n" + name, end)


def _check_parts(raw: bytes, dashes: int, limits: MailLimits) -> None:
    """Count the lines that begin with a boundary named somewhere; dashes in a text are none."""
    lowered = raw.lower()
    parts = dashes
    if b"boundary*" not in lowered:  # RFC 2231 spellings of it are not looked into
        names = {name.strip() for name in _BOUNDARY.findall(raw)}
        parts = sum(1 for line in _dash_lines(lowered, raw) if line in names or line[:-2] in names)
    if parts > limits.parts:
        raise LimitExceeded("parts", f"{parts} boundary lines")


def _dash_lines(lowered: bytes, raw: bytes) -> Iterator[bytes]:
    for match in _EVENT.finditer(lowered):
        if match.group().endswith(b"--"):
            yield _line_at(raw, match.end())


def _line_at(raw: bytes, start: int) -> bytes:
    found = _LINE.match(raw, start, start + 300)
    return found.group().rstrip(b" \t") if found else b""


def _check_depth(raw: bytes, lowered: bytes, limits: MailLimits) -> None:
    """Follow what opens and closes containers; mentions in a text count as opening one."""
    open_ones: list[bytes] = []
    for match in _EVENT.finditer(lowered):
        kind = match.group()
        if kind.endswith(b"--"):
            _close(open_ones, _line_at(raw, match.end()))
            continue
        named = _BOUNDARY.search(raw, match.end(), match.end() + 1000)
        is_multipart = kind.startswith(b"multipart")
        open_ones.append(named.group(1).strip() if is_multipart and named else b"")
        if len(open_ones) > limits.depth:
            raise LimitExceeded("depth", f"more than {limits.depth} parts within one another")


def _close(open_ones: list[bytes], line: bytes) -> None:
    """Leave everything inside the container whose boundary `line` is."""
    for index in range(len(open_ones) - 1, -1, -1):
        if open_ones[index] and line in {open_ones[index], open_ones[index] + b"--"}:
            del open_ones[index + (0 if line.endswith(b"--") else 1) :]
            return
