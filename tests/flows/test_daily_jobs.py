"""A daily job runs once per local date, over restarts, failures and a store that was away."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from daemon.errors import StoreBusy
from daemon.intake.mixes import mix_of
from daemon.intake.records import Unread
from daemon.jobs import House, renew_mix
from daemon.policy import decide
from daemon.store.runs import forget_interrupted, once_a_day
from daemon.store.tables import deliveries, folders, mails, readings
from daemon.triage.mix import HouseMix
from tests.houses import Desk, open_house, settings_of
from tests.stages.triage_builders import reading

MORNING = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
MAIL = Unread(
    mail_id=1,
    account="info",
    folder="INBOX",
    digest=bytes(32),
    raw=None,
    size=1,
    attempts=1,
    cut=None,
    received_at=MORNING,
)


@pytest.fixture
def house(tmp_path: Path):
    """Give a house whose account nobody asks."""
    with open_house(settings_of(tmp_path, {"info": Desk(port=1)})) as opened:
        yield opened


def test_a_second_tick_of_the_day_does_nothing(house: House):
    """The row of the schedule and date is taken once."""
    runs = []

    assert once_a_day(house.store, "digest", MORNING, lambda: runs.append(1))
    assert not once_a_day(
        house.store, "digest", MORNING + timedelta(hours=2), lambda: runs.append(2)
    )
    assert once_a_day(house.store, "digest", MORNING + timedelta(days=1), lambda: runs.append(3))
    assert runs == [1, 3]


def test_a_job_that_failed_is_tried_again(house: House):
    """A failure leaves the day open."""

    def fail() -> None:
        raise StoreBusy("the disk is full")

    with pytest.raises(StoreBusy):
        once_a_day(house.store, "digest", MORNING, fail)

    assert once_a_day(house.store, "digest", MORNING, lambda: None)


def test_a_start_takes_up_only_its_own_schedules(house: House):
    """What another role's process is running is left to it."""
    ran = []

    def look_from_a_second_start() -> None:
        forget_interrupted(house.store, ("sweep", "reconcile"))
        ran.append(once_a_day(house.store, "digest", MORNING, lambda: None))
        forget_interrupted(house.store, ("digest",))
        ran.append(once_a_day(house.store, "digest", MORNING, lambda: None))

    once_a_day(house.store, "digest", MORNING, look_from_a_second_start)

    assert ran == [False, True]


def test_a_job_that_never_ended_is_taken_for_dead_after_an_hour(house: House):
    """The row says `running`, but nobody can be at it any more."""
    ran = []

    def look_later() -> None:
        soon, later = MORNING + timedelta(minutes=30), MORNING + timedelta(minutes=90)
        ran.append(once_a_day(house.store, "digest", soon, lambda: None))
        ran.append(once_a_day(house.store, "digest", later, lambda: None))

    once_a_day(house.store, "digest", MORNING, look_later)

    assert ran == [False, True]


def test_the_mix_of_the_house_is_renewed_from_what_was_read(house: House):
    """Of the newest model's readings only, and not of automatic mail."""
    assert house.pipeline.policy.mix.shares == {}
    newsletter = {"complaint": 0.05, "request": 0.05, "newsletter": 0.85, "other": 0.05}
    complaint = {"complaint": 0.85, "request": 0.05, "newsletter": 0.05, "other": 0.05}
    was_read(house, 300, {"scores": complaint, "model": "older"})
    was_read(house, 300, {"scores": complaint, "model": "newer"}, automatic="bounce")
    was_read(house, 150, {"scores": newsletter, "model": "newer"})
    renew_mix(house)
    assert house.pipeline.policy.mix.shares == {}  # too few

    was_read(house, 150, {"scores": newsletter, "model": "newer"})
    was_read(house, 10, {"scores": None, "model": None})
    renew_mix(house)
    mix = house.pipeline.policy.mix
    assert mix.shares["newsletter"] > 0.85
    assert mix.seen_by("older") == {}  # another model errs in other ways
    doubtful = {"complaint": 0.03, "request": 0.20, "newsletter": 0.55, "other": 0.22}
    for model, label in (("newer", "newsletter"), ("older", None)):
        judged = decide(house.pipeline.policy, MAIL, reading(scores=doubtful, model=model))
        assert judged.verdict is not None
        assert judged.verdict.label == label


def test_a_row_of_the_past_that_cannot_be_read_costs_the_mix_only(house: House):
    """The house must open, whatever an older version wrote."""
    was_read(house, 300, {"scores": {"complaint": None}, "model": "newer"})
    assert mix_of(house.store) == HouseMix()


def was_read(house: House, many: int, detail: dict[str, object], automatic: str | None = None):
    """Write readings as the recorder would, as far as scores go."""
    with house.store.write() as connection:
        first = (connection.execute(select(func.max(mails.c.id))).scalar() or 0) + 1
        numbers = range(first, first + many)
        names = {"size": 1, "account": "info", "state": "read", "attempts": 1}
        moments = {"stored_at": MORNING, "received_at": MORNING}
        connection.execute(
            insert(mails),
            [{"id": n, "digest": n.to_bytes(32, "big"), **names, **moments} for n in numbers],
        )
        texts = {"subject": "", "snippet": "", "detail": json.dumps(detail), "read_at": MORNING}
        folder = {"account": "info", "name": f"INBOX{first}", "uidvalidity": 1}
        key = connection.execute(insert(folders).values(folder)).inserted_primary_key
        seen = {"folder_id": key[0] if key else 0, "seen_at": MORNING, "origin": "arrived"}
        connection.execute(insert(deliveries), [{**seen, "uid": n, "mail_id": n} for n in numbers])
        connection.execute(
            insert(readings),
            [
                {"mail_id": n, "content_digest": bytes(32), "automatic": automatic, **texts}
                for n in numbers
            ],
        )
