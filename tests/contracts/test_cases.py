"""Both engines keep the register alike: who opens, who joins, what people do, events in order."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select

from daemon.cases import acts
from daemon.cases.acts import Act, ActRefused
from daemon.cases.records import CaseFile, CaseLine, NewCase
from daemon.cases.references import is_reference
from daemon.cases.store import Cases
from daemon.cases.views import Wanted, case_file, case_of_mail, find_case, list_cases
from daemon.records import CaseWish, ClockDue
from daemon.store.engine import Store
from daemon.store.tables import case_events, case_threads, cases, mails
from tests.builders import MORNING
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
        self.store, self.cases, self._mails = store, Cases(store, ROME), 0

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
        wishes = [(key, reading(**changes), wish(kind, at)) for key, kind, at, changes in asking]
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


@pytest.fixture
def register(store: Store) -> Register:
    """Give an empty register."""
    return Register(store)


def reply(to: str, number: int, sender: str = "anna.rossi@client.example") -> dict:
    """Return the fields of a mail that answers another."""
    return {
        "message_id": f"<{number}@client.example>",
        "in_reply_to": to,
        "references": (to,),
        "sender": address(sender),
    }


class TestOpening:
    """Complaints, requests and unsure mail open a case each."""

    def test_a_complaint_opens_a_case(self, register: Register) -> None:
        """With a public reference, its clocks, and the first of its events."""
        line = register.take()
        assert is_reference(line.reference)
        assert (line.kind, line.state, line.queue) == ("complaint", "open", "complaints")
        assert (line.customer, line.due_at) == ("Anna.Rossi@client.example", DUE)
        file = register.file(line)
        assert [(clock.name, clock.met_at) for clock in file.clocks] == [
            ("billing", None),
            ("reply", None),
        ]
        assert file.events[0].detail == {"mail": file.mails[0], "received_by": "the mailbox"}

    def test_asking_again_changes_nothing(self, register: Register) -> None:
        """A batch that is recorded twice has one case."""
        mail_id = register.mail()
        for _ in range(2):
            register.asked((mail_id, "complaint", MORNING, {}))
        assert (register.count(cases), register.count(case_events)) == (1, 1)

    def test_other_mail_opens_none(self, register: Register) -> None:
        """It is nobody's case, and no event."""
        assert register.take(None) is None
        assert (register.count(cases), register.count(case_events)) == (0, 0)

    def test_references_count_up_by_year(self, register: Register) -> None:
        """In the house's own zone: half an hour before New Year in UTC it is 2027 in Rome."""
        first = register.take(message_id="<a@x>")
        second = register.take(message_id="<b@x>", sender=address("b@x.example"))
        assert (first.reference[:10], second.reference[:10]) == ("2026-00001", "2026-00002")
        new_year = MORNING.replace(month=12, day=31, hour=23, minute=30)
        third = register.mail()
        asking = [(third, reading(message_id="<c@x>"), wish("request"))]
        with register.store.write() as connection:
            register.cases.take(connection, asking, new_year)
        assert register.case(third).reference.startswith("2027-00001")


