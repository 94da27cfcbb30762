"""What the command line reads from the ledger is the same on both engines."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from daemon.intake.quarantine import Quarantine
from daemon.intake.stories import story_of
from daemon.intake.views import (
    account_states,
    count_mails,
    count_queues,
    decided_since,
    find_mails,
)
from daemon.store.engine import Store
from daemon.store.tables import (
    accounts,
    actions,
    decisions,
    deliveries,
    folders,
    mails,
    quarantine,
    readings,
    sightings,
)
from tests.builders import ENGINES, MORNING, chosen_store, held_lease

DIGESTS = [bytes([number]) * 32 for number in (0x0A, 0xAB, 0xFF)]


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give a ledger with a moved mail, an observed one, and one that was set aside."""
    opened = chosen_store(request, tmp_path)
    _fill(opened)
    yield opened
    opened.close()


def _fill(store: Store) -> None:
    folder = {"id": 1, "account": "info", "name": "INBOX", "uidvalidity": 1, "current": True}
    with store.write() as connection:
        connection.execute(insert(accounts).values(name="info", first_seen_at=MORNING, failures=2))
        connection.execute(insert(folders).values(**folder, cursor_uid=3))
        for number, digest in enumerate(DIGESTS, start=1):
            state = "quarantined" if number == 3 else "read"
            row = {"id": number, "digest": digest, "size": 9, "account": "info", "state": state}
            received = MORNING + timedelta(days=number)
            times = {"stored_at": MORNING, "received_at": received}
            connection.execute(insert(mails).values(**row, **times, attempts=1))
            place = {"id": number, "folder_id": 1, "uid": number, "mail_id": number}
            connection.execute(
                insert(deliveries).values(
                    **place, received_at=received, seen_at=MORNING, origin="arrived"
                )
            )
        for number in (1, 2):
            connection.execute(insert(readings).values(_reading(number)))
            connection.execute(insert(decisions).values(_decision(number)))
        connection.execute(insert(actions).values(_action()))
        seen = {"delivery_id": 2, "mail_id": 2, "account": "info", "seen_at": MORNING}
        connection.execute(insert(sightings).values(seen))
        aside = {"mail_id": 3, "reason": "depth", "detail": "d", "traceback": "", "since": MORNING}
        connection.execute(insert(quarantine).values(aside))


def _reading(number: int) -> dict[str, object]:
    return {
        "mail_id": number,
        "content_digest": DIGESTS[number],
        "copy_of": 1 if number == 2 else None,
        "message_id": "<same@nord.example>",
        "subject": "nota",
        "snippet": "",
        "detail": "{}",
        "read_at": MORNING,
    }


def _decision(number: int) -> dict[str, object]:
    return {
        "mail_id": number,
        "label": "other",
        "confidence": 0.9,
        "abstained": False,
        "verdict_reason": "model",
        "queue": "notes",
        "reason": "rule notes",
        "live": number == 1,
        "decided_at": MORNING,
    }


def _action() -> dict[str, object]:
    return {
        "delivery_id": 1,
        "mail_id": 1,
        "account": "info",
        "target": "Notes",
        "state": "done",
        "how": "move",
        "attempts": 1,
        "planned_at": MORNING,
    }


def test_a_mail_is_found_by_id_digest_and_message_id(store: Store) -> None:
    """Digits of a digest may be odd in number; an id wins over them."""

    def ids(name: str) -> list[int]:
        return [one.id for one in find_mails(store, name)]

    assert ids("2") == ids("ab" * 32) == ids("ABABABABA") == [2]
    assert ids("f" * 9) == ids("f" * 64) == [3]
    assert ids("0a0a0a0a") == [1]
    assert ids("same@nord.example") == ids(" <same@nord.example> ") == [1, 2]
    assert ids("ababababb") == ids("abab") == ids("9" * 40) == ids("") == ids("<>") == []


def test_queues_are_counted_with_what_became_of_their_mail(store: Store) -> None:
    """Observed mail is not waiting for a move."""
    count = count_queues(store)["notes"]

    assert (count.mails, count.observed, count.moved, count.waiting) == (2, 1, 1, 0)


def test_the_past_is_walked_in_parts_without_gap_or_repeat(store: Store) -> None:
    """Only decided mail counts, from the moment it was received."""
    since = MORNING - timedelta(days=1)

    assert [one.mail.mail_id for one in decided_since(store, since, part=1)] == [1, 2]
    later = MORNING + timedelta(days=2)
    assert [one.mail.mail_id for one in decided_since(store, later)] == [2]


def test_states_of_mails_and_accounts_are_told(store: Store) -> None:
    """Counts by state, failures in a row."""
    assert count_mails(store) == {"read": 2, "quarantined": 1}
    assert account_states(store)["info"].failures == 2


def test_a_story_has_every_row_of_its_mail(store: Store) -> None:
    """A copy tells its original's decision."""
    first, second = story_of(store, 1), story_of(store, 2)

    assert first.copies == (2,)
    assert [one["target"] for one in first.actions] == ["Notes"]
    assert second.decision is not None
    assert second.decision["mail_id"] == 1
    assert [one["to_folder"] for one in second.sightings] == ["INBOX"]


def test_a_mail_leaves_the_quarantine_by_replay_or_release(store: Store) -> None:
    """Replayed it is unread again, with its first attempt counted; released it stays as it is."""
    table, lease = Quarantine(store), held_lease(store, "account:info")
    assert table.count() == (1, MORNING)
    assert [one.id for one in table.open([3])] == [3]

    table.replay(lease, [3], MORNING)
    (mail,) = find_mails(store, "3")
    assert (mail.state, mail.attempts) == ("received", 1)
    assert table.count() == (0, None)

    table.release(lease, [3], MORNING)
    assert find_mails(store, "3")[0].state == "received"
