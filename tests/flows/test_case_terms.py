"""What people do with the clocks of a case, its register entry and its numbers."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

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
silence = "accepted"
channel = "durable"
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
ROME = ZoneInfo("Europe/Rome")
TODAY = now().astimezone(ROME).date()


def ago(days: int) -> date:
    """Return a day of the past."""
    return TODAY - timedelta(days=days)


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
        (("matter", "love"), "'love' is not a matter of ours; allowed: billing; data-subject; "),
        (("matter", "data-subject", "--no"), "no clock of data-subject runs in it"),
        (("pause", "--why", "x", "--matter", "love"), "no clock of 'love' runs in"),
        (("resume", "--matter", "data-subject"), "is not paused"),
        (("extend", "--why", "x", "--told", "2020-01-01"), "was not yet received then"),
        (("extend", "--why", "x", "--matter", "withdrawal"), "cannot be extended"),
        (("answer", "--on", "2026-11-01"), "give --channel and --on; or --delivered"),
        (("answer", "--delivered", ago(1)), "no clock waits for the delivery"),
        (("answer", "--channel", "post", "--on", ago(1), "--delivered", ago(3)), "before --on"),
        (("answer", "--channel", "post", "--on", ago(1), "--interim"), "owes no interim reply"),
        (("answer", "--channel", "post", "--on", ago(1), "--clock", "x"), "allowed: "),
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


def test_a_matter_has_clocks_of_its_own(office: Office, reference: str) -> None:
    """Said by a person, from the receipt of the case or a later day; paused and extended alone."""
    added = office.run("case", "matter", reference, "data-subject", "--since", ago(5), "--json")
    assert added.code == 0, added.err
    assert office.run("case", "matter", reference, "data-subject").code == 2
    shown = office.run("case", "show", reference, "--json").document
    assert "data-subject:reply" in [one["name"] for one in shown["clocks"]]
    mine = ("--matter", "data-subject")
    why = ("--why", "proof of identity asked for")
    paused = office.run("case", "pause", reference, *why, *mine, "--since", ago(3), "--json")
    assert (paused.code, paused.document["paused_since"]) == (0, None)
    assert paused.document["due_at"][:10] == str(ago(-20))
    office.run("case", "resume", reference, *mine, "--on", ago(1))
    extended = office.run("case", "extend", reference, "--why", "many papers", *mine)
    assert "data-subject:reply interim: runs until" in extended.text
    shown = office.run("case", "show", reference, "--json").document
    assert shown["matter_pauses"]["data-subject"]["pauses"] == [[str(ago(3)), str(ago(2))]]
    longer = {one["name"] for one in shown["clocks"] if one["is_extended"]}
    assert longer == {"data-subject:reply"}
    office.run("case", "answer", reference, "--channel", "post", "--on", ago(0), *mine)
    assert due(office, reference) == str(ago(-20))
    assert office.run("case", "matter", reference, "data-subject", "--no").code == 0
    shown = office.run("case", "show", reference, "--json").document
    assert "data-subject:reply" not in [one["name"] for one in shown["clocks"]]


def test_an_answer_that_its_regime_does_not_want_so_is_told(office: Office, reference: str) -> None:
    """Kept, and its clock ended; somebody should know (exit code 1)."""
    told = office.run("case", "answer", reference, "--channel", "phone", "--on", ago(1), "--json")
    assert (told.code, "ours wants an answer on a durable medium" in told.err) == (1, True)
    assert told.document["due_at"] is None


def test_an_act_says_in_the_house_s_time_what_it_changed(office: Office, reference: str) -> None:
    """The due date in words; lists and cases in the time of the house, documents in UTC."""
    last = datetime.combine(ago(-20), time(23, 59, 59), ROME)
    ends = f"{last:%A} {last.day} {last:%B %Y}"
    added = office.run("case", "matter", reference, "billing").text
    assert "changed" in added
    assert f"(before: {ends}, at 23:59)" in added
    decided = office.run("case", "decide", reference, "upheld").text
    assert "decision: upheld (before: none)" in decided
    assert "billing: met on " in decided
    assert f"due: {ends}, at 23:59" in decided
    assert f"{ago(-20)} 23:59" in office.run("case", "list").text
    shown = office.run("case", "show", reference).text
    assert f"{ago(-20)} 23:59" in shown
    assert "times of Europe/Rome" in shown
    document = office.run("case", "show", reference, "--json").document
    assert document["due_at"] == last.astimezone(UTC).isoformat()


def test_what_silence_means_is_shown(office: Office) -> None:
    """Of a case whose answer is overdue, in the list, in the case and in documents."""
    late = office.run(
        "case", "new", "--channel", "letter", "--received", ago(40), "--subject", "Bolletta",
        "--queue", "complaints", "--json",
    ).document  # fmt: skip
    assert (late["overdue"], late["silence"]) == (True, "accepted")
    (listed,) = office.run("case", "list", "--json").document["cases"]
    assert listed["silence"] == "accepted"
    assert "counts as accepted" in office.run("case", "list").text
    assert "no answer counts as acceptance" in office.run("case", "show", "1").text
