"""Profiles and clocks: what each regime asks for, on days that are easy to get wrong."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from daemon import config
from daemon.config.deadlines import Profile
from daemon.config.terms import shipped_terms
from daemon.triage.counting import EndlessTerm
from daemon.triage.deadlines import Course, Due, first_due
from daemon.triage.rulebook import Rulebook
from tests.stages.test_config_problems import FILE, SMALL

ROME = ZoneInfo("Europe/Rome")
DESK = """
[hours.house]
open = ["monday-thursday 09:00-13:00 14:00-18:00", "friday 09:00-13:00"]
"""


def book(extra: str = "") -> Rulebook:
    """Return the rulebook of a house in Rome."""
    return Rulebook.of(config.parse(SMALL + extra, FILE))


def counted(name: str, received: str, extra: str = "", **course) -> dict[str, Due]:
    """Return the clocks of a profile by name."""
    rules = book(extra)
    moment = datetime.fromisoformat(received)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ROME)
    dues = rules.count(rules.profiles[name], Course(received=moment, **course))
    return {due.clock: due for due in dues}


@pytest.mark.parametrize(
    ("name", "received", "due"),
    [
        ("it-bank", "2026-06-01", "2026-07-31"),
        ("it-energy", "2026-10-31", "2026-11-30"),
        ("it-energy", "2026-09-04", "2026-10-05"),  # ends on St Francis, a Sunday in 2026
        ("it-energy", "2027-09-04", "2027-10-05"),  # and on a Monday in 2027
        ("it-telecom", "2026-11-10", "2026-12-28"),  # Christmas, St Stephen's, Sunday
        ("it-insurance", "2026-11-18", "2027-01-02"),  # a Saturday is no holiday in Italy
        ("it-water", "2026-12-01", "2027-01-18"),  # thirty days that are worked
        ("pl-consumer", "2026-12-10", "2026-12-28"),  # 24 December is free; then a Sunday
        ("pl-finance", "2026-10-02", "2026-11-02"),  # All Saints' is a Sunday
        ("pl-energy", "2026-10-31", "2026-11-16"),  # a Saturday does not end it in Poland
        ("pl-public-complaint", "2027-01-31", "2027-03-01"),  # 28 February is a Sunday
        ("eu-data-subject", "2026-01-31", "2026-03-02"),  # 28 February is a Saturday
        ("eu-data-subject", "2028-01-31", "2028-02-29"),  # a leap year
        ("eu-data-subject", "2026-04-15", "2026-05-15"),  # thirty days, but
        ("eu-data-subject", "2026-07-15", "2026-08-17"),  # thirty-one; 15 August is a Saturday
        ("eu-payments", "2026-12-23", "2027-01-18"),
    ],
)
def test_a_reply_is_due_on_the_day(name: str, received: str, due: str) -> None:
    """Counted by hand on a calendar, to the last second of the day."""
    reply = next(iter(counted(name, received).values())).due
    assert f"{reply:%Y-%m-%dT%H:%M:%S}" == f"{due}T23:59:59"
    assert reply.tzinfo == ROME


def test_the_day_is_that_of_the_house() -> None:
    """Half past eleven at night in UTC is the next day in Rome."""
    before = counted("it-bank", "2026-06-01T21:30:00+00:00")["reply"]
    after = counted("it-bank", "2026-06-01T22:30:00+00:00")["reply"]
    assert (after.due - before.due).days == 1


def test_one_mail_starts_several_clocks() -> None:
    """Energy: the reply always, corrections only where it is about a bill."""
    clocks = counted("it-energy", "2026-03-02")
    assert {name: f"{due.due:%m-%d}" for name, due in clocks.items()} == {
        "reply": "04-01",
        "billing-correction": "05-02",  # 1 May is a holiday; the Saturday after it is none
        "billing-correction-four-months": "06-01",
        "double-billing": "03-17",
    }
    assert first_due(clocks.values()) == clocks["reply"].due


def test_days_on_which_it_stands_still_are_not_counted() -> None:
    """Both ends of a pause are in it; spans that overlap count once; the term ends on none."""
    plain = counted("eu-withdrawal", "2026-03-02")["refund"].due
    pause = ((date(2026, 3, 10), date(2026, 3, 12)), (date(2026, 3, 11), date(2026, 3, 13)))
    assert (counted("eu-withdrawal", "2026-03-02", pauses=pause)["refund"].due - plain).days == 4
    at_end = ((date(2026, 3, 16), date(2026, 3, 20)),)  # Monday to Friday; then the weekend
    due = counted("eu-withdrawal", "2026-03-02", pauses=at_end)["refund"]
    assert f"{due.due:%m-%d}" == "03-23"
    assert "still" in {day.date: day.note for day in due.days}[date(2026, 3, 16)]


def test_an_extension_counts_from_the_start_and_owes_an_interim_reply() -> None:
    """GDPR: three months in all; told with reasons within the first."""
    reply = counted("eu-data-subject", "2026-03-10", is_extended=True)["reply"]
    assert (f"{reply.due:%m-%d}", f"{reply.interim:%m-%d}") == ("06-10", "04-10")
    assert str(reply.term) == "3 months"
    bank = counted("it-bank", "2026-03-10", is_extended=True)["reply"]
    assert (f"{bank.due:%m-%d}", bank.interim) == ("05-09", None)


def test_a_clock_can_start_another() -> None:
    """Whistleblowing: three months from the acknowledgement, at the latest from day seven."""
    late = counted("eu-whistleblowing", "2026-03-02")
    assert f"{late['acknowledgement'].due:%m-%d}" == "03-09"
    assert f"{late['feedback'].due:%m-%d}" == "06-09"
    met = {"acknowledgement": datetime(2026, 3, 3, 9, tzinfo=ROME)}
    assert f"{counted('eu-whistleblowing', '2026-03-02', met=met)['feedback'].due:%m-%d}" == "06-03"


def test_hours_pass_whatever_the_wall_says() -> None:
    """72 hours over the night on which the clock is put back end an hour earlier on the wall."""
    notice = counted("eu-data-breach", "2026-10-23T10:00")["notice"]
    assert f"{notice.due:%m-%d %H:%M}" == "10-26 09:00"
    assert [day.note for day in notice.days] == ["14 h", "24 h", "25 h", "9 h"]


def test_business_hours_pass_while_the_desk_is_open() -> None:
    """Eight hours from Thursday at four: two are left of it, Friday has four, Monday the rest."""
    reply = counted("sla", "2026-11-05T16:00", DESK)["reply"]
    assert f"{reply.due:%a %H:%M}" == "Mon 11:00"
    assert [day.note for day in reply.days] == ["2 h", "4 h", "Saturday", "Sunday", "2 h"]
    assert [day.number for day in reply.days] == [1, 2, None, None, 3]
    christmas = counted("sla", "2026-12-24T16:00", DESK)["reply"]
    assert christmas.days[1].note == "Christmas Day"
    assert f"{christmas.due:%a %H:%M}" == "Mon 16:00"


def test_business_hours_of_another_zone() -> None:
    """A desk in Helsinki opens an hour before Rome's nine."""
    there = DESK.replace("[hours.house]", '[hours.house]\ntimezone = "Europe/Helsinki"')
    assert f"{counted('sla', '2026-10-26T07:00', there)['reply'].due:%a %H:%M}" == "Mon 17:00"


