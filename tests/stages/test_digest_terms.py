"""Terms in the digest: what is soon, how many days are left, and what a date follows from."""

import tomllib
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.cases.records import CaseClock, CaseCourse, Standstill
from daemon.config import parse
from daemon.config.deadlines import Calendar, Profile
from daemon.digest.fold import columns, fold
from daemon.digest.reasons import Timed, reason_of
from daemon.digest.records import DueCase, Reason
from daemon.digest.terms import left_of, why_due
from daemon.digest.window import DAYS, soon_until
from daemon.digest.words import LANGUAGES, words
from daemon.triage.calendar import WorkCalendar
from daemon.triage.deadlines import Course
from daemon.triage.rulebook import Rulebook
from tests.stages.digest_builders import CONFIG

ROME = ZoneInfo("Europe/Rome")
ITALY = WorkCalendar(Calendar(name="house", country="IT"))
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=ROME)
END = datetime(2026, 11, 23, 23, 59, 59, tzinfo=ROME)
BOOK = Rulebook.of(parse(CONFIG, Path("/nowhere/backdesk.toml")))


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("2026-11-23", "2026-11-26"),  # Monday: to Thursday
        ("2026-11-25", "2026-11-30"),  # Wednesday: Saturday is free, and so is Sunday
        ("2026-11-26", "2026-11-30"),
        ("2026-11-27", "2026-11-30"),  # Friday: what falls due by Monday
        ("2026-11-28", "2026-12-01"),
        ("2026-12-04", "2026-12-07"),  # Friday; Tuesday the 8th is a holiday
        ("2026-12-05", "2026-12-09"),
        ("2026-12-22", "2026-12-28"),  # before Christmas
        ("2026-04-02", "2026-04-07"),  # before Easter
    ],
)
def test_what_is_soon_reaches_over_free_days(day: str, last: str) -> None:
    """Three days, and on to the next day that is worked."""
    assert soon_until(date.fromisoformat(day), ITALY) == date.fromisoformat(last)


