"""Keeps blobs in append-only packs, durable before `append` returns.

A pack is the line `BDPACK1` and then records: a header (see `HEADER`), the payload as zstd, and
the CRC-32 of both. Kind 1 is a raw mail under its own SHA-256, kind 2 a batch of delivery
lines (JSON). Records alone are enough to rebuild mails and deliveries. Each writing
process locks a pack of its own; a torn tail is cut when a writer takes a pack over.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import struct
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from daemon.errors import StoreBusy, StoreError
from daemon.records import MailRef

MAGIC = b"BDPACK1\n"
HEADER = struct.Struct("<4sB3xQQ32s")  # mark, kind, payload length, raw length, SHA-256 of raw
MARK = b"BDR1"
CRC = struct.Struct("<I")
KIND_MAIL = 1
KIND_DELIVERIES = 2
LEVEL = 1  # mail is mostly base64: higher levels cost much and win little
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a record stands."""

    pack: str  # file name
    offset: int  # of the record's header
    length: int  # of header, payload and checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNote:
    """The delivery that a pack remembers beside the mail."""

    ref: MailRef
    received_at: str  # ISO 8601, UTC
    digest: bytes | None  # None: the server never gave the mail
    cut: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a pack, as the rebuild and the verifier see it."""

    kind: int
    digest: bytes
    raw_length: int
    location: Location


class Packs:
    """The packs of one data folder; one writer at a time per process, any number of readers."""

    def __init__(self, folder: Path, pack_bytes: int = 64 << 20) -> None:
        self.folder = folder
        self._pack_bytes = pack_bytes
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._name = ""
        self._end = 0

    def append(
        self, raws: Sequence[tuple[bytes, bytes | Path]], notes: Iterable[DeliveryNote] = ()
    ) -> list[Location]:
        """Write mails and delivery notes with one sync, and return where each mail stands.

        Args:
            raws: (SHA-256, bytes or the file that holds them) of each mail.
            notes: deliveries to remember beside them.

        Raises:
            StoreBusy: the disk is full; nothing of this call remains.
        """
        lines = b"\n".join(_note_line(note) for note in notes)
        try:
            records = [_mail_record(digest, raw) for digest, raw in raws]
            if lines:
                note = _bytes_record(KIND_DELIVERIES, hashlib.sha256(lines).digest(), lines)
                records.append(note)
            with self._lock:
                return self._write(records)[: len(raws)]
        except OSError as error:
            raise StoreBusy(f"cannot write to the packs: {error.strerror}") from error
        finally:
            for _, raw in raws:
                if isinstance(raw, Path):
                    _packed(raw).unlink(missing_ok=True)

    def read(self, location: Location, digest: bytes) -> bytes:
        """Return the raw bytes of a mail.

        Raises:
            StoreError: the record is damaged, is not this mail, or its pack is not there.
        """
        try:
            with (self.folder / location.pack).open("rb") as file:
                file.seek(location.offset)
                record = file.read(location.length)
        except OSError as error:
            raise StoreError(f"{location.pack} cannot be read: {error.strerror}") from error
        if len(record) < location.length or not _is_whole(record):
            raise StoreError(f"{location.pack} at {location.offset}: damaged record")
        raw = zstd.decompress(record[HEADER.size : -CRC.size])
        if hashlib.sha256(raw).digest() != digest:
            raise StoreError(f"{location.pack} at {location.offset}: not mail {digest.hex()}")
        return raw

    def records(self) -> Iterator[Record]:
        """Yield every whole record of every pack, oldest pack first, whatever else is damaged."""
        for path in sorted(self.folder.glob("*.pack")):
            with path.open("rb") as file:
                yield from _records(file, path.name)

    def size(self) -> int:
        """Return the bytes that all packs take."""
        return sum(path.stat().st_size for path in self.folder.glob("*.pack"))

    def close(self) -> None:
        """Let the pack go, so that another writer may fill it up."""
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = None

    def _write(self, records: list[list[bytes | Path]]) -> list[Location]:
        file = self._open()
        start = end = self._end
        locations = []
        try:
            for pieces in records:
                length = _write_record(file, pieces)
                locations.append(Location(pack=self._name, offset=end, length=length))
                end += length
            file.flush()
            os.fdatasync(file.fileno())
        except OSError:
            self._take_back(file, start)
            raise
        self._end = end
        return locations

    def _take_back(self, file: BinaryIO, end: int) -> None:
        """Cut off what a full disk let through; the next writer would cut a torn tail as well.

        The lock is kept until then, on a second descriptor: another writer that came in between
        would have its own records cut off.
        """
        self._file = None
        locked = os.dup(file.fileno())
        with contextlib.suppress(OSError):  # the buffer of a full disk cannot be flushed
            file.close()
        with contextlib.suppress(OSError):
            os.ftruncate(locked, end)
        os.close(locked)

    def _open(self) -> BinaryIO:
        if self._file is not None and self._end < self._pack_bytes:
            return self._file
        if self._file is not None:
            self._file.close()
            self._file = None
        self._file, self._name = self._take_over() or self._create()
        self._end = self._file.seek(0, os.SEEK_END)
        return self._file

    def _take_over(self) -> tuple[BinaryIO, str] | None:
        """Lock the newest pack that is not full, and cut its torn tail."""
        for path in sorted(self.folder.glob("*.pack"), reverse=True)[:8]:
            if path.stat().st_size >= self._pack_bytes:
                continue
            file = path.open("r+b")
            if _is_locked_for_us(file):
                _cut_torn_tail(file, path.name)
                return file, path.name
            file.close()
        return None

    def _create(self) -> tuple[BinaryIO, str]:
        names = sorted(path.name for path in self.folder.glob("*.pack"))
        number = int(names[-1].partition(".")[0]) + 1 if names else 1
        while True:
            name = f"{number:08d}.pack"
            try:
                file = (self.folder / name).open("x+b")
            except FileExistsError:  # another process was quicker
                number += 1
                continue
            if not _is_locked_for_us(file):  # taken over before we locked it
                file.close()
                continue
            try:
                _begin(file)
                sync_folder(self.folder)
            except OSError:
                file.close()
                raise
            return file, name


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (a new file is lost without it)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def parse_notes(lines: bytes) -> list[DeliveryNote]:
    """Turn the payload of a kind 2 record back into delivery notes."""
    notes = []
    for line in lines.splitlines():
        account, folder, uidvalidity, uid, received_at, digest, cut = json.loads(line)
        ref = MailRef(account=account, folder=folder, uidvalidity=uidvalidity, uid=uid)
        raw_digest = bytes.fromhex(digest) if digest else None
        notes.append(DeliveryNote(ref=ref, received_at=received_at, digest=raw_digest, cut=cut))
    return notes


def _note_line(note: DeliveryNote) -> bytes:
    ref, digest = note.ref, note.digest.hex() if note.digest else None
    fields = [
        ref.account, ref.folder, ref.uidvalidity, ref.uid, note.received_at, digest, note.cut,
    ]  # fmt: skip
    return json.dumps(fields, ensure_ascii=True).encode()


def _mail_record(digest: bytes, raw: bytes | Path) -> list[bytes | Path]:
    if isinstance(raw, bytes):
        return _bytes_record(KIND_MAIL, digest, raw)
    packed = _packed(raw)
    with raw.open("rb") as source, zstd.open(packed, "wb", level=LEVEL) as sink:
        while chunk := source.read(CHUNK):
            sink.write(chunk)
    header = HEADER.pack(MARK, KIND_MAIL, packed.stat().st_size, raw.stat().st_size, digest)
    return [header, packed]


def _packed(raw: Path) -> Path:
    """Return the file beside a large mail that holds it compressed while it is written."""
    return raw.with_suffix(".zst")


def _bytes_record(kind: int, digest: bytes, raw: bytes) -> list[bytes | Path]:
    payload = zstd.compress(raw, level=LEVEL)
    return [HEADER.pack(MARK, kind, len(payload), len(raw), digest), payload]


def _write_record(file: BinaryIO, pieces: list[bytes | Path]) -> int:
    checksum = length = 0
    for piece in pieces:
        for chunk in [piece] if isinstance(piece, bytes) else _chunks(piece):
            file.write(chunk)
            checksum = zlib.crc32(chunk, checksum)
            length += len(chunk)
    file.write(CRC.pack(checksum))
    return length + CRC.size


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _is_whole(record: bytes) -> bool:
    (checksum,) = CRC.unpack(record[-CRC.size :])
    return record[:4] == MARK and zlib.crc32(memoryview(record)[: -CRC.size]) == checksum


def _records(file: BinaryIO, name: str) -> Iterator[Record]:
    """Yield the whole records of a pack; what is torn or damaged between them is passed over."""
    offset: int | None = len(MAGIC)
    while offset is not None:
        if record := _record_at(file, name, offset):
            yield record
            offset = record.location.offset + record.location.length
        else:
            offset = _next_mark(file, offset + 1)


def _record_at(file: BinaryIO, name: str, offset: int) -> Record | None:
    file.seek(offset)
    header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    mark, kind, length, raw_length, digest = HEADER.unpack(header)
    if mark != MARK or not _crc_holds(file, header, length):
        return None
    total = HEADER.size + length + CRC.size
    location = Location(pack=name, offset=offset, length=total)
    return Record(kind=kind, digest=digest, raw_length=raw_length, location=location)


def _next_mark(file: BinaryIO, start: int) -> int | None:
    """Return where the next record may begin, None when nothing more does."""
    file.seek(start)
    window = b""
    while chunk := file.read(CHUNK):
        window = window[1 - len(MARK) :] + chunk
        if (found := window.find(MARK)) >= 0:
            return file.tell() - len(window) + found
    return None


def _crc_holds(file: BinaryIO, header: bytes, length: int) -> bool:
    checksum = zlib.crc32(header)
    while length > 0:
        chunk = file.read(min(length, CHUNK))
        if not chunk:
            return False
        checksum = zlib.crc32(chunk, checksum)
        length -= len(chunk)
    tail = file.read(CRC.size)
    return len(tail) == CRC.size and CRC.unpack(tail)[0] == checksum


def _begin(file: BinaryIO) -> None:
    # Not through the buffer, which would try again at closing.
    if os.write(file.fileno(), MAGIC) < len(MAGIC):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _is_locked_for_us(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _cut_torn_tail(file: BinaryIO, name: str) -> None:
    """Cut what stands after the last whole record; damage before it is no reason to lose that."""
    end = len(MAGIC)
    for record in _records(file, name):
        end = record.location.offset + record.location.length
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:  # torn at its very first write
        file.seek(0)
        file.write(MAGIC)
    if file.seek(0, os.SEEK_END) != end:
        file.truncate(end)
        file.flush()
        os.fsync(file.fileno())
