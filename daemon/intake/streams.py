"""A stream of bytes -> the mails in it: one mail, an mbox, or JSON lines.

An mbox is split at each line `From ` that follows an empty line (or the start) and looks like a
separator: it has a time of day, or a header follows it. The separator, and the empty line before
the next one, belong to no mail; `>From ` stays as it is (which variant quoted it is unknowable).
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Protocol

from daemon.intake import spool

CHUNK = 1 << 20
HEADER_BYTES = 10_000_000  # of a mail over the size limit, only so much header is kept
LONGEST_LINE = 64 << 20  # bytes of one JSON line
LINE_NAMES = (".jsonl", ".jsonl.gz")
FAULTS = (OSError, EOFError, ValueError, RuntimeError)  # of files and their decompressors

_SEPARATOR_TIME = re.compile(rb"\d{1,2}:\d\d")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|>?From |\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLimits:
    """What one source may cost; bytes unless the name says otherwise."""

    spool: Path  # folder for mails over `slice_bytes`
    slice_bytes: int = 8 << 20
    mail_bytes: int = 100 << 20
    archive_bytes: int = 100_000_000  # unpacked
    archive_members: int = 1_000
    archive_ratio: int = 100  # unpacked to packed
    takes_lines: bool = False  # JSON lines are wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One mail of a source, or why it could not be had.

    Attributes:
        id: the path as walked; `PATH:N` (from 1) for the N-th mail of an mbox or line of a file
            of JSON lines, `ARCHIVE/MEMBER` inside an archive.
        container: the mbox, archive or folder it stands in, as walked.
        raw: its bytes; a file in the spool, ours to delete, for a large one; empty for a failure.
        size: bytes of `raw`.
        modified_at: of the file, for a mail that does not tell its own date.
        is_line: `raw` is a JSON line, not a mail.
        cut: name of the limit because of which `raw` is only the header block.
        failure: why it could not be had.
    """

    id: str
    container: str
    raw: bytes | Path = b""
    size: int = 0
    modified_at: datetime | None = None
    is_line: bool = False
    cut: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a stream of bytes comes from."""

    id: str
    container: str
    modified_at: datetime | None = None

    def failure(self, error: Exception | str) -> Found:
        """Return what is yielded where nothing can be read."""
        reason = error if isinstance(error, str) else _words(error)
        return Found(id=self.id, container=self.container, failure=reason)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


class Lines(Protocol):
    """A stream of bytes with lines."""

    def readline(self, size: int = -1, /) -> bytes:
        """Return the rest of the line, at most `size` bytes."""


def mails_in(stream: BinaryIO, name: str, origin: Origin, limits: SourceLimits) -> Iterator[Found]:
    """Yield the mails of one stream, which is one mail unless `name` and its start say otherwise.

    Raises whatever reading the stream raises.
    """
    lowered = name.lower()
    if lowered.endswith(LINE_NAMES):
        yield from _lines(stream, lowered, origin, limits)
        return
    first = stream.read(len(b"From "))
    rest = _Rewound(first, stream)
    if lowered.endswith(".mbox") and first == b"From ":
        yield from split_mbox(rest, origin, limits)
    else:
        yield _whole(rest, origin, limits)


def split_mbox(stream: Lines, origin: Origin, limits: SourceLimits) -> Iterator[Found]:
    """Yield the mails of an mbox that begins with `From `, holding one line and one mail at most.

    Raises whatever reading the stream raises.
    """
    mail: Collector | None = None
    number, pending = 0, b""  # the empty line that may belong to the separator
    line, starts_line, follows_empty = stream.readline(CHUNK), True, True
    while line:
        following = stream.readline(CHUNK)
        if starts_line and follows_empty and _is_separator(line, following):
            if mail is not None:
                yield mail.finish(origin, number)
            mail, number, pending = Collector(limits), number + 1, b""
            follows_empty = False
        elif mail is not None:
            mail.add(pending)
            follows_empty = starts_line and line in (b"\n", b"\r\n")
            pending = line if follows_empty else b""
            mail.add(b"" if follows_empty else line)
        starts_line = line.endswith(b"\n")
        line = following
    if mail is not None:
        yield mail.finish(origin, number)


class Collector:
    """Collects one mail: in memory while it is small, in a file of the spool beyond that."""

    def __init__(self, limits: SourceLimits) -> None:
        self._limits = limits
        self._pieces: list[bytes] = []
        self._size = 0
        self._file: Path | None = None
        self._in_memory = 0

    def add(self, piece: bytes) -> None:
        """Add bytes; over the size limit they are only counted."""
        if self._size <= self._limits.mail_bytes:
            self._pieces.append(piece)
            self._in_memory += len(piece)
        self._size += len(piece)
        if self._in_memory > self._limits.slice_bytes:
            self._spill()

    def finish(self, origin: Origin, number: int | None = None) -> Found:
        """Return the mail; one over the size limit as its header block only."""
        if self._file is not None and self._pieces:
            self._spill()
        raw: bytes | Path = b"".join(self._pieces) if self._file is None else self._file
        size, cut = self._size, None
        if size > self._limits.mail_bytes:
            raw, cut = _header_of(raw), "mail_bytes"
            size = len(raw)
        return Found(
            id=origin.id if number is None else f"{origin.id}:{number}",
            container=origin.container,
            raw=raw,
            size=size,
            modified_at=origin.modified_at,
            cut=cut,
        )

    def drop(self) -> None:
        """Remove what was spilled of a mail that could not be read to its end."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _spill(self) -> None:
        if self._file is None:
            folder = self._limits.spool
            with NamedTemporaryFile(dir=folder, prefix=spool.prefix(), delete=False) as sink:
                self._file = Path(sink.name)
        with self._file.open("ab") as file:
            file.writelines(self._pieces)
        self._pieces, self._in_memory = [], 0


