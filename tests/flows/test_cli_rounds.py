"""`poll` and `reconcile` against servers that behave, and servers that do not."""

from pathlib import Path

import pytest

from daemon.bootstrap import open_data
from daemon.config.loading import load
from daemon.store.leases import Leases, account_lease
from tests.flows.cli_builders import QUEUES, Office, a_mail, unreadable_mail
from tests.servers.fake_imap import FakeImap, Fault, Kind
from tests.servers.loopback import free_port

COUNTS = {"account", "folder", "fetched", "stored", "duplicate", "quarantined"}


@pytest.fixture
def office(
    tmp_path: Path, fake_imap: FakeImap, capsysbinary: pytest.CaptureFixture[bytes]
) -> Office:
    """Give a configuration with one live account and one queue."""
    return Office(tmp_path, capsysbinary, {"info": fake_imap.port}, QUEUES)


def test_a_round_takes_all_and_says_so(office: Office, fake_imap: FakeImap) -> None:
    """Fetched, stored and moved in one round; the next one finds nothing new."""
    for number in range(3):
        fake_imap.store.add("INBOX", a_mail(number))

    first = office.run("poll", "--once", "--json")
    second = office.run("poll", "--once", "--json")

    assert first.code == second.code == 0
    (inbox,) = [one for one in first.document["accounts"] if one["folder"] == "INBOX"]
    assert set(inbox) == COUNTS
    assert (inbox["fetched"], inbox["stored"]) == (3, 3)
    assert first.document["seconds"] > 0
    assert sum(one["fetched"] for one in second.document["accounts"]) == 0
    assert len(fake_imap.store.raws("Queues/Notes")) == 3
    assert len(fake_imap.store.raws("INBOX")) == 0


def test_the_bytes_shown_are_those_of_the_server(office: Office, fake_imap: FakeImap) -> None:
    """`show --raw` by id, digest and Message-ID gives exactly what was fetched."""
    raw = a_mail(1, "Perché", "caff\u00e8 \ud83d\ude00".encode("utf-8", "replace").decode())
    fake_imap.store.add("INBOX", raw + b"\xff\x00\r\n")
    office.run("poll", "--once")

    by_id = office.run("show", 1, "--raw")
    digest = office.run("show", 1, "--json").document["digest"]

    assert by_id.out == raw + b"\xff\x00\r\n"
    for name in (digest, digest[:8], digest.upper(), "1@nord.example", "<1@nord.example>"):
        assert office.run("show", name, "--raw").out == by_id.out


def test_a_mail_that_cannot_be_read_is_named(office: Office, fake_imap: FakeImap) -> None:
    """Exit 1: a person is needed; the mails round it have gone through."""
    for raw in (a_mail(1), unreadable_mail(), a_mail(2)):
        fake_imap.store.add("INBOX", raw)

    polled = office.run("poll", "--once", "--json")
    counted = office.run("reconcile", "--json")

    assert polled.code == 1
    assert "quarantine list" in polled.err
    assert sum(one["quarantined"] for one in polled.document["accounts"]) == 1
    assert counted.code == 0
    (inbox,) = [one for one in counted.document["folders"] if one["folder"] == "INBOX"]
    assert (inbox["server"], inbox["quarantined"], inbox["missing"]) == (1, 1, 0)


def test_reconciliation_names_what_is_missing(office: Office, fake_imap: FakeImap) -> None:
    """Server = held + quarantined + missing, and exit 1 until the missing is fetched."""
    fake_imap.store.add("INBOX", a_mail(1, "Altro"))
    office.run("poll", "--once")
    fake_imap.store.add("INBOX", a_mail(2, "Altro"))

    counted = office.run("reconcile", "--json")
    shown = office.run("reconcile")

    assert counted.code == shown.code == 1
    inbox = counted.document["folders"][0]
    assert list(inbox) == [
        "account", "folder", "uidvalidity", "server", "held", "quarantined", "missing",
    ]  # fmt: skip
    assert (inbox["server"], inbox["held"], inbox["missing"]) == (2, 1, 1)
    office.run("poll", "--once")
    assert office.run("reconcile").code == 0


def test_an_account_whose_server_is_away_does_not_disturb_another(
    tmp_path: Path, fake_imap: FakeImap, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Exit 3 naming the account; the other one's mail is in, and reconciled."""
    office = Office(tmp_path, capsysbinary, {"away": free_port(), "info": fake_imap.port})
    fake_imap.store.add("INBOX", a_mail(1))

    polled = office.run("poll", "--once", "--json")
    counted = office.run("reconcile", "--json")
    alone = office.run("poll", "--once", "--account", "info")

    assert (polled.code, counted.code, alone.code) == (3, 3, 0)
    assert [(o["account"], o["stored"]) for o in polled.document["accounts"]] == [("info", 1)]
    assert [one["account"] for one in polled.document["failed"]] == ["away"]
    assert [(o["account"], o["held"]) for o in counted.document["folders"]] == [("info", 1)]
    assert polled.err.startswith("away: ")
    status = office.run("status", "--json")
    assert status.code == 1
    assert [(o["account"], o["failures"]) for o in status.document["accounts"]] == [
        ("away", 1),
        ("info", 0),
    ]


def test_a_refused_login_is_the_servers_no(office: Office, fake_imap: FakeImap) -> None:
    """Exit 3; `check --connect` says it with the line of the configuration."""
    (office.folder / "password").write_text("another")

    polled = office.run("poll", "--once")
    checked = office.run("check", "--connect", "--json")
    unasked = office.run("check", "--json")

    assert (polled.code, checked.code, unasked.code) == (3, 3, 0)
    (problem,) = checked.document["problems"]
    assert problem["key"] == "accounts.info.host"
    assert office.config.read_text().splitlines()[problem["line"] - 1].startswith("host")
    assert "another" not in polled.err + checked.text


def test_a_folder_that_is_not_on_the_server_is_named(office: Office, fake_imap: FakeImap) -> None:
    """An inbox that cannot be opened is no silent zero."""
    fake_imap.fault(Fault(kind=Kind.NO, command="EXAMINE", containing="INBOX", times=0))

    counted = office.run("reconcile")
    checked = office.run("check", "--connect", "--json")

    assert counted.code == 3
    assert "INBOX" in counted.err
    assert [one["key"] for one in checked.document["problems"]] == ["accounts.info.folders"]


def test_a_second_process_is_told_who_holds_the_account(office: Office) -> None:
    """Exit 3, with the holder's name, and nothing fetched twice."""
    store = open_data(load(office.config))
    leases = Leases(store)
    leases.take(account_lease("info"))
    try:
        done = office.run("poll", "--once")
    finally:
        leases.close()
        store.close()

    assert done.code == 3
    assert "account:info is in use by" in done.err
    assert office.run("poll", "--once").code == 0


def test_an_account_that_is_not_configured_is_wrong_usage(office: Office) -> None:
    """Exit 2, with those that there are."""
    done = office.run("poll", "--once", "--account", "inof")

    assert done.code == 2
    assert "info" in done.err
