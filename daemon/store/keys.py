"""The keys of what we sign; made when they are first asked for, kept with everything else."""

import secrets

from sqlalchemy import select

from daemon.store.engine import Store
from daemon.store.tables import keys

_BYTES = 32
TOKENS = "tokens"
"""The name of the key that signs the number of a case."""


def keys_of(store: Store, name: str) -> tuple[bytes, ...]:
    """Return the keys of a name, the newest first; several processes get the same."""
    with store.write() as connection:
        first = {"name": name, "number": 1, "value": secrets.token_bytes(_BYTES)}
        store.insert_new(connection, keys, [first])
        query = select(keys.c.value).where(keys.c.name == name).order_by(keys.c.number.desc())
        return tuple(connection.scalars(query))
