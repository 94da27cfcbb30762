"""Packs keep what `append` returned for, whatever is torn, damaged, full, or written beside it."""

import resource
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import StoreBusy, StoreError
from daemon.records import MailRef
from daemon.store.packs import (
    CRC,
    HEADER,
    KIND_DELIVERIES,
    KIND_MAIL,
    MAGIC,
    DeliveryNote,
    Location,
    Packs,
    _note_line,
    parse_notes,
)
from tests.builders import raw_mail

RAWS = tuple(raw_mail(n, size=n * 700) for n in range(4))


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[Packs]:
    """Give an empty folder of packs."""
    opened = Packs(tmp_path)
    yield opened
    opened.close()


def entries(raws: Sequence[bytes]) -> list[tuple[bytes, bytes | Path]]:
    """Return mails as `append` takes them."""
    return [(sha256(raw).digest(), raw) for raw in raws]


def read_back(folder: Path, raws: Sequence[bytes], places: Sequence[Location]) -> list[bytes]:
    """Read mails with a reader of its own."""
    packs = Packs(folder)
    found = zip(raws, places, strict=True)
    return [packs.read(place, sha256(raw).digest()) for raw, place in found]


def mails_in(folder: Path) -> list[bytes]:
    """Return the digests of the mails in all packs, in order."""
    return [r.digest for r in Packs(folder).records() if r.kind == KIND_MAIL]


def digests(raws: Sequence[bytes]) -> list[bytes]:
    """Return the SHA-256 of each mail."""
    return [sha256(raw).digest() for raw in raws]


def note(uid: int, **changes: object) -> DeliveryNote:
    """Return a delivery note."""
    ref = MailRef(account="info", folder="INBOX", uidvalidity=3, uid=uid)
    plain = {"ref": ref, "received_at": "2026-11-23T06:30:00+00:00", "digest": bytes(32)}
    return DeliveryNote(**(plain | changes))


def test_what_was_appended_can_be_read(packs: Packs) -> None:
    """Every mail comes back byte for byte, by another reader, in the order given."""
    places = packs.append(entries(RAWS), [note(1), note(2)])
    assert read_back(packs.folder, RAWS, places) == list(RAWS)
    kinds = [record.kind for record in packs.records()]
    assert kinds == [KIND_MAIL] * 4 + [KIND_DELIVERIES]


