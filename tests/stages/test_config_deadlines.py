"""`[calendars]`, `[hours]` and `[deadlines]`: what is refused, and in which words."""

import pytest

from daemon import config
from daemon.config.deadlines import WEEKDAYS, Term, term_of
from daemon.config.terms import shipped_terms
from tests.stages.test_config_problems import FILE, SMALL, problems

PROFILE = """
[deadlines.ours]
title = "Ours"
source = "our terms"
[deadlines.ours.clocks.reply]
term = "5 working days"
"""


def said(text: str) -> str:
    """Return the one problem of the small configuration with a text behind it: key: message."""
    found = problems(SMALL + text)
    assert len(found) == 1, found
    return f"{found[0][1]}: {found[0][2]}"


def test_a_profile_of_the_house_takes_the_place_of_a_shipped_one() -> None:
    """By its name."""
    text = PROFILE.replace("ours", "it-bank").replace("5 working days", "1 month")
    profile = config.parse(SMALL + text, FILE).deadlines["it-bank"]
    assert profile.clocks["reply"].term == Term(1, "months")


@pytest.mark.parametrize("unit", ["hours", "business hours", "days", "working days", "months"])
def test_terms_are_read_as_they_are_written(unit: str) -> None:
    """In the singular where there is one."""
    assert str(term_of(f"12 {unit}")) == f"12 {unit}"
    assert str(term_of(f"1 {unit.removesuffix('s')}")) == f"1 {unit.removesuffix('s')}"
    assert term_of(f"1 {unit}") == term_of(f"1 {unit.removesuffix('s')}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"5 working days"', "5", 'clocks.reply.term: must be a term such as "30 days"'),
        ('"5 working days"', '"five days"', "clocks.reply.term: must be a term"),
        ('"5 working days"', '"5 weeks"', "clocks.reply.term: must be a term"),
        ('"5 working days"', '"0 days"', "clocks.reply.term: '0 days' is out of range"),
        ('"5 working days"', '"99999 days"', "clocks.reply.term: '99999 days' is out of range"),
        ('"5 working days"', '"5 business hours"', "clocks.reply: counts business hours; write"),
        ('title = "Ours"\n', "", "title: is missing"),
        ('source = "our terms"\n', "", "source: is missing"),
        ('source = "our terms"', 'source = "x"\nfrom = 1', "from: unknown key"),
        ('source = "our terms"', 'source = "x"\nrolls_over = "yes"', 'rolls_over: must be one of'),
        ('source = "our terms"', 'source = "x"\ncalendar = "xx"', "calendar: 'xx' is not a cal"),
        ('source = "our terms"', 'source = "x"\nearlier = "it-bank"', "earlier: has no use witho"),
        (
            'source = "our terms"',
            'source = "x"\nvalid_from = 2026-01-01\nearlier = "it-bnk"',
            "earlier: 'it-bnk' is not another profile; did you mean it-bank?",
        ),
        (
            'source = "our terms"',
            'source = "x"\nvalid_from = 2026-01-01\nearlier = "ours"',
            "earlier: 'ours' is not another profile",
        ),
        (
            'source = "our terms"',
            'source = "x"\nvalid_from = 2026-02-01\nvalid_until = 2026-01-01',
            "valid_until: is before valid_from",
        ),
        (
            'term = "5 working days"',
            'term = "5 days"\nstarts = "answer"',
            "clocks.reply.starts: 'answer' is not a clock of this profile",
        ),
        (
            'term = "5 working days"',
            'term = "5 days"\nstarts = "reply"',
            "clocks.reply.starts: never starts",
        ),
        (
            'term = "5 working days"',
            'term = "5 days"\ninterim_reply = true',
            "clocks.reply.interim_reply: has no use without extended",
        ),
        (
            'source = "our terms"',
            'source = "x"\nvalid_from = 2026-01-01T00:00:00\nvalid_until = 2026-02-01',
            "valid_from: must be a date",
        ),
        (
            'source = "our terms"',
            'source = "x"\nhours = "nowhere"',
            "hours: 'nowhere' is not one of [hours]",
        ),
        (
            'term = "5 working days"',
            'term = "30 days"\nextended = "10 days"',
            "clocks.reply.extended: is less than term",
        ),
        ("clocks.reply", "clocks.receipt", "clocks.receipt: has its meaning already"),
        ('term = "5 working days"', 'term = "5 days"\nname = "x"', "clocks.reply.name: unknown"),
    ],
)  # fmt: skip
def test_what_a_profile_may_not_say(old: str, new: str, message: str) -> None:
    """Each with the key, and what is allowed."""
    assert old in PROFILE
    assert said(PROFILE.replace(old, new)).startswith(f"deadlines.ours.{message}")


def test_a_profile_without_clocks_is_refused() -> None:
    """It would never be due."""
    text = PROFILE.partition("[deadlines.ours.clocks")[0]
    assert "deadlines.ours.clocks: is missing" in said(text)
    assert "must hold at least one" in said(f"{text}clocks = {{}}\n")


