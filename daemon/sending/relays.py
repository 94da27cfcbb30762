"""Which relays take no mail, since when, and until when they are left alone; over restarts too."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from daemon.sending.errors import Deferred
from daemon.sending.policy import patience_for, wait_before_retry
from daemon.sending.records import RelayState
from daemon.store.engine import Store
from daemon.store.leases import Lease
from daemon.store.tables import relays


class Relays:
    """The states of the relays, as of when it was made and as it has changed them since."""

    def __init__(self, store: Store) -> None:
        self._store = store
        query = select(relays).where(relays.c.away_since.is_not(None))
        with store.read() as connection:
            rows = connection.execute(query).mappings()
            self._away = {row["name"]: RelayState(**row) for row in rows}

    def away(self) -> tuple[RelayState, ...]:
        """Return those that took no mail when they were last asked, by name."""
        return tuple(self._away[name] for name in sorted(self._away))

    def rest_until(self, name: str) -> datetime | None:
        """Return until when a relay is left alone; None: it is not."""
        state = self._away.get(name)
        return state.rest_until if state else None

    def rests(self, name: str, now: datetime) -> bool:
        """Tell whether a relay is left alone now."""
        until = self.rest_until(name)
        return until is not None and until > now

    def rest(self, lease: Lease, name: str, why: Deferred, now: datetime, *, grows: bool) -> None:
        """Leave a relay alone for a while; where it `grows`, each time in a row longer."""
        known = self._away.get(name)
        failures = known.failures + 1 if known else 1
        patience = patience_for(why.code, why.reply)
        wait = wait_before_retry(name, failures if grows else 1, patience)
        state = RelayState(
            name=name,
            failures=failures,
            away_since=known.away_since if known else now,
            rest_until=now + wait,
            said=why.said,
        )
        values = {column: getattr(state, column) for column in RelayState.__dataclass_fields__}
        with self._store.write() as connection:
            lease.guard(connection)
            self._store.insert_new(connection, relays, [values])
            connection.execute(update(relays).where(relays.c.name == name).values(values))
        self._away[name] = state

    def back(self, lease: Lease, name: str) -> None:
        """Note that a relay has dealt with a mail; costs nothing where that is known."""
        if self._away.pop(name, None) is None:
            return
        values = {"failures": 0, "away_since": None, "rest_until": None, "said": None}
        with self._store.write() as connection:
            lease.guard(connection)
            connection.execute(update(relays).where(relays.c.name == name).values(values))


def wake_all(connection: Connection) -> None:
    """Let every relay be asked at once: a person has seen to it."""
    connection.execute(update(relays).values(rest_until=None))
