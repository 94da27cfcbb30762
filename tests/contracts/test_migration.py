"""A database that an earlier version has filled is brought up to this one, on both engines."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from daemon.cases.views import case_file, find_case
from daemon.store.engine import open_store, sqlite_url
from daemon.store.schema import MIGRATIONS, upgrade
from daemon.store.tables import metadata
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
    "outgoing": {
        "key": "digest:1", "kind": "digest", "sender": "a@x", "recipient": "b@x", "message": b"x",
        "state": "sent", "attempts": 1, "epoch": 1, "created_at": MOMENT,
    },
}  # fmt: skip


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
            columns = ", ".join(f'"{name}"' for name in row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)
    upgrade(store)
    upgrade(store)
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        line = find_case(connection, "2026-00001-11")
        file = case_file(connection, line)
        told = connection.execute(sa.text("SELECT told, stranger, refusals FROM outgoing")).one()
    assert ([one.name for one in file.clocks], len(file.events)) == (["reply"], 1)
    assert (bool(told.told), bool(told.stranger), told.refusals) == (False, False, 0)
    store.close()
