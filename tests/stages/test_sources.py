"""Files, folders, mbox and archives become mails, each found once, whatever others are like."""

import gzip
import io
import lzma
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.intake.importing import received_at
from daemon.intake.sources import uid_of, walk
from daemon.intake.streams import Found, Origin, SourceLimits, split_mbox

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
FROM_LINE = b"From ada@nord.example Mon Jan  5 09:00:00 2026\n"


def mail(number: int, body: str = "buongiorno") -> bytes:
    """Return a mail of a series, with LF line ends."""
    return f"Subject: nota {number}\nFrom: ada@nord.example\n\n{body} {number}\n".encode()


@pytest.fixture
def limits(tmp_path_factory: pytest.TempPathFactory) -> SourceLimits:
    """Give the shipped limits, with a spool of the test's own."""
    return SourceLimits(spool=tmp_path_factory.mktemp("spool"))


def contents(found: Iterable[Found]) -> list[bytes]:
    """Return the bytes of each mail."""
    return [one.raw if isinstance(one.raw, bytes) else one.raw.read_bytes() for one in found]


def tar_of(members: dict[str, bytes]) -> bytes:
    """Return a tar with these members."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    """Return a zip with these members, compressed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


PACKERS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "old.tar": tar_of,
    "old.tar.gz": lambda members: gzip.compress(tar_of(members)),
    "old.tgz": lambda members: gzip.compress(tar_of(members)),
    "old.tar.xz": lambda members: lzma.compress(tar_of(members)),
    "old.tar.zst": lambda members: zstd.compress(tar_of(members)),
    "old.zip": zip_of,
}


def test_every_file_of_a_folder_is_one_mail_whatever_its_name(
    tmp_path: Path, limits: SourceLimits
) -> None:
    """Names and starts do not matter; the order is that of the names; ids are paths as walked."""
    names = ["1", "b.eml", "c.txt", "inner/d", "z.mbox"]
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(mail(number))
    (tmp_path / "a-from").write_bytes(FROM_LINE + mail(9))

    found = list(walk([tmp_path], limits))

    assert [one.id for one in found] == [
        str(tmp_path / name) for name in ["1", "a-from", *names[1:]]
    ]
    assert contents(found)[1] == FROM_LINE + mail(9)
    assert found[0].container == str(tmp_path)
    assert not [one for one in found if one.failure]


def test_a_maildir_gives_what_is_in_cur_and_new_and_in_its_folders(
    tmp_path: Path, limits: SourceLimits
) -> None:
    """Unfinished mail in tmp and the server's own files are no mails."""
    for number, name in enumerate(["cur/1:2,S", "new/2", "tmp/3", ".Sent/cur/4", ".Sent/new/5"]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(mail(number))
    (tmp_path / "dovecot-uidlist").write_bytes(b"3 V1 N7\n")

    ids = [one.id.removeprefix(f"{tmp_path}/") for one in walk([tmp_path], limits)]

    assert ids == [".Sent/cur/4", ".Sent/new/5", "cur/1:2,S", "new/2"]


def test_links_inside_a_folder_are_not_followed(tmp_path: Path, limits: SourceLimits) -> None:
    """A link to its own folder would never end, and one to a secret would be taken in."""
    (tmp_path / "1").write_bytes(mail(1))
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "secret").symlink_to("/etc/hostname")

    assert contents(walk([tmp_path], limits)) == [mail(1)]


def test_a_file_that_cannot_be_read_is_a_failure_and_the_next_one_is_found(
    tmp_path: Path, limits: SourceLimits
) -> None:
    """The walk never stops at one file."""
    (tmp_path / "a.tar").write_bytes(b"no archive at all")
    (tmp_path / "b").write_bytes(mail(1))

    broken, well = walk([tmp_path], limits)

    assert broken.failure
    assert broken.id == str(tmp_path / "a.tar")
    assert well.raw == mail(1)


def test_a_pipe_is_named_not_waited_for(tmp_path: Path, limits: SourceLimits) -> None:
    """Opening a pipe that nobody writes to would wait for ever."""
    os.mkfifo(tmp_path / "pipe")

    (found,) = walk([tmp_path / "pipe"], limits)

    assert found.failure == "not a file"


def test_an_mbox_is_split_into_its_mails(tmp_path: Path, limits: SourceLimits) -> None:
    """Neither the separator nor the empty line before it belong to a mail; numbers are from 1."""
    path = tmp_path / "old.mbox"
    path.write_bytes(b"".join(FROM_LINE + mail(number) + b"\n" for number in range(3)))

    found = list(walk([path], limits))

    assert contents(found) == [mail(number) for number in range(3)]
    assert [one.id for one in found] == [f"{path}:{number}" for number in (1, 2, 3)]
    assert {one.container for one in found} == {str(path)}


