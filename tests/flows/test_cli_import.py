"""`import`: old mail from files, exactly as it was, observed only, as often as one likes."""

import hashlib
import tarfile
from pathlib import Path

import pytest

from tests.flows.cli_builders import QUEUES, Office, a_mail, unreadable_mail
from tests.servers.fake_imap import FakeImap

FIELDS = {"read", "stored", "duplicate", "quarantined", "failed", "seconds"}
SEPARATOR = b"From ada@nord.example Mon Jan  5 09:00:00 2026\n"


@pytest.fixture
def office(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    """Give a configuration without any account."""
    return Office(tmp_path, capsysbinary)


def test_everything_is_taken_in_once_and_adds_up(office: Office) -> None:
    """Folders, mbox and archives; copies are counted; again, all of it is duplicate."""
    folder = office.fill("old", [a_mail(number) for number in range(5)])
    copy = b"Received: from x by y; Mon, 5 Jan 2026 11:00:00 +0100\r\n" + a_mail(0)
    (folder / "copy").write_bytes(copy)
    (folder / "two.mbox").write_bytes(SEPARATOR + a_mail(8) + b"\n" + SEPARATOR + a_mail(9))
    with tarfile.open(folder / "z.tar", "w") as archive:
        archive.add(folder / "001", "again")

    first = office.run("import", folder, "--json")
    second = office.run("import", folder, "--json")

    assert (first.code, second.code) == (0, 0)
    assert set(first.document) == FIELDS
    counts = {name: first.document[name] for name in FIELDS - {"seconds"}}
    assert counts == {"read": 9, "stored": 7, "duplicate": 2, "quarantined": 0, "failed": 0}
    assert (second.document["read"], second.document["duplicate"]) == (9, 9)


def test_a_single_file_is_kept_byte_for_byte(office: Office) -> None:
    """Line ends, a separator in front and bytes that are no text stay as they are."""
    odd = SEPARATOR + b"Subject: x\n\rbody\r\r\n\xff\x00" + b"From here\n\n"
    folder = office.fill("old", [odd, b"", b"\r\n", b"no header at all"])

    office.run("import", folder)

    for path in sorted(folder.iterdir()):
        assert office.run("show", _digest(path), "--raw").out == path.read_bytes()


def test_what_cannot_be_read_or_taken_in_is_counted_and_named(office: Office) -> None:
    """Read = stored + duplicate + quarantined + failed, exit 1, and no traceback."""
    folder = office.fill("old", [a_mail(1), unreadable_mail(), a_mail(2)])
    (folder / "broken.zip").write_bytes(b"no zip")
    (folder / "lines.jsonl").write_bytes(b"{}\n")

    done = office.run("import", folder, "--json")

    assert done.code == 1
    counts = {name: done.document[name] for name in FIELDS - {"seconds"}}
    assert counts == {"read": 5, "stored": 2, "duplicate": 0, "quarantined": 1, "failed": 2}
    assert "broken.zip" in done.err
    assert "Traceback" not in done.err


def test_a_path_that_is_not_there_is_wrong_usage(office: Office) -> None:
    """Nothing is begun before all paths are known to be there."""
    done = office.run("import", office.folder / "nowhere", office.config)

    assert (done.code, done.out) == (2, b"")
    assert "nowhere" in done.err


def test_labels_of_people_are_refused_rather_than_dropped(office: Office) -> None:
    """Nothing keeps them yet, and an option that does nothing would be a lie."""
    done = office.run("import", office.config, "--labels", "X-Label")

    assert done.code == 2
    assert "--labels" in done.err


def test_imported_mail_of_a_live_account_is_observed_only(
    tmp_path: Path, fake_imap: FakeImap, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """It is nobody's move, and moves nothing; the same mail on the server goes its way."""
    office = Office(tmp_path, capsysbinary, {"info": fake_imap.port}, QUEUES)
    folder = office.fill("old", [a_mail(1), a_mail(2)])

    imported = office.run("import", folder, "--account", "info", "--json")
    fake_imap.store.add("INBOX", a_mail(1))
    office.run("poll", "--once")
    office.run("poll", "--once")
    on_server, on_file = (office.run("explain", mail, "--json").document for mail in (1, 2))

    assert imported.document["stored"] == 2
    assert on_file["outcome"] == "observed only: would have been moved to Queues/Notes"
    assert [one["origin"] for one in on_file["deliveries"]] == ["import"]
    assert on_file["deliveries"][0]["folder"] == str(folder)
    assert on_server["sightings"] == []
    assert [one["state"] for one in on_server["actions"]] == ["done"]
    assert [one["origin"] for one in on_server["deliveries"]] == ["import", "arrived", "own"]
    assert len(fake_imap.store.raws("Queues/Notes")) == 1


def test_a_mail_that_is_on_the_server_already_is_a_duplicate(
    tmp_path: Path, fake_imap: FakeImap, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Importing what was polled adds a delivery, no sighting and no second decision."""
    office = Office(tmp_path, capsysbinary, {"info": fake_imap.port})
    fake_imap.store.add("INBOX", a_mail(1))
    office.run("poll", "--once")
    folder = office.fill("old", [a_mail(1)])

    imported = office.run("import", folder, "--account", "info", "--json")
    office.run("poll", "--once")
    story = office.run("explain", 1, "--json").document

    assert (imported.document["duplicate"], imported.document["stored"]) == (1, 0)
    assert [one["origin"] for one in story["deliveries"]] == ["arrived", "import"]
    assert story["sightings"] == []


def _digest(path: Path) -> str:

    return hashlib.sha256(path.read_bytes()).hexdigest()
