"""The journal of a killed process -> the tree that a power cut would have left.

`undo.c` is the layer that writes the journal. Strict rules, as POSIX gives them and no kinder:
bytes survive only after fsync or fdatasync of their file, and a name (created, renamed, removed)
only after fsync of the directory that holds it. A rename is durable once its target's directory
is synced.
"""

import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from tests.servers import apt

SOURCE = Path(__file__).with_name("undo.c")
_HEAD = struct.Struct("=IIQQQQQIIQ")
_MAGIC = 0x4F444E55
_WHOLE_REST = 1 << 62  # a range this long means: the file was cut at its offset


class Kind(IntEnum):
    """What a record undoes; keep in step with undo.c."""

    DATA = 1
    SYNC = 2
    CREATE = 3
    UNLINK = 4
    RENAME = 5
    MKDIR = 6
    RMDIR = 7
    SYNC_ALL = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One journaled operation.

    Attributes:
        number: its place, 0-based, over all processes.
        kind: what happened.
        file: device and inode of the file; for names, of the directory that holds them.
        path: absolute; path2: for RENAME the old path, else empty.
        offset, length: the range written; old_length: the file's length before.
        content: the bytes overwritten; for names that of the kept link, or empty.
    """

    number: int
    kind: Kind
    file: tuple[int, int]
    path: Path
    path2: Path
    offset: int
    old_length: int
    length: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What the power cut took: the records undone, and those that survived unsynced."""

    writes: tuple[Record, ...]
    names: tuple[Record, ...]
    survivors: tuple[Record, ...]


