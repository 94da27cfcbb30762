"""What people ask of a house with mail in it: show, explain, quarantine, queues, simulate."""

import shutil
from pathlib import Path

import pytest

from daemon.bootstrap import open_data
from daemon.cli.app import run
from daemon.config.loading import load
from daemon.records import OutgoingMail
from daemon.sending.store import Outgoing
from tests.builders import MORNING
from tests.flows.cli_builders import QUEUES, Office, a_mail, unreadable_mail, write_config
from tests.servers.smtp_sink import SmtpSink

HOSTILE = "\x1b[31mrosso\x1b[0m"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with three mails taken in: a note, another, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("filled")
    config, old = write_config(folder, {"info": 9}, QUEUES), folder / "old"
    mails = [a_mail(1, body="Vi ringrazio.\r\n" + HOSTILE), a_mail(2, "Altro"), unreadable_mail()]
    old.mkdir()
    for number, raw in enumerate(mails):
        (old / str(number)).write_bytes(raw)
    assert run(["import", str(old), "--config", str(config)]) == 1
    return folder


@pytest.fixture
def office(filled: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    """Give a copy of that folder, to be changed at will."""
    shutil.copytree(filled / "var", tmp_path / "var")
    return Office(tmp_path, capsysbinary, {"info": 9}, QUEUES)


def test_a_mail_is_shown_as_text_that_cannot_steer_the_terminal(office: Office) -> None:
    """Headers, then the text; control characters do not come through."""
    shown = office.run("show", 1)

    assert shown.code == 0
    assert "From: Ada Neri <ada@nord.example>" in shown.text
    assert "Vi ringrazio." in shown.text
    assert "\x1b" not in shown.text


def test_a_mail_that_is_not_held_is_wrong_usage(office: Office) -> None:
    """Exit 2, and how a mail is named."""
    for name in ("77", "deadbeef", "nobody@nowhere.example", "", "<>"):
        done = office.run("show", name)
        assert (done.code, done.out) == (2, b""), name
        assert "no mail" in done.err


def test_a_name_of_several_mails_is_not_guessed(office: Office) -> None:
    """A Message-ID may be in many mails; their ids are told."""
    folder = office.fill("more", [a_mail(1, body="Un altro testo.")])
    office.run("import", folder)

    done = office.run("explain", "1@nord.example")

    assert done.code == 2
    assert "ids 1, 4" in done.err


def test_explain_tells_the_whole_story(office: Office) -> None:
    """Ledger, stages, scores, words, rule, and what would have happened."""
    story = office.run("explain", 1, "--json").document

    assert story["state"] == "read"
    assert story["decision"]["rule"] == "notes"
    assert not story["decision"]["live"]
    assert sum(story["mail"]["scores"].values()) == pytest.approx(1)
    assert story["words"]["reasons"]
    assert story["outcome"] == "observed only: would have been moved to Queues/Notes"
    assert {one["stage"] for one in story["stages"]} >= {"stored", "read", "decided"}
    assert [one["origin"] for one in story["deliveries"]] == ["import"]
    shown = office.run("explain", 1)
    assert "would have been moved to Queues/Notes" in shown.text
    assert "taken in from a file" in shown.text


def test_explain_names_copies(office: Office) -> None:
    """A copy has the decision of its original, and each names the other."""
    copy = b"Received: from x by y; Mon, 5 Jan 2026 11:00:00 +0100\r\n" + a_mail(2, "Altro")
    office.run("import", office.fill("more", [copy]))

    of_copy = office.run("explain", 4, "--json").document
    of_original = office.run("explain", 2, "--json").document

    assert (of_copy["copy_of"], of_copy["copies"]) == (2, [2])
    assert of_copy["decision"] == of_original["decision"]
    assert of_original["copies"] == [4]


def test_the_quarantine_is_listed_shown_replayed_and_released(office: Office) -> None:
    """A mail that still cannot be read comes back; a released one stays, and is not listed."""
    (listed,) = office.run("quarantine", "list", "--json").document["mails"]
    assert (listed["id"], listed["reason"]) == (3, "encoded_words")
    assert "encoded_words" in office.run("quarantine", "show", 3).text

    again = office.run("quarantine", "replay", 3, "--json")
    assert again.code == 1
    assert again.document["readable"] == []
    assert [one["id"] for one in again.document["quarantined"]] == [3]
    history = office.run("explain", 3, "--json").document["quarantine"]
    assert [one["outcome"] for one in history] == ["replayed", None]

    text = office.config.read_text()
    office.config.write_text(text + "\n[limits]\nencoded_words = 5_000\n")
    wider = office.run("quarantine", "replay", "--json")
    assert (wider.code, wider.document["readable"]) == (0, [3])
    office.config.write_text(text)
    assert office.run("quarantine", "show", 3).code == 2


def test_a_released_mail_is_kept_and_no_longer_set_aside(office: Office) -> None:
    """Its bytes stay; nobody is asked again."""
    released = office.run("quarantine", "release", 3, "--json")

    assert released.document == {"released": [3]}
    assert office.run("quarantine", "list", "--json").document == {"mails": []}
    assert office.run("show", 3, "--raw").out == unreadable_mail()
    assert "released by a person" in office.run("explain", 3).text
    assert office.run("quarantine", "release", 3).code == 2


def test_the_queues_say_how_much_went_where(office: Office) -> None:
    """Mail without a queue is counted too."""
    queues = office.run("queue", "list", "--json").document["queues"]

    assert [(one["queue"], one["mails"], one["observed"]) for one in queues] == [
        ("notes", 1, 1),
        (None, 1, 1),
    ]
    assert "Queues/Notes" in office.run("queue", "list").text


def test_simulate_says_what_would_change_and_why(office: Office) -> None:
    """The candidate's rules are applied to what was read; no mail is touched."""
    other = office.folder / "other.toml"
    other.write_text(office.config.read_text().replace("Nota", "Altro"))

    done = office.run("simulate", "--candidate", other, "--since", "9000d", "--json")
    same = office.run("simulate", "--candidate", office.config, "--since", "9000d", "--json")
    recent = office.run("simulate", "--candidate", other, "--since", "1h", "--json")

    assert done.code == 0
    assert (done.document["mails"], done.document["changed"]) == (2, 2)
    ways = [
        (one["id"], one["queue_before"], one["queue_after"]) for one in done.document["changes"]
    ]
    assert ways == [(1, "notes", None), (2, None, "notes")]
    assert "rule notes" in done.document["changes"][1]["reason"]
    assert (same.document["mails"], same.document["changed"]) == (2, 0)
    assert recent.document["mails"] == 0


def test_simulate_names_headers_that_were_not_kept(office: Office) -> None:
    """A rule on a header that nobody kept can never match, which is no finding about the mail."""
    other = office.folder / "other.toml"
    rule = '[[rules]]\nname = "x"\nwhen = { headers = { X-Ticket = "." } }\nqueue = "notes"\n'
    other.write_text(office.config.read_text() + rule)

    done = office.run("simulate", "--candidate", other, "--json")

    assert "x-ticket" in done.err


def test_status_needs_a_person_only_for_what_is_wrong(office: Office) -> None:
    """An account that never had a round is named; the fields scripts read are there."""
    status = office.run("status", "--json")

    assert status.code == 1
    found = status.document
    assert (found["healthy"], found["backlog"], found["quarantine"]) == (False, 0, 1)
    assert [one["account"] for one in found["accounts"]] == ["info"]
    assert found["model"]
    assert status.err.splitlines() == ["info: no round yet"]
    office.config.write_text('[service]\ntimezone = "Europe/Rome"\n[intake]\nfree_disk_bytes = 1\n')
    assert office.run("status").code == 0


def test_outgoing_mail_is_listed_shown_held_and_retried(office: Office) -> None:
    """Only what waits can be held, only what stopped can be retried."""
    store = open_data(load(office.config))
    message = b"Subject: x\r\n\r\nhello\r\n"
    row = OutgoingMail(
        key="digest:1",
        kind="digest",
        sender="a@b.example",
        recipient="c@d.example",
        message=message,
    )
    Outgoing(store).enqueue([row], MORNING)
    store.close()

    (listed,) = office.run("outbox", "list", "--json").document["mails"]
    assert (listed["id"], listed["state"]) == (1, "queued")
    assert office.run("outbox", "show", 1, "--raw").out == message
    assert office.run("outbox", "hold", 1, "--json").document == {"id": 1, "state": "held"}
    assert office.run("outbox", "hold", 1).code == 2
    assert office.run("status").code == 1
    assert office.run("outbox", "retry", 1).code == 0
    assert office.run("outbox", "list", "--state", "held", "--json").document == {"mails": []}
    assert office.run("outbox", "show", 7).code == 2


def test_the_digest_is_printed_and_sent_once_a_day(office: Office, smtp_sink: SmtpSink) -> None:
    """Printing sends nothing; a second `--send` on the same day does nothing."""
    assert office.run("digest", "--send").code == 2
    relay = (
        f'[relays.main]\nhost = "127.0.0.1"\nport = {smtp_sink.port}\nsecurity = "plain"\n'
        '[digest]\nto = ["team@aurora.example"]\nsender = "desk@aurora.example"\n'
    )
    office.config.write_text(office.config.read_text() + relay)

    printed = office.run("digest", "--json")
    first = office.run("digest", "--send", "--json")
    second = office.run("digest", "--send", "--json")

    assert printed.code == first.code == second.code == 0
    assert printed.document["subject"]
    assert [done.document["sent"] for done in (printed, first, second)] == [0, 1, 0]
    assert len(smtp_sink.mails) == 1