def test_without_hours_there_are_no_business_hours() -> None:
    """It is said, not guessed."""
    with pytest.raises(EndlessTerm, match="no hours are configured"):
        counted("sla", "2026-10-29")


def test_a_term_that_never_ends_is_said() -> None:
    """All days paused, for longer than anybody lives."""
    with pytest.raises(EndlessTerm, match="no day is left"):
        counted("it-bank", "2026-03-02", pauses=((date(2026, 3, 2), date(2226, 3, 2)),))


@pytest.mark.parametrize(
    ("name", "day", "found"),
    [
        ("it-energy", "2026-01-01", "it-energy"),
        ("it-energy", "2025-12-31", "it-energy-2025"),
        ("it-energy-2025", "2026-01-01", None),
        ("pl-consumer", "2022-12-31", "pl-consumer-2022"),
        ("it-bank", "2020-09-30", None),
    ],
)
def test_the_profile_in_force_on_the_day_of_receipt(name: str, day: str, found: str | None) -> None:
    """An older mail is under the older law, where that is known."""
    rules = book()
    chosen = rules.in_force(rules.profiles[name], date.fromisoformat(day))
    assert (chosen and chosen.name) == found


def test_profiles_that_point_at_one_another_end() -> None:
    """A circle of earlier profiles is none in force, not a loop."""
    one = shipped_terms().deadlines["it-energy"]
    first = one.model_copy(update={"name": "a", "earlier": "b"})
    second = one.model_copy(update={"name": "b", "earlier": "a"})
    rules = Rulebook(profiles={"a": first, "b": second}, calendars={}, hours={}, timezone=None)
    assert rules.in_force(first, date(2020, 1, 1)) is None


def test_the_house_keeps_the_holidays_of_its_zone_unless_it_says_so() -> None:
    """In Rome St Francis is free for EU terms too; a calendar of the house changes that."""
    rome = counted("eu-payments", "2027-09-13")["reply"].due
    german = counted("eu-payments", "2027-09-13", '[calendars.house]\ncountry = "DE"\n')[
        "reply"
    ].due
    assert (f"{rome:%m-%d}", f"{german:%m-%d}") == ("10-05", "10-04")
    own = '[calendars.house]\ncountry = "DE"\nholidays = ["10-04", 2027-10-05]\n'
    assert f"{counted('eu-payments', '2027-09-13', own)['reply'].due:%m-%d}" == "10-06"


def test_the_patron_saint_is_a_holiday_of_the_province() -> None:
    """Sant'Ambrogio, 7 December, in Milan only."""
    milan = '[calendars.house]\ncountry = "IT"\nsubdivision = "MI"\n'
    days = {
        extra: counted("eu-payments", "2026-12-04", extra)["reply"].due for extra in ("", milan)
    }
    assert days[milan] > days[""]


@pytest.mark.parametrize("profile", shipped_terms().deadlines.values(), ids=lambda one: one.name)
def test_each_shipped_profile_can_be_counted(profile: Profile) -> None:
    """It has a source, and its clocks end after they start, extended or not, whatever the zone."""
    assert len(profile.source) > 15
    rules = book(DESK)
    received = datetime(2026, 11, 20, 12, tzinfo=UTC)
    chosen = rules.in_force(profile, received.date()) or profile
    for is_extended in (False, True):
        for due in rules.count(chosen, Course(received=received, is_extended=is_extended)):
            assert due.due > received
            assert due.days[-1].date >= received.date()
