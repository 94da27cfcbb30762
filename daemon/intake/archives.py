"""A tar or zip archive -> the mails in it, under the archive limits; nothing is unpacked to disk.

Members are read as streams, so that their names (`../../etc/passwd`) are only words. An archive
inside an archive is refused. At a limit the mails before it are kept, and the rest is one failure
that names the limit.
"""

import bz2
import gzip
import io
import lzma
import re
import stat
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from daemon.errors import LimitExceeded
from daemon.intake.streams import FAULTS, Found, Origin, SourceLimits, mails_in

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ARCHIVE_FAULTS = (
    *FAULTS,
    LimitExceeded,
    lzma.LZMAError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    zstd.ZstdError,
    LookupError,
    AttributeError,
)
RATIO_FROM = 1_000_000  # unpacked bytes from which the ratio counts: padding packs very well
ENTRY_BYTES = 1_024  # of a zip's directory for one member, more than any honest name needs
ZSTD_WINDOW = 27  # log2 of the bytes a decompressor may remember, as `zstd --long` writes
_NAME = re.compile(r"\.(zip|tar|tar\.\w+|tgz|tbz2?|txz)$", re.IGNORECASE)
_ZIP_END = struct.Struct("<4s4xHHLL")  # APPNOTE 4.3.16, up to the directory's place
_UNPACKERS: dict[str, Callable[..., object]] = {
    ".gz": gzip.open,
    ".tgz": gzip.open,
    ".bz2": bz2.open,
    ".tbz": bz2.open,
    ".tbz2": bz2.open,
    ".xz": lzma.open,
    ".txz": lzma.open,
    ".zst": partial(zstd.open, options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW}),
}


def is_archive(name: str) -> bool:
    """Tell whether a file is walked as an archive: `.zip`, `.tar`, `.tar.*` or a short form."""
    return _NAME.search(name) is not None


def mails_in_archive(path: Path, origin: Origin, limits: SourceLimits) -> Iterator[Found]:
    """Yield the mails of an archive, and a failure for whatever of it cannot be read."""
    members = _zip_members if path.name.lower().endswith(".zip") else _tar_members
    gauge = _Gauge(path.stat().st_size, limits)
    try:
        for name, stream in members(path, gauge):
            yield from _member(name, stream, origin, limits)
    except ARCHIVE_FAULTS as error:
        yield origin.failure(error)


class _Gauge:
    """Counts members and unpacked bytes of one archive against its limits."""

    def __init__(self, packed: int, limits: SourceLimits) -> None:
        self._packed, self.limits = max(packed, 1), limits
        self._bytes = self._members = 0

    def count_member(self) -> None:
        self._members += 1
        if self._members > self.limits.archive_members:
            raise LimitExceeded("archive_members", f"more than {self.limits.archive_members}")

    def count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self.limits.archive_bytes:
            raise LimitExceeded("archive_bytes", f"more than {self.limits.archive_bytes} unpacked")
        if self._bytes > max(RATIO_FROM, self._packed * self.limits.archive_ratio):
            raise LimitExceeded("archive_ratio", f"more than {self.limits.archive_ratio}")


class _Counted(io.RawIOBase):
    """A stream whose bytes are counted as they are unpacked."""

    def __init__(self, stream: BinaryIO, gauge: _Gauge) -> None:
        super().__init__()
        self._stream, self._gauge = stream, gauge

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]  # a buffer, named
        piece = self._stream.read(len(buffer))
        self._gauge.count(len(piece))
        buffer[: len(piece)] = piece
        return len(piece)


def _member(name: str, stream: BinaryIO, origin: Origin, limits: SourceLimits) -> Iterator[Found]:
    """Yield the mails of one member; one that is broken by itself fails alone."""
    here = Origin(
        id=f"{origin.id}/{name}", container=origin.container, modified_at=origin.modified_at
    )
    if is_archive(name):
        yield here.failure("limit archive_depth exceeded: an archive inside an archive")
        return
    try:
        yield from mails_in(stream, name, here, limits)
    except (EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
        yield here.failure(error)


def _tar_members(path: Path, gauge: _Gauge) -> Iterator[tuple[str, BinaryIO]]:
    opener: Callable[..., object] = _UNPACKERS.get(path.suffix.lower(), open)
    with cast(BinaryIO, opener(path, "rb")) as packed:
        counted = io.BufferedReader(_Counted(packed, gauge))
        with tarfile.open(fileobj=counted, mode="r|", errorlevel=0) as archive:
            for member in archive:
                gauge.count_member()
                # A sparse member makes terabytes of zeros out of nothing.
                if member.isreg() and not member.issparse() and not _is_spare(member.name):
                    stream = archive.extractfile(member)
                    if stream is not None:
                        yield member.name, cast(BinaryIO, stream)


def _zip_members(path: Path, gauge: _Gauge) -> Iterator[tuple[str, BinaryIO]]:
    _guard_directory(path, gauge.limits)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            gauge.count_member()
            kind = stat.S_IFMT(member.external_attr >> 16)
            if member.is_dir() or kind not in (0, stat.S_IFREG) or _is_spare(member.filename):
                continue
            with archive.open(member) as packed:
                counted = io.BufferedReader(_Counted(cast(BinaryIO, packed), gauge))
                yield member.filename, cast(BinaryIO, counted)


def _guard_directory(path: Path, limits: SourceLimits) -> None:
    """Refuse a zip whose directory alone would fill the memory, before it is read."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - (1 << 16) - _ZIP_END.size - 2))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _ZIP_END.size > len(tail):
        raise zipfile.BadZipFile("not a zip file, or its end is missing")
    directory = _ZIP_END.unpack_from(tail, at)[3]
    if directory > limits.archive_members * ENTRY_BYTES:
        raise LimitExceeded("archive_members", "a directory too large for that many")


def _is_spare(name: str) -> bool:
    """Tell whether a member is an unfinished mail of a Maildir, as the walk of a folder does."""
    return name.split("/")[-2:-1] == ["tmp"]
