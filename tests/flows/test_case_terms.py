"""What people do with the clocks of a case, its register entry and its numbers."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from daemon.clock import now
from tests.flows.cli_builders import Office

EXTRA = """
[queues.complaints]
account = "info"
folder = "Queues/Complaints"
deadline = "ours"
[calendars.house]
country = "IT"
[deadlines.ours]
title = "What we promise"
source = "our website"
pauses = ["waiting for proof of identity"]
[deadlines.ours.clocks.acknowledge]
term = "3 days"
met_by = "acknowledgement"
[deadlines.ours.clocks.reply]
term = "30 days"
extended = "60 days"
interim_reply = true
[deadlines.ours.clocks.billing]
term = "15 days"
only_if = "billing"
met_by = "decision"
"""
TODAY = now().date()


@pytest.fixture
def office(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    """Give a house with one queue under deadlines."""
    return Office(tmp_path, capsysbinary, {"info": 9}, EXTRA)


@pytest.fixture
def reference(office: Office) -> str:
    """Give a case that was received ten days ago, and acknowledged by telephone since."""
    entered = office.run(
        "case", "new", "--channel", "letter", "--received", ago(10), "--subject", "Bolletta",
        "--queue", "complaints", "--address", "ugo@client.example", "--json",
    )  # fmt: skip
    found = entered.document["reference"]
    done = office.run("case", "acknowledge", found, "--channel", "phone", "--on", ago(9), "--json")
    assert done.document["acknowledged_at"] is not None
    return found


def ago(days: int) -> date:
    """Return a day of the past."""
    return TODAY - timedelta(days=days)


def due(office: Office, reference: str) -> str | None:
    """Return the day on which the case is due."""
    shown = office.run("case", "show", reference, "--json").document
    return shown["due_at"] and shown["due_at"][:10]


def test_a_pause_moves_the_end_by_its_days(office: Office, reference: str) -> None:
    """While it lasts nothing is due; both its days are of the pause, and a second adds to it."""
    before = due(office, reference)
    assert before == str(ago(-20))
    why = ("--why", "waiting for proof of identity")
    paused = office.run("case", "pause", reference, *why, "--since", ago(7), "--json").document
    assert (paused["due_at"], paused["paused_since"]) == (None, str(ago(7)))
    resumed = office.run("case", "resume", reference, "--on", ago(4), "--json").document
    assert resumed["due_at"][:10] == str(ago(-23))
    office.run("case", "pause", reference, *why, "--since", ago(3))
    again = office.run("case", "resume", reference, "--on", ago(1), "--json").document
    assert again["due_at"][:10] == str(ago(-25))
    shown = office.run("case", "show", reference, "--json").document
    assert shown["pauses"] == [[str(ago(7)), str(ago(5))], [str(ago(3)), str(ago(2))]]


def test_an_extension_counts_the_longer_term_and_says_what_is_owed(
    office: Office, reference: str
) -> None:
    """The interim reply, with the reason, within the first term; then the longer one counts."""
    done = office.run("case", "extend", reference, "--why", "the meter is examined", "--json")
    assert done.document["due_at"][:10] == str(ago(-20))
    assert "an interim reply with the reason is owed by " in done.err
    assert office.run("case", "extend", reference, "--why", "x").code == 2
    told = ("--channel", "post", "--on", ago(1), "--interim", "--json")
    answered = office.run("case", "answer", reference, *told)
    assert answered.document["due_at"][:10] == str(ago(-50))
    assert office.run("case", "answer", reference, *told).code == 0


def test_a_matter_lets_its_clock_press(office: Office, reference: str) -> None:
    """Until a decision, which is not the answer; `--no` takes it back."""
    assert office.run("case", "matter", reference, "billing").code == 0
    assert due(office, reference) == str(ago(-5))
    office.run("case", "matter", reference, "billing", "--no")
    assert due(office, reference) == str(ago(-20))
    office.run("case", "matter", reference, "billing")
    decided = office.run("case", "decide", reference, "upheld", "--on", ago(1), "--json").document
    assert (decided["decision"], decided["due_at"][:10]) == ("upheld", str(ago(-20)))
    told = office.run("case", "answer", reference, "--channel", "post", "--on", TODAY, "--json")
    assert told.document["due_at"] is None


def test_the_register_entry(office: Office, reference: str) -> None:
    """Severity, remedy, product, recourse; only what changes is an event."""
    fields = ("--severity", "high", "--remedy", "84 euro", "--product", "luce casa")
    described = office.run("case", "describe", reference, *fields, "--json").document
    assert (described["severity"], described["remedy"]) == ("high", "84 euro")
    office.run("case", "describe", reference, "--severity", "high", "--remedy", "")
    events = office.run("case", "show", reference, "--json").document["events"]
    changes = [one["detail"] for one in events if one["kind"] == "described"]
    assert changes[1] == {"remedy": ["84 euro", None]}
    assert office.run("case", "describe", reference).code == 2


def test_numbers_and_tags_find_a_case(office: Office, reference: str) -> None:
    """Those of others, those of the house's own protocol, and a word of a clerk."""
    year = TODAY.year
    assert office.run("case", "number", reference, "pec", "opec123.456").code == 0
    office.run("case", "number", reference, "protocol")
    twice = office.run("case", "number", reference, "protocol")
    assert (twice.code, f"protocol number 1/{year}" in twice.err) == (2, True)
    office.run("case", "tag", reference, "double bill")
    for how in (
        ("--find", "opec123.456"), ("--find", f"1/{year}"), ("--find", "UGO@"), ("--find", "boll"),
        ("--tag", "double bill"),
    ):  # fmt: skip
        found = office.run("case", "list", *how, "--json").document["cases"]
        assert [one["reference"] for one in found] == [reference], how
    for how in (("--find", "100%"), ("--find", "_"), ("--tag", "double")):
        assert office.run("case", "list", *how, "--json").document["cases"] == [], how
    shown = office.run("case", "show", reference, "--json").document
    assert [one["kind"] for one in shown["numbers"]] == ["pec", "protocol"]
    office.run("case", "untag", reference, "double bill")
    assert office.run("case", "untag", reference, "double bill").code == 2