class TestJoining:
    """An answer joins the case of the mail it answers, if its sender took part in that mail."""

    def test_the_customer_s_answer_joins(self, register: Register) -> None:
        """Whatever its label; a complaint again is no second case, and no second clock."""
        line = register.take()
        for number, kind in enumerate(("complaint", "request", None), start=2):
            joined = register.take(kind, **reply("<1@client.example>", number))
            assert joined.id == line.id
        assert register.events(line) == ["opened", "joined", "joined", "joined"]
        assert register.file(line).line.due_at == DUE

    def test_who_was_in_copy_joins_too(self, register: Register) -> None:
        """Reply-all by somebody in Cc, and an answer to that answer."""
        line = register.take()
        anna = address("anna.rossi@client.example")
        answer = reply("<1@client.example>", 2, "sales@desk.example")
        second = register.take(None, **answer, to=(anna,))
        third = register.take(None, **reply("<2@client.example>", 3, anna.email))
        assert (second.id, third.id) == (line.id, line.id)

    def test_a_stranger_does_not_join(self, register: Register) -> None:
        """Whoever learns a Message-ID gets a case of his own, and a person sees the likeness."""
        line = register.take()
        other = register.take(**reply("<1@client.example>", 2, "eve@elsewhere.example"))
        assert other.id != line.id
        possible = register.file(other).events[1]
        assert (possible.kind, possible.detail) == ("possible", {"case": line.reference})
        assert register.events(line) == ["opened"]

    def test_a_number_in_the_subject_only_proposes(self, register: Register) -> None:
        """Not even the customer's own."""
        line = register.take()
        again = register.take(message_id="<9@client.example>", subject=f"Re: {line.reference}")
        assert again.id != line.id
        assert register.file(again).events[1].detail == {"case": line.reference}

    def test_without_a_case_a_thread_joins_nothing(self, register: Register) -> None:
        """An answer to mail that opened none opens its own."""
        register.take(None)
        assert register.take(**reply("<1@client.example>", 2)) is not None
        assert register.count(cases) == 1

    def test_a_batch_joins_within_itself(self, register: Register) -> None:
        """The earlier mail opens, also where it comes later in the batch."""
        first, second = register.mail(), register.mail()
        after = MORNING + timedelta(minutes=5)
        register.asked(
            (second, "complaint", after, reply("<1@client.example>", 2)),
            (first, "complaint", MORNING, {}),
        )
        assert register.case(first).id == register.case(second).id
        assert register.file(register.case(first)).mails[0] == first

    def test_a_message_id_used_again_keeps_its_case(self, register: Register) -> None:
        """A stranger who sends a mail with a known id, and names the customer, takes nothing."""
        line = register.take()
        forged = register.take(
            sender=address("eve@elsewhere.example"), to=(address("anna.rossi@client.example"),)
        )
        assert forged.id != line.id
        assert register.take(**reply("<1@client.example>", 3)).id == line.id

    def test_ten_thousand_mails_with_one_id_are_cases_of_their_own(
        self, register: Register
    ) -> None:
        """A mailer that gives one id to all (here 300): no false join, a row for each sender."""
        same = {"message_id": "<same@shop.example>", "in_reply_to": "<same@shop.example>"}
        asking = [
            (register.mail(), "request", MORNING, {**same, "sender": address(f"{n}@x.example")})
            for n in range(300)
        ]
        register.asked(*asking)
        assert register.count(cases) == 300
        assert register.count(case_threads) == 302

    def test_a_closed_case_is_opened_again_by_a_complaint_not_by_thanks(
        self, register: Register
    ) -> None:
        """And its clocks run anew."""
        line = register.take()
        register.act(line, acts.close, "repaired")
        register.take(None, **reply("<1@client.example>", 2))
        assert register.file(line).line.state == "closed"
        register.take("complaint", **reply("<1@client.example>", 3))
        again = register.file(line)
        assert (again.line.state, again.line.due_at, again.line.cause) == ("open", DUE, None)
        assert [event.kind for event in again.events] == [
            "opened", "closed", "joined", "joined", "reopened",
        ]  # fmt: skip
        assert {clock.met_at for clock in again.clocks} == {None}


