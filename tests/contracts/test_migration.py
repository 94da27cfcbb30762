"""A database that an earlier version has filled is brought up to this one, on both engines."""

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from daemon.cases.records import CaseFile
from daemon.cases.views import case_file, find_case
from daemon.store.columns import metadata
from daemon.store.engine import open_store, sqlite_url
from daemon.store.schema import MIGRATIONS, upgrade
from tests.builders import ENGINES

MOMENT = 1_767_600_000_000_000
ROWS = {
    "cases": {
        "id": 1, "reference": "2026-00001-11", "kind": "complaint", "state": "open",
        "subject": "x", "channel": "mail", "received_at": MOMENT, "due_at": MOMENT,
        "opened_at": MOMENT,
    },
    "case_events": {
        "case_id": 1, "at": MOMENT, "actor": "backdesk", "kind": "opened", "detail": "{}",
    },
    "case_clocks": {
        "case_id": 1, "name": "reply", "term": "30 days", "only_if": "", "met_by": "answer",
        "due_at": MOMENT,
    },
    "mails": {
        "id": 1, "digest": bytes(32), "size": 1, "account": "info", "stored_at": MOMENT,
        "received_at": MOMENT, "state": "read", "attempts": 1,
    },
    "decisions": {
        "mail_id": 1, "confidence": 0.5, "abstained": False, "verdict_reason": "model",
        "reason": "no rule matched", "live": True, "decided_at": MOMENT,
    },
    "outgoing": {
        "key": "digest:1", "kind": "digest", "sender": "a@x", "recipient": "b@x", "message": b"x",
        "state": "sent", "attempts": 1, "epoch": 1, "created_at": MOMENT,
    },
}  # fmt: skip


PAUSED = {
    "cases": {
        **ROWS["cases"], "id": 2, "reference": "2026-00002-08", "profile": "ours",
        "course": '{"pauses":[["2026-01-02","2026-01-03"]],"is_extended":true,'
        '"matters":["billing"],"since":"2026-01-05T08:00:00Z"}',
        "paused_since": "2026-01-05",
    },
    "case_clocks": {**ROWS["case_clocks"], "case_id": 2},
}  # fmt: skip
RIGHT = {**PAUSED["case_clocks"], "name": "data-subject:reply", "due_at": MOMENT + 1}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_filled_database_of_an_earlier_version(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Nothing of it is lost, whatever depends on what; a second start finds nothing to do."""
    is_sqlite = engine == "sqlite"
    url = sqlite_url(tmp_path) if is_sqlite else request.getfixturevalue("postgres_url")
    store = open_store(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for table, row in ROWS.items():
            insert(connection, table, row)
        command.upgrade(config, "0004")
        for table, row in (*PAUSED.items(), ("case_clocks", RIGHT)):
            insert(connection, table, row)
    upgrade(store)
    upgrade(store)
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        line = find_case(connection, "2026-00001-11")
        file = case_file(connection, line)
        told = connection.execute(sa.text("SELECT told, stranger, refusals FROM outgoing")).one()
        check_paused(case_file(connection, find_case(connection, "2026-00002-08")))
        heard = connection.scalar(sa.text("SELECT told FROM case_events"))
        orders = connection.execute(sa.text("SELECT orders FROM decisions")).one()
    assert ([one.name for one in file.clocks], len(file.events)) == (["reply"], 1)
    assert (file.clocks[0].since, file.clocks[0].profile) == (line.received_at, "")
    assert (bool(told.told), bool(told.stranger), told.refusals) == (False, False, 0)
    assert bool(heard), "webhooks hear of nothing that happened before they were there"
    assert (orders.orders, line.priority) == (None, "normal")
    store.close()


def insert(connection: sa.Connection, table: str, row: dict[str, object]) -> None:
    """Enter a row as an earlier version would have."""
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)


def check_paused(paused: CaseFile) -> None:
    """What was said of all its clocks is said of each; its pause holds none of a matter."""
    own, right = paused.clocks
    assert (own.profile, own.is_extended, own.is_held) == ("ours", True, True)
    assert (own.since.isoformat(), right.since) == (
        "2026-01-05T08:00:00+00:00",
        paused.line.received_at,
    )
    assert (right.profile, right.is_extended, right.is_held) == ("", False, False)
    assert (paused.line.due_at, paused.course.matters) == (right.due_at, ("billing",))
    assert paused.course.paused == {"": date(2026, 1, 5)}
    assert paused.course.pauses == {"": ((date(2026, 1, 2), date(2026, 1, 3)),)}
