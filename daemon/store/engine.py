"""Opens the database with the settings that make a commit durable, and hands out transactions."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from daemon.errors import StoreBusy, StoreError

BUSY_TIMEOUT_MS = 30_000
PASSING = ("locked", "busy", "full", "disk I/O", "No space left", "connection", "deadlock")
"""Parts of what SQLite, or a lost connection, says when the same may succeed later."""
PASSING_STATES = ("08", "40", "53", "57")
"""Classes of SQLSTATE of the same kind: connection, rollback, resources, operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteChoice:
    """Which SQLite is used, and how it may journal.

    Attributes:
        module: a DB-API module, version: of the SQLite inside it, journal: WAL or DELETE.
    """

    module: ModuleType
    version: str
    journal: str


def is_wal_safe(version: tuple[int, ...]) -> bool:
    """Tell whether a SQLite version is free of the WAL-reset bug (sqlite.org, 3.7.0 to 3.51.2).

    Fixed in 3.51.3; the fix was also brought back to 3.44.6 and 3.50.7.
    """
    if version >= (3, 51, 3):
        return True
    return (3, 44, 6) <= version < (3, 45) or (3, 50, 7) <= version < (3, 51)


def choose_sqlite() -> SqliteChoice:
    """Return Python's own SQLite when it is safe, else the bundled one, else DELETE journalling."""
    modules: list[ModuleType] = [sqlite3]
    try:
        from sqlcipher3 import dbapi2  # noqa: PLC0415 - used only where Python's SQLite is affected

        modules.append(dbapi2)
    except ImportError:
        pass
    for module in modules:
        if is_wal_safe(module.sqlite_version_info):
            return SqliteChoice(module=module, version=module.sqlite_version, journal="WAL")
    return SqliteChoice(module=sqlite3, version=sqlite3.sqlite_version, journal="DELETE")


class Store:
    """One database: `read()` and `write()` give connections inside a transaction.

    Writers of one process queue on a lock, so that SQLite's busy waiting is needed between
    processes only.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = threading.RLock()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction: one consistent picture of all tables."""
        with _named_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction; it is durable when the block has ended.

        Raises:
            StoreBusy: another process held the lock for 30 s, or the disk is full.
        """
        with self._writing, _named_errors(), self.engine.connect() as connection:
            writing = connection.execution_options(backdesk_write=True)
            with writing.begin():
                yield writing

    def insert_new(
        self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]]
    ) -> None:
        """Insert rows, passing over those whose unique key is there already."""
        if rows:
            dialect = sqlite if self.dialect == "sqlite" else postgresql
            connection.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig)
        if _is_passing(error.orig, reason):
            raise StoreBusy(reason) from error
        raise StoreError(reason) from error
    except PoolTimeoutError as error:
        raise StoreBusy("no connection to the database became free") from error
    except (IntegrityError, ProgrammingError):
        raise  # ours to mend, not the server's
    except DBAPIError as error:
        raise StoreError(type(error.orig).__name__) from error


def _is_passing(error: BaseException | None, reason: str) -> bool:
    """Tell whether the same transaction may succeed later; words only where there is no code."""
    state = getattr(error, "sqlstate", None)
    if state:
        return str(state).startswith(PASSING_STATES)
    return any(word in reason for word in PASSING)


def open_store(url: str | URL) -> Store:
    """Open the database at an SQLAlchemy URL (`sqlite:////path` or `postgresql+psycopg://...`).

    The schema is not touched: see `daemon.store.schema.upgrade`.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Store(_sqlite_engine(parsed))
    # Nagle and prepared statements are psycopg's own business; the pool follows the threads.
    return Store(
        create_engine(
            parsed, pool_size=10, max_overflow=40, pool_pre_ping=True, hide_parameters=True
        )
    )


def sqlite_url(data_dir: Path) -> URL:
    """Return the URL of the default database of a data folder."""
    return URL.create("sqlite", database=str(data_dir / "backdesk.db"))


def _sqlite_engine(url: URL) -> Engine:
    choice = choose_sqlite()
    engine = create_engine(
        url,
        module=choice.module,
        pool_size=10,
        max_overflow=90,
        hide_parameters=True,  # they would put mail into the log
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            f"journal_mode={choice.journal}",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "cache_size=-32000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that later writes fails at once when another has written
        # since; taking the write lock at BEGIN waits for it instead.
        writes = connection.get_execution_options().get("backdesk_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