@given(day=st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_whoever_works_hears_of_a_term_before_it_ends(day: date) -> None:
    """Whatever ends up to the working day after the next is in the digest of a day."""
    last = soon_until(day, ITALY)
    assert ITALY.free(last) is None
    assert last >= day + timedelta(days=DAYS)
    coming = (day + timedelta(days=n) for n in range(2, 20))
    assert last >= next(one for one in coming if ITALY.free(one) is None)


def test_a_house_that_is_always_closed_has_an_end_of_soon() -> None:
    """The search for a day that is worked ends."""
    every = tuple((date(2000, 1, 1) + timedelta(days=n)) for n in range(366))
    closed = Calendar(name="house", country="IT", holidays=tuple(f"{day:%m-%d}" for day in every))
    assert soon_until(date(2026, 11, 23), WorkCalendar(closed)) == date(2026, 12, 27)


@pytest.mark.parametrize(
    ("due", "english", "italian", "polish"),
    [
        (END - timedelta(days=22), "22 days late", "22 giorni di ritardo", "22 dni po terminie"),
        (END - timedelta(days=1), "1 day late", "1 giorno di ritardo", "1 dzień po terminie"),
        (NOW - timedelta(hours=1), "06:30 today, late", "06:30 oggi, scaduto", "06:30 dziś, po"),
        (NOW + timedelta(hours=3), "10:30 today", "10:30 oggi", "10:30 dziś"),
        (END, "today", "oggi", "dziś"),
        (END + timedelta(days=1), "1 day left", "1 giorno alla scadenza", "1 dzień do terminu"),
        (END + timedelta(days=3), "3 days left", "3 giorni alla scadenza", "3 dni do terminu"),
    ],
)
def test_days_are_those_of_the_calendar(
    due: datetime, english: str, italian: str, polish: str
) -> None:
    """What ends tomorrow has one day left, whatever the hour; today it is the time that counts."""
    for language, said in (("en", english), ("it", italian), ("pl", polish)):
        left = left_of(due, NOW, ROME, words(language))
        assert f"{left.mark} {left.unit}".strip().startswith(said)


def timed(profile: str, received: datetime, *pauses: tuple[date, date]) -> Timed:
    """Return a case as the register keeps it, its clocks counted by the rulebook."""
    counted = Course(received=received, pauses=pauses)
    clocks = tuple(
        CaseClock(
            name=due.clock,
            term=str(due.term),
            only_if=due.only_if,
            met_by=BOOK.profiles[profile].clocks[due.clock].met_by,
            due_at=due.due,
            profile=profile,
        )
        for due in BOOK.count(BOOK.profiles[profile], counted)
    )
    first = min(clock.due_at for clock in clocks if not clock.only_if)
    course = CaseCourse(parts={"": Standstill(pauses=pauses)})
    return Timed(received_at=received, due_at=first, course=course, clocks=clocks)


RECEIVED = datetime(2026, 10, 12, 9, 0, tzinfo=ROME)


def why(case: Timed, language: str = "en") -> str:
    """Return what the digest says of a case's date."""
    line = DueCase(
        reference="",
        kind="complaint",
        subject="",
        customer="",
        customer_name="",
        queue="",
        owner="",
        due_at=case.due_at,
        reason=reason_of(case, BOOK),
    )
    return why_due(line, ROME, words(language))


def test_a_date_says_what_it_follows_from() -> None:
    """Clock, start, profile."""
    case = timed("it-energy", RECEIVED)
    assert why(case).startswith("due ")
    assert why(case).endswith("of Mon 12 Oct (it-energy)")
    assert "days" in why(case)


def test_pauses_extensions_and_free_days_are_told() -> None:
    """Each in short, in all languages, and only where it moved the end."""
    pauses = ((date(2026, 10, 20), date(2026, 10, 21)),)
    paused = timed("it-energy", RECEIVED, *pauses)
    assert "paused for 2 days" in why(paused)
    assert "sospeso per 2 giorni" in why(paused, "it")
    assert "zawieszony na 2 dni" in why(paused, "pl")
    earlier = (date(2026, 9, 1), date(2026, 9, 9))
    assert "paused" not in why(timed("it-energy", RECEIVED, earlier))


def test_what_cannot_be_counted_anew_claims_no_start() -> None:
    """A later mail has pressed, or the configuration has changed: term and profile only."""
    case = timed("it-energy", RECEIVED)
    sooner = case.due_at - timedelta(days=4)
    pressed = replace(
        case,
        due_at=sooner,
        clocks=tuple(replace(clock, due_at=sooner) for clock in case.clocks),
    )
    assert " of " not in why(pressed)
    assert "(it-energy)" in why(pressed)
    other = tuple(replace(clock, profile="no-such-profile") for clock in case.clocks)
    gone = replace(case, clocks=other)
    assert "(no-such-profile)" in why(gone)
    assert " of " not in why(gone)
    assert reason_of(replace(case, clocks=()), BOOK) is None


def test_a_clock_of_a_matter_is_named() -> None:
    """The right that somebody uses stands beside the profile of its clock."""
    of_matter = timed("eu-data-subject", RECEIVED)
    clocks = tuple(replace(c, name=f"data-subject:{c.name}") for c in of_matter.clocks)
    case = replace(of_matter, clocks=clocks)
    assert why(case).endswith("(data subject's right, eu-data-subject)")
    assert "entro 1 mese da lun 12 ott" in why(case, "it")
    assert "w ciągu 1 miesiąca od pon. 12 paź" in why(case, "pl")


def own(text: str) -> Rulebook:
    """Return a rulebook with a profile of the house."""
    profile = Profile.model_validate({"name": "own", **tomllib.loads(text)})
    return replace(BOOK, profiles={"own": profile})


def test_a_term_that_rolled_over_says_so() -> None:
    """Thirty days from Thursday 22 October end on a Saturday; the profile moves them on."""
    book = own(
        'title = "x"\nsource = "x"\nrolls_over = "holidays and saturdays"\n'
        '[clocks.answer]\nname = "answer"\nterm = "30 days"\nextended = "45 days"\n'
    )
    received = datetime(2026, 10, 22, 9, 0, tzinfo=ROME)
    (due,) = book.count(book.profiles["own"], Course(received=received))
    clock = CaseClock(
        name="answer", term="30 days", only_if="", met_by="answer", due_at=due.due, profile="own"
    )
    case = Timed(
        received_at=received,
        due_at=due.due,
        course=CaseCourse(),
        clocks=(clock,),
    )
    reason = reason_of(case, book)
    assert reason is not None
    assert (reason.is_rolled, reason.is_extended, reason.paused_days) == (True, False, 0)
    assert reason.since == received

    (due,) = book.count(book.profiles["own"], Course(received=received, is_extended=True))
    longer = replace(
        case,
        due_at=due.due,
        clocks=(replace(clock, due_at=due.due, term="45 days", is_extended=True),),
    )
    extended = reason_of(longer, book)
    assert extended is not None
    assert (extended.amount, extended.is_extended) == (45, True)


def test_a_clock_that_another_starts_counts_from_there() -> None:
    """The start is when the first was met."""
    book = own(
        'title = "x"\nsource = "x"\n'
        '[clocks.first]\nname = "first"\nterm = "7 days"\nmet_by = "acknowledgement"\n'
        '[clocks.answer]\nname = "answer"\nterm = "10 days"\nstarts = "first"\n'
    )
    met = RECEIVED + timedelta(days=2)
    dues = {
        d.clock: d
        for d in book.count(book.profiles["own"], Course(received=RECEIVED, met={"first": met}))
    }
    clocks = tuple(
        CaseClock(
            name=name,
            term=str(due.term),
            only_if="",
            met_by="answer",
            due_at=due.due,
            profile="own",
            met_at=met if name == "first" else None,
        )
        for name, due in dues.items()
    )
    case = Timed(
        received_at=RECEIVED,
        due_at=dues["answer"].due,
        course=CaseCourse(),
        clocks=clocks,
    )
    reason = reason_of(case, book)
    assert reason is not None
    assert reason.since == met


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", ["hours", "business hours", "days", "working days", "months"])
def test_every_term_has_words(language: str, unit: str) -> None:
    """All units, one and many, with a start by the hour for hours."""
    for amount in (1, 2, 5, 22):
        reason = Reason(
            profile="own", clock="answer", met_by="decision", amount=amount, unit=unit, since=NOW
        )
        line = DueCase(
            reference="", kind="", subject="", customer="", customer_name="", queue="", owner="",
            due_at=END, reason=reason,
        )  # fmt: skip
        told = why_due(line, ROME, words(language))
        assert str(amount) in told
        assert ("07:30" in told) == ("hours" in unit)


@given(text=st.text(), first=st.sampled_from(["", " * ", "   12  "]), width=st.integers(12, 76))
def test_folded_lines_fit_and_lose_nothing(text: str, first: str, width: int) -> None:
    """Whatever the letters are: no line is wider, and read together they are the text."""
    rest = " " * len(first)
    folded = fold(text, first, rest, width)
    lines = folded.split("\n")
    assert folded.startswith(first.rstrip())
    assert "".join("".join(lines).split()) == "".join((first + text).split())
    assert all(columns(line) <= width for line in lines)


def test_columns_are_those_of_a_terminal() -> None:
    """Wide letters take two, accents that stand alone none."""
    assert [columns(text) for text in ("abc", "件名", "e\u0301", "")] == [3, 4, 1, 0]
