"""Large mails -> files, on their way from the server to the packs and the reading children."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from daemon.errors import StoreBusy
from daemon.store.leases import is_alive


@contextmanager
def file(folder: Path) -> Iterator[Path]:
    """Give a new empty file that is gone afterwards, unless it was renamed.

    Raises:
        StoreBusy: the disk is full.
    """
    with _busy_when_full():
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = mkstemp(dir=folder, prefix=prefix())
        path = Path(name)
        os.close(handle)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def fill(path: Path, write: Callable[[BinaryIO], int | None]) -> int | None:
    """Let `write` fill the file, and return what it returns.

    Raises:
        StoreBusy: the disk is full.
    """
    with _busy_when_full(), path.open("wb") as sink:
        return write(sink)


def digest(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()


def prefix() -> str:
    """Return how the names of this process's files begin."""
    return f"{os.getpid()}-"


def clear(folder: Path) -> None:
    """Remove what killed processes left; those that live keep theirs."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        pid = path.name.partition("-")[0]
        if not (pid.isdigit() and is_alive(int(pid))):
            path.unlink(missing_ok=True)


@contextmanager
def _busy_when_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreBusy(f"cannot write to the spool: {error.strerror}") from error
