"""`backdesk deadline`: tables for people, one JSON document, and clear refusals."""

from pathlib import Path

import pytest

from tests.flows.cli_builders import Office, ended

PROMISE = """
[deadlines.promise]
title = "Our promise"
source = "our terms"
[deadlines.promise.clocks.reply]
term = "5 working days"
[deadlines.promise.clocks.refund]
term = "14 days"
only_if = "refund"
"""


@pytest.fixture
def office(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    """Give a house in Rome with a promise of its own."""
    return Office(tmp_path, capsysbinary, extra=PROMISE)


def test_one_json_document(office: Office) -> None:
    """The fields that scripts rely on, and the count day by day."""
    told = office.run("deadline", "eu-data-subject", "2026-01-31", "--json").document
    assert (told["profile"], told["received"]) == ("eu-data-subject", "2026-01-31T00:00:00+01:00")
    assert told["due"] == "2026-03-02T23:59:59+01:00"
    (clock,) = told["clocks"]
    assert (clock["name"], clock["due"], clock["interim"]) == ("reply", told["due"], None)
    days = clock["days"]
    assert days[0] == {"date": "2026-01-31", "number": None, "note": "the day of the start"}
    assert days[1] == {"date": "2026-02-01", "number": 1, "note": ""}
    assert days[-1] == {"date": "2026-03-02", "number": None, "note": "after Sunday"}
    assert [day["number"] for day in days if day["number"]] == list(range(1, 29))


def test_pauses_and_extension(office: Office) -> None:
    """Each --paused counts, both dates included."""
    plain = office.run("deadline", "promise", "2026-03-02", "--json").document
    paused = office.run(
        "deadline", "promise", "2026-03-02", "--json",
        "--paused", "2026-03-04/2026-03-05", "--paused", "2026-03-09/2026-03-09",
    )  # fmt: skip
    assert plain["due"].startswith("2026-03-09")
    assert paused.document["due"].startswith("2026-03-12")
    assert "names no reason" in paused.err
    longer = office.run("deadline", "pl-finance", "2026-03-02", "--extended", "--json").document
    assert longer["due"].startswith("2026-05-04")  # 1 to 3 May are free
    assert longer["clocks"][0]["interim"].startswith("2026-04-01")
    assert "cannot be extended" in office.run("deadline", "promise", "2026-03-02", "--extended").err


def test_what_runs_only_for_a_matter_is_not_the_due_date(office: Office) -> None:
    """It is a clock of the document, and says what it is for."""
    told = office.run("deadline", "promise", "2026-12-23", "--json").document
    assert {clock["name"]: clock["only_if"] for clock in told["clocks"]} == {
        "reply": None,
        "refund": "refund",
    }
    assert told["due"] == told["clocks"][0]["due"]


def test_people_get_the_count_day_by_day(office: Office) -> None:
    """With the source, and the word about the lawyer."""
    text = office.run("deadline", "pl-consumer", "2026-12-10").text
    assert "Source: Act of 30 May 2014" in text
    assert "a lawyer must check it" in text
    assert "Fri 2026-12-25           after Christmas Eve" in text
    assert "pl-consumer: received Thu 2026-12-10 00:00, due Mon 2026-12-28 23:59" in text


def test_the_list_has_shipped_and_own_profiles(office: Office) -> None:
    """Name, meaning, terms; sources in the JSON."""
    assert "promise" in office.run("deadline", "--list").text
    listed = office.run("deadline", "--list", "--json").document["profiles"]
    names = {one["profile"] for one in listed}
    assert {"it-bank", "pl-finance", "eu-data-breach", "sla", "promise"} <= names
    assert all(one["source"] and one["clocks"] for one in listed)


def test_an_older_mail_is_under_the_older_law(office: Office) -> None:
    """And it is said which that was."""
    ended = office.run("deadline", "it-energy", "2025-06-02", "--json")
    assert ended.document["profile"] == "it-energy-2025"
    assert "it-energy-2025 was in force on 2025-06-02" in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give PROFILE and RECEIVED"),
        (("it-bank",), "give PROFILE and RECEIVED"),
        (("it-bnk", "2026-03-02"), "no profile 'it-bnk'; did you mean it-bank?"),
        (("it-bank", "yesterday"), "'yesterday' is not a moment"),
        (("it-bank", "0001-01-01"), "'0001-01-01' is not a moment"),
        (("it-bank", "2019-03-02"), "it-bank is for mail received from 2020-10-01"),
        (("it-bank", "2026-03-02", "--paused", "2026-03-04"), "is not a pause"),
        (("it-bank", "2026-03-02", "--paused", "2026-03-04/2026-03-03"), "is not a pause"),
        (("it-bank", "2026-03-02", "--paused", "2026-03-04/9999-12-31"), "is not a pause"),
        (("sla", "2026-03-02"), "sla: business hours are counted, and no hours are configured"),
    ],
)
def test_what_cannot_be_counted_is_refused(
    office: Office, arguments: tuple[str, ...], message: str
) -> None:
    """With exit code 2, and what is allowed."""
    ended = office.run("deadline", *arguments)
    assert (ended.code, ended.out) == (2, b"")
    assert message in ended.err


def test_no_configuration_is_needed(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile is then counted in the zone of its country; the house has no holidays."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BACKDESK_CONFIG", raising=False)
    polish = ended(capsysbinary, "deadline", "pl-energy", "2026-10-31", "--json")
    assert polish.document["due"] == "2026-11-16T23:59:59+01:00"
    union = ended(capsysbinary, "deadline", "eu-payments", "2026-12-23", "--json")
    assert union.document["due"] == "2027-01-13T23:59:59+00:00"
    assert "only the weekend is free" in union.err


def test_pauses_beyond_what_a_regime_allows_are_told(office: Office) -> None:
    """Counted as they are given, with a word about it."""
    spans = ("--paused", "2026-03-10/2026-03-20", "--paused", "2026-03-25/2026-04-20")
    told = office.run("deadline", "it-public-procedure", "2026-03-02", *spans)
    assert told.code == 0
    assert "stand still for 30 days in all, 1 times at most" in told.err