def test_two_letters_of_one_matter_are_merged(office: Office, reference: str) -> None:
    """And taken apart again."""
    second = office.run(
        "case", "new", "--channel", "phone", "--received", ago(2), "--subject", "Ancora",
        "--queue", "complaints", "--json",
    ).document["reference"]  # fmt: skip
    merged = office.run("case", "merge", second, reference, "--json").document
    assert merged["reference"] == reference
    assert office.run("case", "list", "--json").document["total"] == 1
    assert office.run("case", "merge", second, reference).code == 2
    assert office.run("case", "unmerge", second, "--json").document["state"] == "open"
    assert office.run("case", "list", "--json").document["total"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pause", "--why", "holidays"), "allowed: waiting for proof of identity"),
        (("resume",), "is not paused"),
        (("matter", "love"), "'love' is not a matter of ours; allowed: billing"),
        (("decide", "upheld", "--on", "2020-01-01"), "was not yet received then"),
        (("acknowledge", "--channel", "post", "--on", "2020-01-01"), "was not yet received then"),
        (("number", "pec"), "give KIND and VALUE"),
        (("tag", "a\nb"), "must be one line"),
        (("merge", "77"), "no case '77'"),
        (("split", "5"), "no mail 5 in"),
        (("split", "5", "--queue", "x"), "no queue 'x'"),
    ],
)
def test_what_the_register_refuses(
    office: Office, reference: str, arguments: tuple[str, ...], message: str
) -> None:
    """With what is allowed; nothing is written."""
    command, *rest = arguments
    done = office.run("case", command, reference, *rest)
    assert (done.code, message in done.err) == (2, True), done.err
    events = office.run("case", "show", reference, "--json").document["events"]
    assert [one["kind"] for one in events] == ["opened", "acknowledged"]


def test_a_pause_that_cannot_be(office: Office, reference: str) -> None:
    """Within another, before the last, ended before it began; and none in a closed case."""
    why = ("--why", "waiting for proof of identity")
    office.run("case", "pause", reference, *why, "--since", ago(3))
    assert "is paused since" in office.run("case", "pause", reference, *why).err
    assert "which is later" in office.run("case", "resume", reference, "--on", ago(5)).err
    office.run("case", "resume", reference, "--on", ago(1))
    early = office.run("case", "pause", reference, *why, "--since", ago(2))
    assert "was paused until" in early.err
    office.run("case", "close", reference, "--cause", "x")
    assert "is closed" in office.run("case", "pause", reference, *why).err
