"""Brings a database to this version's schema, and says which version it has."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from daemon.errors import StoreError
from daemon.store import append_table, tables, webhook_tables  # noqa: F401 - the schema
from daemon.store.engine import Store

MIGRATIONS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def head() -> str:
    """Return the schema version this program writes."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def version(store: Store) -> str | None:
    """Return the schema version of a database, None when it is empty."""
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(store: Store) -> None:
    """Create or migrate the tables, in one transaction; a no-op at the newest version.

    Raises:
        StoreError: the database was written by a newer Backdesk.
    """
    current = version(store)
    if current == head():
        return
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(f"the database has schema {current}, which a newer Backdesk wrote")
    config = _config()
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
