"""A record of a pack -> the bytes of its mail, piece by piece, however large it is."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from daemon.errors import StoreError
from daemon.store.packs import CHUNK, CRC, HEADER, Location


def unpacked(folder: Path, place: Location, digest: bytes) -> Callable[[], Iterator[bytes]]:
    """Return what yields the bytes of a mail; they have been checked as a whole by then.

    Args:
        folder: of the packs.
        place: of the record.
        digest: SHA-256 of the mail.

    Raises:
        StoreError: the record is damaged, is not this mail, or its pack is not there.
    """
    found = hashlib.sha256()
    for piece in _pieces(folder, place):
        found.update(piece)
    if found.digest() != digest:
        raise StoreError(f"{place.pack} at {place.offset}: not mail {digest.hex()}")
    return lambda: _pieces(folder, place)


def _pieces(folder: Path, place: Location) -> Iterator[bytes]:
    try:
        with (folder / place.pack).open("rb") as file:
            file.seek(place.offset + HEADER.size)
            yield from _unzipped(file, place.length - HEADER.size - CRC.size)
    except OSError as error:
        raise StoreError(f"{place.pack} cannot be read: {error.strerror}") from error
    except zstd.ZstdError as error:
        raise StoreError(f"{place.pack} at {place.offset}: damaged record") from error


def _unzipped(file: BinaryIO, left: int) -> Iterator[bytes]:
    unzip = zstd.ZstdDecompressor()
    while not unzip.eof:
        packed = file.read(min(left, CHUNK)) if unzip.needs_input else b""
        if unzip.needs_input and not packed:
            raise zstd.ZstdError("the record ends too early")
        left -= len(packed)
        yield unzip.decompress(packed, CHUNK)
