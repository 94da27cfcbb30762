"""The keys of what we sign; made when they are first asked for, kept with everything else."""

import secrets

from sqlalchemy import Connection, delete, func, select

from daemon.store.engine import Store
from daemon.store.tables import keys

_BYTES = 32
TOKENS = "tokens"
"""The name of the key that signs the number of a case."""
LINKS = "links"
"""The name of the key that signs the links in our mail."""


def keys_of(store: Store, name: str) -> tuple[bytes, ...]:
    """Return the keys of a name, the newest first; several processes get the same."""
    with store.write() as connection:
        if found := _known(connection, name):
            return found
        first = {"name": name, "number": 1, "value": secrets.token_bytes(_BYTES)}
        store.insert_new(connection, keys, [first])  # unless another has just made it
        return _known(connection, name)


def known_keys(store: Store, name: str) -> tuple[bytes, ...]:
    """Return the keys of a name that there are, the newest first; nothing is written."""
    with store.read() as connection:
        return _known(connection, name)


def renew_keys(store: Store, name: str) -> None:
    """Make a new key and forget the others: what they have signed is believed no more."""
    with store.write() as connection:
        last = connection.scalar(select(func.max(keys.c.number)).where(keys.c.name == name)) or 0
        new = {"name": name, "number": last + 1, "value": secrets.token_bytes(_BYTES)}
        store.insert_new(connection, keys, [new])
        connection.execute(delete(keys).where(keys.c.name == name, keys.c.number <= last))


def _known(connection: Connection, name: str) -> tuple[bytes, ...]:
    query = select(keys.c.value).where(keys.c.name == name).order_by(keys.c.number.desc())
    return tuple(connection.scalars(query))
