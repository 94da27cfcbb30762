"""Who gets a digest when, and who reads it in whose place."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from daemon.digest.readers import readers_of, recipient_of
from tests.stages.digest_builders import settings

PEOPLE = """
[people.anna]
address = "anna@desk.example"
queues = ["unsure"]
digest_at = "08:15"
timezone = "Europe/Helsinki"
language = "pl"
deputy = "bruno"
absences = ["2026-12-21/2026-12-24"]
[people.bruno]
address = "bruno@desk.example"
language = "en"
[people.carla]
address = "carla@desk.example"
digest = false
"""


def test_people_come_beside_the_addresses() -> None:
    """Each with their queues and hour; who wants none gets none."""
    readers = {one.address: one for one in readers_of(settings(PEOPLE))}
    assert list(readers)[3:] == ["anna@desk.example", "bruno@desk.example"]
    anna, bruno = readers["anna@desk.example"], readers["bruno@desk.example"]
    assert (anna.scope.queues, anna.scope.owner) == (frozenset({"unsure"}), "anna")
    assert bruno.scope.is_house
    assert (anna.language, bruno.language) == ("pl", "en")
    assert anna.key(date(2026, 11, 23)) == "digest:2026-11-23:anna@desk.example"


@pytest.mark.parametrize(("minute", "is_due"), [(14, False), (15, True), (16, True)])
def test_the_hour_is_that_of_the_reader(minute: int, *, is_due: bool) -> None:
    """08:15 in Helsinki is 07:15 in Rome."""
    anna = readers_of(settings(PEOPLE))[3]
    assert anna.is_due(datetime(2026, 11, 23, 6, minute, tzinfo=UTC)) is is_due


def test_over_both_changes_of_the_clock_each_local_date_has_one() -> None:
    """The hour comes once a day, whatever is put forward or back."""
    anna = readers_of(settings(PEOPLE))[3]
    for start in (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)):
        times = [start + timedelta(minutes=5 * n) for n in range(12 * 24 * 5)]
        begun = [
            now.astimezone(anna.zone).date()
            for before, now in pairwise(times)
            if anna.is_due(now) and not anna.is_due(before)
        ]
        assert len(begun) == len(set(begun)) == 5


@pytest.mark.parametrize(
    ("day", "address", "language"),
    [
        (date(2026, 12, 20), "anna@desk.example", "pl"),
        (date(2026, 12, 21), "bruno@desk.example", "en"),
        (date(2026, 12, 24), "bruno@desk.example", "en"),
        (date(2026, 12, 25), "anna@desk.example", "pl"),
    ],
)
def test_a_deputy_reads_it_while_somebody_is_away(day: date, address: str, language: str) -> None:
    """In the deputy's language; the key stays that of whose digest it is."""
    office = settings(PEOPLE)
    anna = readers_of(office)[3]
    assert recipient_of(office, anna, day) == (address, language)


def test_where_nobody_is_there_it_goes_to_whose_it_is() -> None:
    """Better in a full mailbox than nowhere."""
    alone = settings(PEOPLE.replace('deputy = "bruno"\n', ""))
    anna = readers_of(alone)[3]
    assert recipient_of(alone, anna, date(2026, 12, 22))[0] == "anna@desk.example"
