"""Who may work on what: lease rows with epochs, checked inside every write under them.

`house` excludes every other holder; `account:NAME` excludes the same account and the house;
other names (`send`) exclude only themselves.
"""

import logging
import os
import socket
import sys
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, Update, insert, select, update

from daemon import clock
from daemon.errors import LeaseHeld, LeaseLost
from daemon.store.columns import EPOCH
from daemon.store.engine import Store
from daemon.store.tables import leases

_log = logging.getLogger(__name__)

HOUSE = "house"
TERM = timedelta(seconds=60)


def account_lease(account: str) -> str:
    """Return the name of an account's lease."""
    return f"account:{account}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease that was held when it was taken; `guard` tells whether it still is."""

    name: str
    holder: str
    epoch: int

    def guard(self, connection: Connection) -> None:
        """Refuse the transaction when somebody else holds the lease by now.

        Raises:
            LeaseLost: the epoch has moved on.
        """
        query = select(leases.c.epoch).where(leases.c.name == self.name).with_for_update(read=True)
        if connection.scalar(query) != self.epoch:
            raise LeaseLost(f"{self.name} was taken over by another process")


class Leases:
    """Takes, keeps and returns the leases of this process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, Lease] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._keeper = threading.Thread(target=self._keep, name="leases", daemon=True)
        self._keeper.start()

    def take(self, name: str, wait: timedelta = timedelta()) -> Lease:
        """Take a lease, waiting for its holder at most `wait`.

        Raises:
            LeaseHeld: somebody else still holds it, or one that excludes it.
        """
        deadline = clock.monotonic() + wait.total_seconds()
        while True:
            try:
                lease = self._try(name)
            except LeaseHeld:
                left = deadline - clock.monotonic()
                if left <= 0:
                    raise
                with self._changed:
                    self._changed.wait(min(left, 0.5))
            else:
                with self._changed:
                    self._held[name] = lease
                return lease

    def release(self, lease: Lease) -> None:
        """Give a lease back; a lease lost in between is left alone."""
        with self._changed:
            self._held.pop(lease.name, None)
        with self._store.write() as connection:
            connection.execute(_ours(lease).values(holder="", until=clock.now()))

    def close(self) -> None:
        """Give every lease back and stop renewing."""
        with self._changed:
            held, self._closing = list(self._held.values()), True
            self._changed.notify_all()
        self._keeper.join()
        for lease in held:
            self.release(lease)

    def _try(self, name: str) -> Lease:
        holder, now = own_identity(), clock.now()
        with self._store.write() as connection:
            self._queue_up(connection)
            rows = {row.name: row for row in connection.execute(select(leases))}
            for row in rows.values():
                free = not row.holder or row.until <= now or is_dead(row.holder)
                if _excludes(row.name, name) and not free:
                    raise LeaseHeld(name, _readable(row.holder))
            epoch = rows[name].epoch + 1 if name in rows else 1
            lease = Lease(name=name, holder=holder, epoch=epoch)
            values = {"holder": holder, "epoch": epoch, "until": now + TERM}
            if name in rows:
                connection.execute(update(leases).where(leases.c.name == name).values(values))
            else:
                connection.execute(insert(leases).values(name=name, **values))
        return lease

    def _queue_up(self, connection: Connection) -> None:
        """Let takers have their turns one by one, on the row of the house.

        What an earlier taker has inserted is seen only by statements that begin after its
        commit, so this row is locked before the others are read (PostgreSQL; SQLite has one
        writer anyway).
        """
        free = {"name": HOUSE, "holder": "", "epoch": 0, "until": EPOCH}
        self._store.insert_new(connection, leases, [free])
        turn = select(leases.c.epoch).where(leases.c.name == HOUSE).with_for_update()
        connection.execute(turn)

    def _keep(self) -> None:
        while True:
            with self._changed:
                self._changed.wait(TERM.total_seconds() / 3)
                if self._closing:
                    return
                held = list(self._held.values())
            for lease in held:
                self._renew(lease)

    def _renew(self, lease: Lease) -> None:
        try:
            with self._store.write() as connection:
                connection.execute(_ours(lease).values(until=clock.now() + TERM))
        except Exception:  # noqa: BLE001 - whatever it is, the next turn comes before the term ends
            _log.warning("Lease not renewed", extra={"action": "lease", "lease": lease.name})


def _ours(lease: Lease) -> Update:
    return update(leases).where(leases.c.name == lease.name, leases.c.epoch == lease.epoch)


def _excludes(held: str, wanted: str) -> bool:
    if held == wanted:
        return True
    pair = {held.partition(":")[0], wanted.partition(":")[0]}
    return pair == {HOUSE, "account"}


def own_identity() -> str:
    """Return `host boot namespace pid start command` of this process."""
    namespace = Path("/proc/self/ns/pid").readlink().name
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
    start = _start_time(os.getpid())
    return f"{socket.gethostname()} {_boot_id()} {namespace} {os.getpid()} {start} {command}"


def is_dead(holder: str) -> bool:
    """Tell whether a holder on this machine has died; False when that cannot be known."""
    own, other = own_identity().split(" ", 5), holder.split(" ", 5)
    if len(other) < 6 or own[:3] != other[:3]:  # noqa: PLR2004 - the fields of own_identity
        return False
    start = _start_time(int(other[3]))
    # Another user's process may be hidden in /proc (ProtectProc=invisible) and yet be alive.
    return start != other[4] if start else not is_alive(int(other[3]))


def is_alive(pid: int) -> bool:
    """Tell whether there is a process of this number; a zombie is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return bool(_start_time(pid))


def _readable(holder: str) -> str:
    host, _boot, _namespace, pid, _start, command = holder.split(" ", 5)
    return f"{command} (process {pid} on {host})"


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _start_time(pid: int) -> str:
    """Return the kernel's start time of a process in clock ticks; "" when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]
