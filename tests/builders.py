"""Small beginnings that many tests share: an empty store, a lease, a fixed morning."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from daemon.cases.threads import Homing
from daemon.mail.tokens import Tokens
from daemon.store.engine import Store, open_store, sqlite_url
from daemon.store.leases import Lease
from daemon.store.schema import upgrade
from daemon.store.tables import leases

MORNING = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""A Monday, 07:30 in Rome and Warsaw."""

TOKENS = Tokens([b"a key of the tests, 32 bytes long."])
HOMING = Homing(tokens=TOKENS, separators="+")
"""What knows mail that answers ours."""

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)]
"""Parameters of a fixture `store`; see `chosen_store`."""


def open_test_store(tmp_path: Path) -> Store:
    """Return an empty SQLite store below `tmp_path`, with all tables."""
    store = open_store(sqlite_url(tmp_path))
    upgrade(store)
    return store


def chosen_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store on the engine that the fixture's parameter names."""
    if request.param == "sqlite":
        return open_test_store(tmp_path)
    store = open_store(request.getfixturevalue("postgres_url"))
    upgrade(store)
    return store


def held_lease(store: Store, name: str = "send", epoch: int = 1) -> Lease:
    """Return a lease that is held; one of a later epoch takes it over."""
    row = {"name": name, "holder": "tests", "epoch": epoch, "until": MORNING + timedelta(days=1)}
    with store.write() as connection:
        connection.execute(delete(leases).where(leases.c.name == name))
        connection.execute(insert(leases).values(row))
    return Lease(name=name, holder="tests", epoch=epoch)


def raw_mail(number: int, subject: str = "nota", *, size: int = 0, trace: str = "") -> bytes:
    """Return one mail of a series: CRLF, a Message-ID of its own, at least `size` bytes."""
    head = (
        f"{trace}From: Ada <ada@nord.example>\r\nTo: info@aurora.example\r\n"
        f"Subject: {subject} {number}\r\nMessage-ID: <{number}@nord.example>\r\n"
        "Date: Mon, 5 Jan 2026 10:00:00 +0100\r\n\r\n"
    )
    line = f"riga della nota numero {number}, come sempre\r\n"
    return (head + line * max((size - len(head)) // len(line) + 1, 1)).encode()