@pytest.mark.parametrize(
    "body",
    [
        "From tomorrow on we are closed.\nSee you",
        "\nFrom tomorrow on we are closed.\nSee you",
        "\n>From 10:30 on\n\n>From ada 09:00\nSubject: x",
    ],
)
def test_prose_that_begins_with_from_does_not_split_a_mail(body: str, limits: SourceLimits) -> None:
    """A separator has a time of day, or a header follows it; quoted ones stay as they are."""
    raw = FROM_LINE + mail(1, body) + b"\n" + FROM_LINE + mail(2)

    found = split_mbox(io.BytesIO(raw), Origin(id="x", container="x"), limits)

    assert contents(found) == [mail(1, body), mail(2)]


LINES = st.lists(
    st.text(alphabet="abF >:rom \r\x00é", max_size=20).filter(lambda line: "\n" not in line),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.lists(LINES, min_size=1, max_size=5),
    end=st.sampled_from([b"\n", b"\r\n"]),
)
def test_what_an_mbox_writer_puts_in_comes_out(
    bodies: list[list[str]], end: bytes, limits: SourceLimits
) -> None:
    """Any mails, quoted and separated as RFC 4155 says, are found again byte for byte."""
    mails = []
    for lines in bodies:
        quoted = [(">" + line if line.startswith("From ") else line).encode() for line in lines]
        mails.append(end.join([b"Subject: x", b"", *quoted, b""]))
    separator = FROM_LINE.rstrip() + end
    raw = b"".join(separator + one + end for one in mails)

    found = split_mbox(io.BytesIO(raw), Origin(id="x", container="x"), limits)

    assert contents(found) == mails


def test_a_large_mail_goes_through_a_file(tmp_path: Path, limits: SourceLimits) -> None:
    """Beyond the slice size a mail is not held in memory, and its bytes are the same."""
    small = SourceLimits(spool=limits.spool, slice_bytes=100)
    (tmp_path / "large").write_bytes(mail(1, "x" * 5_000))

    (found,) = walk([tmp_path], small)

    assert isinstance(found.raw, Path)
    assert found.raw.parent == limits.spool
    assert found.raw.read_bytes() == mail(1, "x" * 5_000)
    assert found.size == len(mail(1, "x" * 5_000))


def test_of_a_mail_over_the_size_limit_the_headers_are_kept(
    tmp_path: Path, limits: SourceLimits
) -> None:
    """The limit is named, and nothing of it stays in the spool."""
    small = SourceLimits(spool=limits.spool, slice_bytes=100, mail_bytes=1_000)
    (tmp_path / "large").write_bytes(mail(1, "x" * 5_000))

    (found,) = walk([tmp_path], small)

    assert found.cut == "mail_bytes"
    assert found.raw == b"Subject: nota 1\nFrom: ada@nord.example\n\n"
    assert list(limits.spool.iterdir()) == []


@pytest.mark.parametrize("name", PACKERS)
def test_an_archive_is_walked_like_a_folder(
    name: str, tmp_path: Path, limits: SourceLimits
) -> None:
    """Mails and mbox files inside are found, under the archive's path."""
    path = tmp_path / name
    path.write_bytes(
        PACKERS[name](
            {"in/1": mail(1), "in/2.mbox": FROM_LINE + mail(2) + b"\n" + FROM_LINE + mail(3)}
        )
    )

    found = list(walk([path], limits))

    assert contents(found) == [mail(1), mail(2), mail(3)]
    assert [one.id for one in found] == [
        f"{path}/in/1", f"{path}/in/2.mbox:1", f"{path}/in/2.mbox:2",
    ]  # fmt: skip
    assert {one.container for one in found} == {str(path)}


@pytest.mark.parametrize("name", ["old.tar", "old.zip"])
def test_a_member_that_points_outside_is_only_a_name(
    name: str, tmp_path: Path, limits: SourceLimits
) -> None:
    """Nothing is unpacked to disk, so that no path can lead anywhere."""
    path = tmp_path / name
    path.write_bytes(PACKERS[name]({"../../outside": mail(1), "/etc/outside": mail(2)}))

    found = list(walk([path], limits))

    assert contents(found) == [mail(1), mail(2)]
    assert sorted(one.name for one in tmp_path.rglob("*")) == [name]
    assert list(limits.spool.iterdir()) == []


@pytest.mark.parametrize("name", ["old.tar", "old.zip"])
def test_an_archive_inside_an_archive_is_refused_by_name(
    name: str, tmp_path: Path, limits: SourceLimits
) -> None:
    """One level is walked; the members beside it are found."""
    path = tmp_path / name
    path.write_bytes(PACKERS[name]({"inner.zip": zip_of({"1": mail(1)}), "2": mail(2)}))

    inner, well = walk([path], limits)

    assert inner.failure is not None
    assert "archive_depth" in inner.failure
    assert well.raw == mail(2)


MANY = {f"{number}": mail(number) for number in range(9)}
BULKY = {f"{number}": os.urandom(20_000) for number in range(9)}
BOMB = {"0": mail(0), "bomb": bytes(6_000_000)}


