"""Paths -> the mails in them, one after another: single mails, folders, Maildirs, mbox, archives.

A folder with `cur/` and `new/` is a Maildir; any other folder is walked, and every regular file
in it is one mail, whatever its name, except `.mbox` files that begin with `From `, `.jsonl` and
`.jsonl.gz`, and archives. Links inside folders are not followed. What cannot be read is yielded
as a failure, with its reason; the walk never stops at it.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from daemon.intake.archives import is_archive, mails_in_archive
from daemon.intake.streams import FAULTS, LINE_NAMES, Found, Origin, SourceLimits, mails_in


def walk(paths: Iterable[Path], limits: SourceLimits) -> Iterator[Found]:
    """Yield the mails of all paths, in the order given, folders in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from _folder(path, limits)
        else:
            yield from _file(path, limits)


def uid_of(found: Found, digest: bytes) -> int:
    """Return the number a mail of a file has in place of an IMAP UID: 63 bits, never 0.

    It follows from the absolute path and the bytes, so that taking the same file in again is the
    same delivery, and a file that has changed is another.
    """
    name = os.path.abspath(found.id).encode("utf-8", "surrogateescape")  # noqa: PTH100 - keeps links
    number = hashlib.sha256(name + b"\0" + digest).digest()[:8]
    return (int.from_bytes(number) >> 1) or 1


def _folder(path: Path, limits: SourceLimits) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        yield Origin(id=str(path), container=str(path)).failure(error)
        return
    folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    is_maildir = folders >= {"cur", "new"}
    for entry in entries:
        inner = path / entry.name
        if entry.name in folders:
            if not (is_maildir and entry.name == "tmp"):
                yield from _folder(inner, limits)
        elif entry.is_file(follow_symlinks=False) and not is_maildir:
            yield from _file(inner, limits)


def _file(path: Path, limits: SourceLimits) -> Iterator[Found]:
    if not path.is_file():
        yield Origin(id=str(path), container=str(path)).failure("not a file")
        return
    many = is_archive(path.name) or path.name.lower().endswith((".mbox", *LINE_NAMES))
    container = path if many else path.parent
    origin = Origin(id=str(path), container=str(container), modified_at=_modified(path))
    try:
        if is_archive(path.name):
            yield from mails_in_archive(path, origin, limits)
            return
        with path.open("rb") as stream:
            yield from mails_in(stream, path.name, origin, limits)
    except FAULTS as error:
        yield origin.failure(error)


def _modified(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None