def test_a_large_mail_comes_from_its_file_and_leaves_nothing_beside_it(
    packs: Packs, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file is packed like bytes; only the file itself remains, for its owner to delete."""
    spool = tmp_path_factory.mktemp("spool")
    path = spool / "mail-1"
    path.write_bytes(RAWS[3] * 4000)
    (place,) = packs.append([(sha256(RAWS[3] * 4000).digest(), path)])
    assert packs.read(place, sha256(RAWS[3] * 4000).digest()) == RAWS[3] * 4000
    assert list(spool.iterdir()) == [path]


def test_nothing_to_append_writes_nothing(packs: Packs) -> None:
    """An empty call returns no places."""
    assert packs.append([]) == []


TAILS = {
    "in the mark": 2,
    "after the mark": 4,
    "in the header": HEADER.size - 1,
    "after the header": HEADER.size,
    "in the payload": HEADER.size + 40,
    "before the checksum": -CRC.size,
    "in the checksum": -1,
}


@pytest.mark.parametrize("cut", TAILS.values(), ids=TAILS.keys())
def test_a_torn_tail_is_cut_at_every_place(tmp_path: Path, cut: int) -> None:
    """A record of which a power cut left a part is taken away, the ones before it stay."""
    places = appended(tmp_path, RAWS)
    path, last = tmp_path / places[-1].pack, places[-1]
    end = last.offset + cut if cut > 0 else last.offset + last.length + cut
    path.write_bytes(path.read_bytes()[:end])
    new = raw_mail(9)
    (place,) = appended(tmp_path, [new])
    assert place.offset == last.offset
    assert read_back(tmp_path, [*RAWS[:3], new], [*places[:3], place]) == [*RAWS[:3], new]
    assert mails_in(tmp_path) == digests([*RAWS[:3], new])


@pytest.mark.parametrize("length", range(len(MAGIC)))
def test_a_pack_torn_in_its_first_line_is_used_again(tmp_path: Path, length: int) -> None:
    """A pack that got no further than its name or part of its first line holds mails afterwards."""
    (tmp_path / "00000001.pack").write_bytes(MAGIC[:length])
    places = appended(tmp_path, RAWS)
    assert {place.pack for place in places} == {"00000001.pack"}
    assert mails_in(tmp_path) == digests(RAWS)


def test_rubbish_after_the_last_record_is_cut(tmp_path: Path) -> None:
    """Blocks that a power cut left full of zeros or of something else do not get in the way."""
    places = appended(tmp_path, RAWS)
    for rubbish in (bytes(5000), b"BDR1" + b"x" * 300, b"BDR1"):
        with (tmp_path / places[0].pack).open("ab") as file:
            file.write(rubbish)
        assert len(appended(tmp_path, [raw_mail(9)])) == 1
    assert mails_in(tmp_path)[:4] == digests(RAWS)
    assert len(mails_in(tmp_path)) == 7


def appended(folder: Path, raws: Sequence[bytes]) -> list[Location]:
    """Append with a writer that comes and goes."""
    packs = Packs(folder)
    places = packs.append(entries(raws))
    packs.close()
    return places


DAMAGES = {"first line": 0, "mark": 8, "length": 17, "digest": 40, "payload": 80}


@pytest.mark.parametrize("at", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_record_is_named_and_takes_no_other_with_it(tmp_path: Path, at: int) -> None:
    """One flipped bit: that record is named on reading; all later ones stay, restart or not."""
    places = appended(tmp_path, RAWS)
    path = tmp_path / places[0].pack
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)
    appended(tmp_path, [raw_mail(9)])
    assert mails_in(tmp_path)[-4:] == digests([*RAWS[1:], raw_mail(9)])
    assert read_back(tmp_path, RAWS[1:], places[1:]) == list(RAWS[1:])
    if at:  # the first line belongs to no record
        with pytest.raises(StoreError, match=r"00000001\.pack at 8: damaged"):
            read_back(tmp_path, RAWS[:1], places[:1])


def test_another_mail_than_the_one_asked_for_is_refused(tmp_path: Path) -> None:
    """A ledger that points to the wrong record is told so."""
    places = appended(tmp_path, RAWS)
    with pytest.raises(StoreError, match="not mail"):
        Packs(tmp_path).read(places[0], sha256(RAWS[1]).digest())


def test_two_writers_have_packs_of_their_own(tmp_path: Path) -> None:
    """While one writes, another takes the next pack; let go, the pack is filled up by the next."""
    first, second = Packs(tmp_path), Packs(tmp_path)
    (one,) = first.append(entries(RAWS[:1]))
    (two,) = second.append(entries(RAWS[1:2]))
    assert one.pack != two.pack
    first.close()
    second.close()
    (three,) = appended(tmp_path, RAWS[2:3])
    assert three.pack == max(one.pack, two.pack)
    assert sorted(mails_in(tmp_path)) == sorted(digests(RAWS[:3]))


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Four writers with two threads each: every record is whole, at the place that was returned."""
    writers = [Packs(tmp_path, pack_bytes=6000) for _ in range(4)]
    found: list[tuple[bytes, Location]] = []

    def write(packs: Packs, number: int) -> None:
        for turn in range(10):
            raw = raw_mail(number * 100 + turn, size=900)
            found.append((raw, packs.append(entries([raw]), [note(turn)])[0]))

    threads = [
        threading.Thread(target=write, args=(packs, number))
        for number, packs in enumerate(writers * 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for packs in writers:
        packs.close()
    raws = [raw for raw, _ in found]
    assert read_back(tmp_path, raws, [place for _, place in found]) == raws
    assert sorted(mails_in(tmp_path)) == sorted(digests(raws))


def test_a_full_pack_is_sealed(tmp_path: Path) -> None:
    """Past its size a pack is not written any more, also not after a restart."""
    packs = Packs(tmp_path, pack_bytes=300)
    names = [packs.append(entries([raw_mail(n)]))[0].pack for n in range(5)]
    packs.close()
    assert len(set(names)) > 1
    assert names == sorted(names)
    sealed = {path: path.read_bytes() for path in tmp_path.glob("*.pack")}
    appended_again = Packs(tmp_path, pack_bytes=300)
    appended_again.append(entries([raw_mail(8), raw_mail(9)]))
    appended_again.close()
    for path, content in sealed.items():
        assert path.read_bytes().startswith(content)
    assert mails_in(tmp_path) == digests([raw_mail(n) for n in (0, 1, 2, 3, 4, 8, 9)])


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow over `size` bytes: the n-th write fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing_behind_at_any_byte(tmp_path: Path) -> None:
    """Wherever the disk is full inside a call, the call raises and the pack is as before."""
    places = appended(tmp_path, RAWS[:2])
    path = tmp_path / places[0].pack
    before = path.read_bytes()
    raw = noise(60_000)
    packs = Packs(tmp_path)
    for room in (*range(0, 60, 7), 300, 9000, 50_000, 60_061):
        with largest_file(len(before) + room), pytest.raises(StoreBusy):
            packs.append(entries([raw, raw_mail(8)]), [note(1)])
        assert path.read_bytes() == before
    packs.append(entries([raw]))
    packs.close()
    assert mails_in(tmp_path) == digests([*RAWS[:2], raw])


def noise(size: int) -> bytes:
    """Return bytes that cannot be packed any smaller."""
    return Random(7).randbytes(size)


@pytest.mark.parametrize("room", [0, 3, 8, 20])
def test_a_disk_that_is_full_at_the_first_write_is_busy(tmp_path: Path, room: int) -> None:
    """Also a pack that cannot be begun is a matter of waiting, and no half pack is in the way."""
    packs = Packs(tmp_path)
    with largest_file(room), pytest.raises(StoreBusy):
        packs.append(entries(RAWS))
    packs.append(entries(RAWS))
    packs.close()
    assert mails_in(tmp_path) == digests(RAWS)


def test_a_disk_too_full_to_pack_a_large_mail_is_busy(tmp_path: Path) -> None:
    """The file beside a large mail is removed again, the mail itself stays for the next try."""
    folder, path = tmp_path / "packs", tmp_path / "mail-1"
    folder.mkdir()
    raw = noise(100_000)
    path.write_bytes(raw)
    packs = Packs(folder)
    with largest_file(5000), pytest.raises(StoreBusy):
        packs.append([(sha256(raw).digest(), path)])
    assert sorted(found.name for found in tmp_path.iterdir()) == ["mail-1", "packs"]
    packs.append([(sha256(raw).digest(), path)])
    packs.close()
    assert mails_in(folder) == digests([raw])


def test_a_writer_on_a_full_disk_never_cuts_another_writers_records(tmp_path: Path) -> None:
    """While it takes its own bytes back, nobody else can have the pack."""
    places = appended(tmp_path, RAWS[:1])
    full, other = Packs(tmp_path), Packs(tmp_path)
    full.append(entries(RAWS[1:2]))
    size = (tmp_path / places[0].pack).stat().st_size
    with largest_file(size + 10), pytest.raises(StoreBusy):
        full.append(entries([noise(30_000)]))
    (place,) = other.append(entries(RAWS[2:3]))
    assert place.offset == size
    full.append(entries(RAWS[3:4]))
    full.close()
    other.close()
    assert sorted(mails_in(tmp_path)) == sorted(digests(RAWS))


names = st.text(max_size=30)
notes = st.builds(
    DeliveryNote,
    ref=st.builds(
        MailRef,
        account=names,
        folder=names,
        uidvalidity=st.integers(0, 2**32 - 1),
        uid=st.integers(0, 2**63 - 1),
    ),
    received_at=names,
    digest=st.none() | st.binary(min_size=32, max_size=32),
    cut=st.none() | names,
)


@given(st.lists(notes, max_size=5))
def test_delivery_notes_come_back_as_they_were(written: list[DeliveryNote]) -> None:
    """Whatever stands in names (line ends, quotes, lone surrogates), the note is the same."""
    assert parse_notes(b"\n".join(map(_note_line, written))) == written