class TestActs:
    """What people do is an event each, and the row says the same."""

    def test_assigned_and_noted(self, register: Register) -> None:
        """With who did it, and what was before."""
        line = register.take()
        assert register.act(line, acts.assign, "Bruno").owner == "Bruno"
        assert register.act(line, acts.assign, "").owner is None
        register.act(line, acts.write_note, "called twice")
        told = [(event.actor, event.kind, event.detail) for event in register.file(line).events[1:]]
        assert told == [
            ("Ada", "assigned", {"owner": "Bruno", "before": None}),
            ("Ada", "assigned", {"owner": None, "before": "Bruno"}),
            ("Ada", "noted", {"text": "called twice"}),
        ]

    def test_an_answer_ends_the_clocks_that_wait_for_one(self, register: Register) -> None:
        """Not those that wait for the closing, nor those of a matter that wait for a decision."""
        line = register.take()
        register.act(line, acts.run_under, "complaints", "long", (REPLY, BILLING, CLOSING))
        answered = register.act(line, acts.answer, "post", LATER, None)
        assert answered.due_at == CLOSING.due_at
        met = {clock.name: clock.met_at for clock in register.file(line).clocks}
        assert met == {"reply": LATER, "billing": None, "end": None}
        assert register.act(line, acts.close, "repaired").due_at is None

    def test_an_answer_before_the_receipt_is_refused(self, register: Register) -> None:
        """Nothing is written."""
        line = register.take()
        with pytest.raises(ActRefused, match="not yet received"):
            register.act(line, acts.answer, "post", MORNING - timedelta(days=1), None)
        assert register.events(line) == ["opened"]

    def test_closed_and_opened_again(self, register: Register) -> None:
        """Twice the same is refused."""
        line = register.take()
        closed = register.act(line, acts.close, "repaired")
        assert (closed.state, closed.closed_at, closed.cause) == ("closed", LATER, "repaired")
        with pytest.raises(ActRefused, match="is closed already"):
            register.act(line, acts.close, "repaired")
        opened = register.act(line, acts.open_again, (REPLY,))
        assert (opened.state, opened.closed_at, opened.due_at) == ("open", None, DUE)
        with pytest.raises(ActRefused, match="is open"):
            register.act(line, acts.open_again, ())

    def test_a_label_that_opens_no_case_closes_it(self, register: Register) -> None:
        """An unsure mail that a person finds to be a newsletter."""
        line = register.take("unsure")
        assert register.act(line, acts.label, "complaint").state == "open"
        closed = register.act(line, acts.label, "newsletter")
        assert (closed.kind, closed.state, closed.cause) == ("newsletter", "closed", acts.NO_CASE)
        assert register.act(line, acts.label, "other").kind == "other"  # said again, no harm

    def test_another_queue_has_other_deadlines(self, register: Register) -> None:
        """In place of those before."""
        line = register.act(register.take(), acts.run_under, "requests", None, ())
        assert (line.queue, line.profile, line.due_at) == ("requests", None, None)

    def test_a_case_by_letter(self, register: Register) -> None:
        """Opened by a person, from the day of receipt."""
        letter = NewCase(
            kind="complaint", channel="letter", queue=None, subject="Bolletta", customer=None,
            customer_name="Ugo Verdi", received_at=MORNING, actor="Ada",
        )  # fmt: skip
        with register.store.write() as connection:
            case_id = register.cases.open_by_hand(connection, letter, "it-energy", (REPLY,), LATER)
            line = find_case(connection, str(case_id))
        assert (line.channel, line.customer_name, line.due_at) == ("letter", "Ugo Verdi", DUE)
        assert register.file(line).events[0].actor == "Ada"


class TestLists:
    """Those due first at the top."""

    def test_by_term_then_by_receipt(self, register: Register) -> None:
        """Cases without a term come last; closed ones only when asked for."""
        late = register.take(message_id="<a@x>")
        soon = register.take(message_id="<b@x>", sender=address("b@x.example"))
        none = register.take(message_id="<c@x>", sender=address("c@x.example"))
        gone = register.take(message_id="<d@x>", sender=address("d@x.example"))
        early = ClockDue(name="reply", term="1 day", only_if="", met_by="answer", due_at=MORNING)
        register.act(soon, acts.run_under, "requests", "sla", (early,))
        register.act(none, acts.run_under, "requests", None, ())
        register.act(none, acts.assign, "Bruno")
        register.act(gone, acts.close, "repaired")

        def listed(**wanted) -> list[int]:
            with register.store.read() as connection:
                return [line.id for line in list_cases(connection, Wanted(**wanted))]

        assert listed() == [soon.id, late.id, none.id]
        assert listed(due_before=LATER) == [soon.id]
        assert listed(queue="complaints") == [late.id]
        assert listed(owner="Bruno") == [none.id]
        assert listed(with_closed=True, limit=9)[-1] in (none.id, gone.id)
        assert len(listed(with_closed=True)) == 4
        assert len(listed(limit=1)) == 1

    def test_a_case_is_found_by_reference_or_id(self, register: Register) -> None:
        """And by nothing else."""
        line = register.take()
        with register.store.read() as connection:
            assert find_case(connection, str(line.id)).id == line.id
            for name in ("", "0", "2026", "9" * 40, line.reference[:-1], "' or 1=1"):
                assert find_case(connection, name) is None, name