def _lines(stream: BinaryIO, name: str, origin: Origin, limits: SourceLimits) -> Iterator[Found]:
    if not limits.takes_lines:
        yield origin.failure("JSON lines hold no mails, only text")
        return
    unpacked = gzip.GzipFile(fileobj=stream) if name.endswith(".gz") else stream
    for number, line in enumerate(iter(lambda: unpacked.readline(LONGEST_LINE + 1), b""), 1):
        here = Origin(id=f"{origin.id}:{number}", container=origin.container)
        if len(line) > LONGEST_LINE:
            yield here.failure(f"a line of more than {LONGEST_LINE} bytes")
            return
        if line.strip():
            yield Found(
                id=here.id, container=here.container, raw=line, size=len(line), is_line=True
            )


def _whole(stream: Readable, origin: Origin, limits: SourceLimits) -> Found:
    mail = Collector(limits)
    try:
        while piece := stream.read(CHUNK):
            mail.add(piece)
    except BaseException:
        mail.drop()
        raise
    return mail.finish(origin)


class _Rewound:
    """A stream whose first bytes were read already, and are read again."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first, self._rest = first, rest

    def read(self, size: int = -1, /) -> bytes:
        first, self._first = self._first, b""
        return first or self._rest.read(size)

    def readline(self, size: int = -1, /) -> bytes:
        first, self._first = self._first, b""
        if not first or first.endswith(b"\n"):
            return first or self._rest.readline(size)
        return first + self._rest.readline(size - len(first) if size > 0 else size)


def _is_separator(line: bytes, following: bytes) -> bool:
    if not line.startswith(b"From "):
        return False
    return bool(_SEPARATOR_TIME.search(line) or _HEADER.match(following))


def _header_of(raw: bytes | Path) -> bytes:
    """Return the header block of a mail over the size limit, and let go of its file."""
    if isinstance(raw, Path):
        with raw.open("rb") as file:
            start = file.read(HEADER_BYTES)
        raw.unlink()
    else:
        start = raw[:HEADER_BYTES]
    end = re.search(rb"\r?\n\r?\n", start)
    return start[: end.end()] if end else start


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
