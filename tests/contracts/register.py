"""The register of cases on one store, and short ways to fill it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select

from daemon.cases.acts import Given
from daemon.cases.records import Act, CaseFile, CaseLine
from daemon.cases.store import Cases
from daemon.cases.views import case_file, case_of_mail, find_case
from daemon.records import Asking, CaseWish, ClockDue
from daemon.store.engine import Store
from daemon.store.tables import mails
from tests.builders import HOMING, MORNING
from tests.stages.triage_builders import address, reading

ROME = ZoneInfo("Europe/Rome")
LATER = MORNING + timedelta(days=1)
DUE = MORNING + timedelta(days=30)
REPLY = ClockDue(name="reply", term="30 days", only_if="", met_by="answer", due_at=DUE)
BILLING = ClockDue(
    name="billing", term="15 days", only_if="billing", met_by="decision",
    due_at=DUE - timedelta(days=15),
)  # fmt: skip
CLOSING = ClockDue(
    name="end", term="60 days", only_if="", met_by="closing", due_at=DUE + timedelta(days=30)
)


class Register:
    """The register on one store, and short ways to fill it."""

    def __init__(self, store: Store) -> None:
        self.store, self.cases, self._mails = store, Cases(store, ROME, HOMING), 0

    def mail(self) -> int:
        """Enter a bare mail, and return its id."""
        self._mails += 1
        row = {
            "digest": self._mails.to_bytes(32),
            "size": 1,
            "account": "info",
            "stored_at": MORNING,
            "received_at": MORNING,
            "state": "read",
        }
        with self.store.write() as connection:
            return connection.execute(insert(mails).values(row).returning(mails.c.id)).scalar_one()

    def take(
        self, kind: str | None = "complaint", at: datetime = MORNING, **changes
    ) -> CaseLine | None:
        """Let a new mail open or join a case, and return that."""
        return self.case(self.asked((self.mail(), kind, at, changes)))

    def asked(self, *asking: tuple[int, str | None, datetime, dict]) -> int:
        """Let mails ask together; return the id of the last."""
        wishes = [ask(key, wish(kind, at), **changes) for key, kind, at, changes in asking]
        with self.store.write() as connection:
            self.cases.take(connection, wishes, MORNING)
        return asking[-1][0]

    def case(self, mail_id: int) -> CaseLine | None:
        """Return the case of a mail."""
        with self.store.read() as connection:
            return case_of_mail(connection, mail_id)

    def file(self, line: CaseLine) -> CaseFile:
        """Return all of a case, as it is now."""
        with self.store.read() as connection:
            found = find_case(connection, line.reference)
            assert found is not None
            return case_file(connection, found)

    def events(self, line: CaseLine) -> list[str]:
        """Return the kinds of a case's events."""
        return [event.kind for event in self.file(line).events]

    def act(self, line: CaseLine, do, *arguments: object) -> CaseLine:
        """Do something with a case, a day later; return it as it is then."""
        with self.store.write() as connection:
            do(connection, Act(case_id=line.id, actor="Ada", now=LATER), *arguments)
        return self.file(line).line

    def count(self, table) -> int:
        """Return how many rows a table has."""
        with self.store.read() as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0


def given(channel: str, on: datetime, **more: object) -> Given:
    """Return an answer that was given outside of Backdesk."""
    return Given(channel=channel, on=on, **more)


def ask(mail_id: int, wanted: CaseWish, *, may_open: bool = True, **changes) -> Asking:
    """Return a mail that asks the register."""
    return Asking(mail_id=mail_id, reading=reading(**changes), wish=wanted, may_open=may_open)


def wish(kind: str | None, at: datetime = MORNING) -> CaseWish:
    """Return what a mail asks for."""
    return CaseWish(
        kind=kind,
        queue="complaints",
        channel="mail",
        received_at=at,
        received_by="the mailbox",
        profile="it-energy" if kind else None,
        clocks=(REPLY, BILLING) if kind else (),
    )


def reply(to: str, number: int, sender: str = "anna.rossi@client.example") -> dict:
    """Return the fields of a mail that answers another."""
    return {
        "message_id": f"<{number}@client.example>",
        "in_reply_to": to,
        "references": (to,),
        "sender": address(sender),
    }