def test_clocks_that_wait_for_one_another_are_refused() -> None:
    """Neither would ever start."""
    circle = '[deadlines.ours.clocks.last]\nterm = "1 day"\nstarts = "reply"\n'
    text = PROFILE.replace('days"', 'days"\nstarts = "last"') + circle
    keys = {key for _, key, message in problems(SMALL + text) if "never starts" in message}
    assert keys == {"deadlines.ours.clocks.reply.starts", "deadlines.ours.clocks.last.starts"}


@pytest.mark.parametrize(
    ("calendar", "message"),
    [
        ("", "calendars.house.country: is missing"),
        ('country = "Italy"', "calendars.house.country: 'Italy' is not a country"),
        ('country = "IT"\nsubdivision = "XX"', "calendars.house.subdivision: 'XX' is not a part"),
        ('country = "IT"\nholidays = ["02-30"]', "calendars.house.holidays[0]: '02-30' is not a d"),
        ('country = "IT"\nholidays = ["Monday"]', "calendars.house.holidays[0]: must be a date"),
        ('country = "IT"\nweekend = ["sun"]', "calendars.house.weekend[0]: 'sun' is not a day of"),
        (
            'country = "IT"\nweekend = ' + str(list(WEEKDAYS)),
            "calendars.house.weekend: ",
        ),
        ('country = "IT"\nname = "x"', "calendars.house.name: unknown key"),
    ],
)
def test_what_a_calendar_may_not_say(calendar: str, message: str) -> None:
    """Each with the key, and what is allowed."""
    assert said(f"[calendars.house]\n{calendar}\n").startswith(message)


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ("[]", "must be a list of days with spans"),
        ("5", "must be a list of days with spans"),
        ("[5]", "5 has no spans in order"),
        ('["monday"]', "'monday' has no spans in order"),
        ('["monday 9-12"]', "'9-12' is not a span"),
        ('["monday 09:00-25:00"]', "must be a time of day"),
        ('["monday 12:00-09:00"]', "'monday 12:00-09:00' has no spans in order"),
        ('["monday 09:00-13:00 13:00-18:00"]', "has no spans in order"),
        ('["mon 09:00-13:00"]', "'mon' is not a day of the week"),
        ('["friday-monday 09:00-13:00"]', "'friday-monday' goes backwards"),
        ('["monday-friday 09:00-13:00", "friday 14:00-18:00"]', "friday is in two lines"),
    ],
)
def test_what_hours_may_not_say(spans: str, message: str) -> None:
    """Each with the key, and what is allowed."""
    told = said(f"[hours.house]\nopen = {spans}\n")
    assert told.startswith("hours.house.open: ")
    assert message in told


def test_a_house_whose_country_is_unknown_must_name_it() -> None:
    """Its time zone does not tell which holidays it keeps."""
    text = SMALL.replace("Europe/Rome", "America/New_York") + PROFILE
    ((_, key, message),) = problems(text)
    assert (key, message.partition(";")[0]) == (
        "deadlines.ours",
        "counts in the calendar of the house",
    )
    config.parse(text + '[calendars.house]\ncountry = "US"\n', FILE)


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("it-energi", "'it-energi' is not a profile; did you mean it-energy?"),
        ("sla", "sla counts business hours; write [hours.house]"),
        ("ours", ""),
    ],
)
def test_the_deadlines_of_a_queue_are_checked(profile: str, message: str) -> None:
    """A queue without a clock that was meant to have one would be seen too late."""
    text = SMALL.replace('folder = "Queues/C', f'deadline = "{profile}"\nfolder = "Queues/C')
    if message:
        ((_, key, told),) = problems(text)
        assert (key, message in told) == ("queues.complaints.deadline", True)
    else:
        assert config.parse(text + PROFILE, FILE).queues["complaints"].deadline == "ours"


@pytest.mark.parametrize("key", ["pause_days", "pause_times"])
def test_a_limit_of_pauses_needs_a_reason_for_them(key: str) -> None:
    """Without one the clocks cannot be paused at all."""
    text = PROFILE.replace('source = "our terms"', f'source = "our terms"\n{key} = 3')
    wanted = f"deadlines.ours.{key}: has no use without pauses; allowed: with a list of reasons"
    assert said(text) == wanted
    config.parse(SMALL + text.replace(key, f'pauses = ["identity"]\n{key}'), FILE)


def test_the_limits_of_italian_procedure_are_no_words_only() -> None:
    """Law 241/1990, art. 2(7): once, thirty days; access to documents of others: ten days."""
    known = shipped_terms().deadlines
    once, heard = known["it-public-procedure"], known["it-civic-access"]
    assert (once.pause_days, once.pause_times) == (30, 1)
    assert (heard.pause_days, heard.pause_times) == (10, 0)
    assert not any("most" in why for one in known.values() for why in one.pauses)