LIMITED = [({"archive_members": 3}, MANY), ({"archive_bytes": 60_000}, BULKY)]
PACKED_ONLY = [({"archive_ratio": 5}, BOMB)]  # a plain tar has no ratio


@pytest.mark.parametrize(
    ("name", "changed", "members"),
    [
        (name, *case)
        for name in PACKERS
        for case in (LIMITED if name == "old.tar" else LIMITED + PACKED_ONLY)
    ],
)
def test_at_an_archive_limit_the_mails_before_it_are_kept_and_the_limit_is_named(
    name: str,
    changed: dict[str, int],
    members: dict[str, bytes],
    tmp_path: Path,
    limits: SourceLimits,
) -> None:
    """A bomb ends at its limit; what was found before is not lost."""
    (limit,) = changed
    path = tmp_path / name
    path.write_bytes(PACKERS[name](members))

    *before, last = walk([path], replace(limits, **changed))

    assert last.failure is not None
    assert f"limit {limit} exceeded" in last.failure
    assert 1 <= len(before) < len(members)
    assert not [one for one in before if one.failure]
    assert list(limits.spool.iterdir()) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    name=st.sampled_from(sorted(PACKERS)),
    cut=st.integers(min_value=0, max_value=2_000),
    flips=st.lists(st.tuples(st.integers(0, 1_500), st.integers(0, 255)), max_size=6),
)
def test_a_damaged_archive_never_stops_the_walk(
    name: str, cut: int, flips: list[tuple[int, int]], tmp_path: Path, limits: SourceLimits
) -> None:
    """Whatever bytes are wrong, the walk ends, and the file after it is found."""
    packed = bytearray(PACKERS[name]({"1": mail(1), "2": mail(2)})[: cut or None])
    for place, value in flips:
        if packed:
            packed[place % len(packed)] = value
    (tmp_path / name).write_bytes(packed)
    (tmp_path / "z").write_bytes(mail(9))

    found = list(walk([tmp_path / name, tmp_path / "z"], limits))

    assert found[-1].raw == mail(9)


def test_json_lines_are_found_only_where_they_are_wanted(
    tmp_path: Path, limits: SourceLimits
) -> None:
    """They hold text, not mails: `classify` takes each line, `import` names the file."""
    (tmp_path / "a.jsonl").write_bytes(b'{"id": 1}\n\n{"id": 2}')
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b'{"id": 3}\n'))
    wanted = SourceLimits(spool=limits.spool, takes_lines=True)

    assert contents(walk([tmp_path], wanted)) == [b'{"id": 1}\n', b'{"id": 2}', b'{"id": 3}\n']
    assert [one.id[-2:] for one in walk([tmp_path], wanted)] == [":1", ":3", ":1"]
    assert [one.failure for one in walk([tmp_path], limits)] == [
        "JSON lines hold no mails, only text"
    ] * 2


@given(name=st.text(max_size=20), digest=st.binary(min_size=32, max_size=32))
def test_the_number_of_an_imported_mail_follows_from_path_and_bytes(
    name: str, digest: bytes
) -> None:
    """It is the same each time, fits 63 bits, and another mail at that path has another."""
    one = Found(id=name, container="x")

    assert uid_of(one, digest) == uid_of(one, digest)
    assert 0 < uid_of(one, digest) < 1 << 63
    assert uid_of(one, digest) != uid_of(one, digest[::-1] + b"x")


def test_an_imported_mail_was_received_when_its_topmost_hop_says() -> None:
    """The hop nearest to us, else the sender's date, else the file's."""
    hop = b"Received: from a by b; Tue, 6 Jan 2026 10:00:00 +0100\n"
    older = b"Received: from c by a; Mon, 5 Jan 2026 10:00:00 +0100\n"
    date = b"Date: Sun, 4 Jan 2026 10:00:00 +0100\n"

    def moment(head: bytes) -> datetime:
        return received_at(head + b"\n", NOW, NOW)

    assert moment(hop + older + date) == datetime(2026, 1, 6, 9, tzinfo=UTC)
    assert moment(date) == datetime(2026, 1, 4, 9, tzinfo=UTC)
    assert moment(b"Date: Sun, 4 Jan 2099 10:00:00 +0100\n") == NOW
    assert moment(b"Date: Sun, 4 Jan 1904 10:00:00 +0100\n") == NOW
    assert moment(b"Subject: none\n") == NOW


@given(
    st.one_of(st.binary(max_size=400), st.text(max_size=80).map(lambda t: b"Date: " + t.encode()))
)
def test_any_header_gives_a_moment(head: bytes) -> None:
    """Nonsense in a date never raises, and never lies in the future."""
    moment = received_at(head, NOW, NOW)

    assert moment.tzinfo is not None
    assert moment <= NOW + timedelta(days=1)
