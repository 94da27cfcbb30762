"""Two scripted mailboxes: mail comes to one, the queues lie in the other."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Table, select

from daemon.errors import BackdeskError
from daemon.jobs import House
from tests.houses import InstantReaders, on_fake, open_house, poll, settings_of
from tests.servers.fake_imap import FakeImap

QUEUE = "Queues/Alfa"
LIVE = "2020-01-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """The two mailboxes."""

    source: FakeImap
    target: FakeImap

    def receive(self, *raws: bytes) -> None:
        """Let mails arrive."""
        for raw in raws:
            self.source.store.add("INBOX", raw)

    @contextmanager
    def house(
        self, home: Path, *, info: str = LIVE, desk: str = LIVE, passed_on: str = "Passed on"
    ) -> Iterator[House]:
        """Open the house of both: `info` gets the mail, `desk` has the queues."""
        desks = {
            "desk": on_fake(self.target, go_live=desk),
            "info": on_fake(self.source, go_live=info),
        }
        settings = settings_of(home / "house", desks)
        places = {
            name: account.model_copy(update={"passed_on": passed_on})
            for name, account in settings.accounts.items()
        }
        intake = settings.intake.model_copy(update={"command_timeout_s": 0.5})
        changes = {"accounts": places, "intake": intake}
        with open_house(settings.model_copy(update=changes), InstantReaders()) as house:
            yield house

    def rounds(self, house: House, number: int = 3) -> None:
        """Let both work in turn."""
        for _ in range(number):
            poll(house, "info")
            poll(house, "desk")

    def until(self, house: House, table: Table, state: str) -> None:
        """Let both work, whatever breaks, until all rows of a table are in a state."""
        for _ in range(400):
            for account in ("info", "desk"):
                with suppress(BackdeskError):
                    poll(house, account)
            if set(states(house, table)) == {state}:
                return
        raise AssertionError(states(house, table))

    def in_queue(self) -> list[bytes]:
        """Return what lies in the queue."""
        return self._in(self.target, QUEUE)

    def in_inbox(self) -> list[bytes]:
        """Return what lies where it came."""
        return self._in(self.source, "INBOX")

    def passed_on(self) -> list[bytes]:
        """Return what was passed on."""
        return self._in(self.source, "Passed on")

    @staticmethod
    def _in(server: FakeImap, folder: str) -> list[bytes]:
        return sorted(server.store.raws(folder).values()) if server.store.has(folder) else []


def states(house: House, table: Table) -> list[str]:
    """Return the states of a table's rows, in their order."""
    return column(house, table.c.state)


def column(house: House, wanted: Column) -> list[object]:
    """Return one column of a table."""
    with house.store.read() as connection:
        query = select(wanted).order_by(*wanted.table.primary_key.columns)
        return list(connection.scalars(query))