def build(directory: Path) -> Path:
    """Compile the layer into `directory` and return the library for LD_PRELOAD.

    Raises:
        ServerUnavailable: there is no C compiler and none can be installed.
    """
    compiler = apt.program("gcc", "gcc")
    if not Path("/usr/include/errno.h").exists():
        apt.need("libc6-dev")
    library = directory / "undo.so"
    options = ["-shared", "-fPIC", "-O2", "-fvisibility=hidden", "-pthread"]
    command = [str(compiler), *options, "-o", str(library), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise apt.ServerUnavailable(f"undo.c does not compile: {done.stderr}")
    return library


def environment(
    library: Path, root: Path, journal: Path, *, ignore: str = "", kill_at: int = 0
) -> dict[str, str]:
    r"""Return the variables that put a process (and its children) on the layer.

    Args:
        library: from `build`.
        root: the directory whose changes may be lost.
        journal: a file outside `root`, on the same file system.
        ignore: extended regular expression over paths relative to `root`, directories with a
            trailing `/`, the root itself as `/`: fsync of a match does not count. `-wal$` takes
            the fsync of a WAL away, `\.pack$` that of packs, `^packs/$` that of their directory.
        kill_at: the process kills itself before its n-th recorded operation; 0 for never.
    """
    return {
        "LD_PRELOAD": str(library),
        "UNDO_ROOT": str(root),
        "UNDO_JOURNAL": str(journal),
        "UNDO_IGNORE": ignore,
        "UNDO_KILL_AT": str(kill_at),
    }


def read(journal: Path) -> tuple[Record, ...]:
    """Return the journal's records; a torn last one is left out.

    Raises:
        ValueError: the journal is damaged elsewhere.
    """
    return tuple(_records(journal.read_bytes() if journal.exists() else b""))


def apply(
    journal: Path, root: Path, survives: Callable[[Record], bool] = lambda _record: False
) -> Loss:
    """Put `root` back to what a power cut would have left, and remove the journal.

    Every process on the layer must be dead.

    Args:
        journal: as given to `environment`.
        root: as given to `environment`.
        survives: decides about each unsynced write; by default none survives. A disk may also
            keep any of them and in any order, which a random choice imitates. Names are always
            lost: file systems commit them in order.
    """
    lost = _lost(read(journal))
    writes = [record for record in lost if record.kind is Kind.DATA]
    names = [record for record in lost if record.kind is not Kind.DATA]
    kept = _kept(journal)
    survivors = _undo_writes(writes, _files(root, kept), survives)
    for record in reversed(names):
        _UNDO_NAME[record.kind](record, kept)
    shutil.rmtree(kept, ignore_errors=True)
    journal.unlink(missing_ok=True)
    alive = {record.number for record in survivors}
    gone = tuple(record for record in writes if record.number not in alive)
    return Loss(writes=gone, names=tuple(names), survivors=tuple(survivors))


def _kept(journal: Path) -> Path:
    return journal.with_name(journal.name + ".kept")


def _records(content: bytes) -> Iterator[Record]:
    position = number = 0
    while position + _HEAD.size <= len(content):
        magic, kind, *numbers = _HEAD.unpack_from(content, position)
        if magic != _MAGIC:
            raise ValueError(f"no record at byte {position} of the journal")
        device, inode, offset, old_length, length, *sizes = numbers
        position += _HEAD.size
        parts = []
        for size in sizes:
            parts.append(content[position : position + size])
            position += size
        if position <= len(content):
            yield Record(
                number=number,
                kind=Kind(kind),
                file=(device, inode),
                path=Path(os.fsdecode(parts[0])),
                path2=Path(os.fsdecode(parts[1])),
                offset=offset,
                old_length=old_length,
                length=length,
                content=parts[2],
            )
        number += 1


def _lost(records: tuple[Record, ...]) -> list[Record]:
    everything, synced = -1, dict[tuple[int, int], int]()
    for record in records:
        if record.kind is Kind.SYNC_ALL:
            everything = record.number
        elif record.kind is Kind.SYNC:
            synced[record.file] = record.number
    return [
        record
        for record in records
        if record.kind not in {Kind.SYNC, Kind.SYNC_ALL}
        and record.number > max(everything, synced.get(record.file, -1))
    ]


def _files(*directories: Path) -> dict[tuple[int, int], Path]:
    found = {}
    for directory in directories:
        for path in directory.rglob("*"):
            state = path.lstat()
            found[state.st_dev, state.st_ino] = path
    return found


def _undo_writes(
    writes: list[Record],
    files: dict[tuple[int, int], Path],
    survives: Callable[[Record], bool],
) -> list[Record]:
    chosen, redo = [], []
    for record in reversed(writes):
        if record.file not in files:  # removed for good
            continue
        fresh = _undo_write(files[record.file], record)
        if survives(record):
            chosen.append(record)
            redo.append((files[record.file], record, fresh))
    for path, record, fresh in reversed(redo):
        _redo_write(path, record, fresh)
    return chosen


def _undo_write(path: Path, record: Record) -> bytes:
    with path.open("r+b") as file:
        file.seek(record.offset)
        fresh = b"" if record.length >= _WHOLE_REST else file.read(record.length)
        file.seek(record.offset)
        file.write(record.content)
        file.truncate(record.old_length)
    return fresh


def _redo_write(path: Path, record: Record, fresh: bytes) -> None:
    with path.open("r+b") as file:
        if record.length >= _WHOLE_REST:
            file.truncate(record.offset)
        file.seek(record.offset)
        file.write(fresh)


def _undo_create(record: Record, _kept: Path) -> None:
    record.path.unlink(missing_ok=True)


def _undo_unlink(record: Record, kept: Path) -> None:
    if record.content and not os.path.lexists(record.path):
        os.link(kept / os.fsdecode(record.content), record.path, follow_symlinks=False)


def _undo_rename(record: Record, kept: Path) -> None:
    if os.path.lexists(record.path):
        record.path.rename(record.path2)
    _undo_unlink(record, kept)


def _undo_mkdir(record: Record, _kept: Path) -> None:
    shutil.rmtree(record.path, ignore_errors=True)


def _undo_rmdir(record: Record, _kept: Path) -> None:
    record.path.mkdir(exist_ok=True)


_UNDO_NAME: dict[Kind, Callable[[Record, Path], None]] = {
    Kind.CREATE: _undo_create,
    Kind.UNLINK: _undo_unlink,
    Kind.RENAME: _undo_rename,
    Kind.MKDIR: _undo_mkdir,
    Kind.RMDIR: _undo_rmdir,
}
