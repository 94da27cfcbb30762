"""What has happened to a case, and when its clocks end then; and rules on how it is answered."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.deadlines import Profile
from daemon.config.terms import shipped_terms
from daemon.triage.casework import CaseRules, clocks_for
from daemon.triage.channels import broken_rules
from daemon.triage.deadlines import Course
from daemon.triage.recounting import (
    Ran,
    days_left,
    ended_pause,
    interim_of,
    local_day,
    named_in_profile,
    part_of,
    recounted,
)
from tests.stages.test_deadlines import DESK, book

RULES = CaseRules(rulebook=book(DESK))
RECEIVED = datetime(2026, 3, 2, 9, tzinfo=UTC)
PROFILES = sorted(shipped_terms().deadlines)


@given(
    st.sampled_from(PROFILES),
    st.integers(0, 300),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=2),
    st.booleans(),
)
def test_a_clock_counted_again_ends_where_its_profile_says(
    name: str, late: int, spans: list[tuple[int, int]], extended: bool
) -> None:
    """For each shipped profile, pauses and extension, as the oracle's own function counts it."""
    received = RECEIVED + timedelta(days=late)
    first = received.date()
    pauses = tuple(
        (first + timedelta(begin), first + timedelta(begin + days)) for begin, days in spans
    )
    _, plain, _ = clocks_for(RULES, name, Course(received=received))
    course = Course(received=received, pauses=pauses, is_extended=extended)
    _, wanted, _ = clocks_for(RULES, name, course)
    pairs = zip(plain, wanted, strict=True)
    clocks = [replace(one, is_extended=two.is_extended) for one, two in pairs]
    ran = Ran(received_at=received, pauses={"": pauses})
    dues = recounted(RULES, clocks, ran)
    assert {one: due.due for one, due in dues.items()} == {one.name: one.due_at for one in wanted}


def test_pauses_and_meetings_of_one_part_move_no_clock_of_another() -> None:
    """The same profile for the case and for a matter: each has its own course."""
    _, clocks, _ = clocks_for(RULES, "eu-whistleblowing", Course(received=RECEIVED))
    matter = [replace(one, name=f"whistleblowing:{one.name}") for one in clocks]
    pause = (date(2026, 3, 3), date(2026, 3, 4))
    ran = Ran(
        received_at=RECEIVED,
        pauses={"": (pause,)},
        met={"whistleblowing:acknowledgement": RECEIVED + timedelta(days=1)},
    )
    dues = recounted(RULES, [*clocks, *matter], ran)
    assert {name: f"{due.due:%m-%d}" for name, due in dues.items()} == {
        "acknowledgement": "03-11",
        "feedback": "06-11",
        "whistleblowing:acknowledgement": "03-09",
        "whistleblowing:feedback": "06-03",
    }


def test_an_interim_reply_is_due_within_the_first_term() -> None:
    """Moved by the pauses of its clock."""
    _, clocks, _ = clocks_for(RULES, "eu-data-subject", Course(received=RECEIVED, is_extended=True))
    interim = replace(clocks[0], name=interim_of("reply"), is_extended=False)
    paused = Ran(received_at=RECEIVED, pauses={"": ((date(2026, 3, 4), date(2026, 3, 6)),)})
    dues = recounted(RULES, [clocks[0], interim], paused)
    assert [f"{due.due:%m-%d}" for due in dues.values()] == ["06-05", "04-07"]


def test_what_is_not_configured_any_more_ends_as_it_did() -> None:
    """Without a rulebook as well."""
    _, clocks, _ = clocks_for(RULES, "it-bank", Course(received=RECEIVED))
    gone = [replace(one, profile="gone") for one in clocks]
    assert recounted(RULES, gone, Ran(received_at=RECEIVED)) == {}
    assert recounted(CaseRules(), clocks, Ran(received_at=RECEIVED)) == {}
    endless = Ran(received_at=RECEIVED, pauses={"": ((date(2026, 3, 2), date(2126, 3, 2)),)})
    assert recounted(RULES, clocks, endless) == {}


def test_names_say_whose_clock_it_is() -> None:
    """A matter before a colon, the interim reply behind a space."""
    assert [part_of(name) for name in ("reply", "data-subject:reply")] == ["", "data-subject"]
    assert named_in_profile("data-subject:reply interim") == "reply"


def test_a_pause_ends_by_itself_where_its_days_are_up() -> None:
    """Of all its pauses together; a pause of no whole day is none."""
    profile = shipped_terms().deadlines["it-civic-access"]
    pauses = ended_pause(date(2026, 3, 2), date(2026, 3, 9), days_left(profile, ()))
    assert pauses == ((date(2026, 3, 2), date(2026, 3, 8)),)
    left = days_left(profile, pauses)
    assert left == 3
    last = ended_pause(date(2026, 4, 1), date(2026, 4, 30), left)
    assert last == ((date(2026, 4, 1), date(2026, 4, 3)),)
    assert days_left(profile, (*pauses, *last)) == 0
    assert ended_pause(date(2026, 3, 2), date(2026, 3, 2), None) == ()
    assert days_left(shipped_terms().deadlines["eu-withdrawal"], pauses) is None


def test_the_day_is_that_of_the_house() -> None:
    """Half past eleven at night in UTC is the next day in Rome."""
    night = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert local_day(RULES, night) == night.astimezone(ZoneInfo("Europe/Rome")).date()
    assert local_day(CaseRules(), night) == date(2026, 3, 2)


CAME, GIVEN = (
    ("mail", "pec", "letter", "phone", "counter"),
    ("mail", "pec", "post", "phone", "counter"),
)
FITS = {
    "any": set(product(CAME, GIVEN)),
    "durable": set(product(CAME, ("mail", "pec", "post"))),
    "paper unless asked": set(product(CAME, ("post",))),
    "as received": {
        ("mail", "mail"), ("mail", "pec"), ("pec", "pec"), ("letter", "post"), ("phone", "phone"),
        ("counter", "counter"),
    },
}  # fmt: skip


@pytest.mark.parametrize("rule", FITS)
def test_how_an_answer_must_go_out(rule: str) -> None:
    """Each rule for each way in and out; a person may say that the customer asked for it."""
    profile = shipped_terms().deadlines["it-bank"].model_copy(update={"channel": rule})

    def broken(came: str, given: str, **more: bool) -> bool:
        said = {"on_paper": False, "is_asked": False, **more}
        return bool(broken_rules([profile], came, given, **said))

    kept = {(came, given) for came, given in product(CAME, GIVEN) if not broken(came, given)}
    assert kept == FITS[rule]
    is_durable = rule == "durable"
    assert broken("mail", "phone", is_asked=True) == is_durable
    assert not broken("letter", "counter", on_paper=True)


def test_a_rule_is_said_once_in_words() -> None:
    """With the profile that wants it."""
    bank: Profile = shipped_terms().deadlines["pl-finance"]
    said = broken_rules([bank, bank], "mail", "mail", on_paper=False, is_asked=False)
    assert said == (
        "pl-finance wants an answer on paper, unless the customer asked for another way",
    )
