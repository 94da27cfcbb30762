"""Both engines keep alike what people do with a case, and list cases in one order."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert

from daemon.cases import acts, running
from daemon.cases.acts import Act, ActRefused
from daemon.cases.ending import Named
from daemon.cases.pausing import Pause
from daemon.cases.records import NewCase
from daemon.cases.views import Wanted, find_case, list_cases
from daemon.records import ClockDue
from daemon.store.tables import mails
from tests.builders import MORNING
from tests.contracts.register import (
    BILLING,
    CLOSING,
    DUE,
    LATER,
    REPLY,
    Register,
    ask,
    given,
    reply,
    wish,
)
from tests.stages.triage_builders import address


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
        answered = register.act(line, acts.answer, given("post", LATER))
        assert answered.due_at == CLOSING.due_at
        met = {clock.name: clock.met_at for clock in register.file(line).clocks}
        assert met == {"reply": LATER, "billing": None, "end": None}
        assert register.act(line, acts.close, "repaired").due_at is None

    def test_an_answer_before_the_receipt_is_refused(self, register: Register) -> None:
        """Nothing is written."""
        line = register.take()
        with pytest.raises(ActRefused, match="not yet received"):
            register.act(line, acts.answer, given("post", MORNING - timedelta(days=1)))
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

    def test_a_wrong_label_costs_no_term(self, register: Register) -> None:
        """Said to be none, and then one after all: open again, on the clock of its receipt."""
        line = register.take()
        register.act(line, acts.label, "other")
        again = register.act(line, acts.label, "complaint")
        assert (again.state, again.kind, again.due_at, again.cause) == (
            "open", "complaint", DUE, None,
        )  # fmt: skip

    def test_what_was_answered_stays_answered_in_another_queue(self, register: Register) -> None:
        """The clock of the new queue that waits for the same is met as well."""
        line = register.take()
        register.act(line, acts.answer, given("post", LATER))
        moved = register.act(line, acts.run_under, "billing", "sla", (REPLY, CLOSING))
        met = {clock.name: clock.met_at for clock in register.file(line).clocks}
        assert met == {"reply": LATER, "end": None}
        assert moved.due_at == CLOSING.due_at

    def test_closing_meets_no_clock_that_waits_for_an_answer(self, register: Register) -> None:
        """Nothing is due any more, and a report can tell that nobody answered."""
        line = register.take()
        register.act(line, acts.run_under, "complaints", "long", (REPLY, CLOSING))
        assert register.act(line, acts.close, "gone").due_at is None
        met = {clock.name: clock.met_at for clock in register.file(line).clocks}
        assert met == {"reply": None, "end": LATER}

    def test_an_answer_from_before_the_reopening_is_refused(self, register: Register) -> None:
        """It answered what was asked then."""
        line = register.take()
        register.act(line, acts.close, "repaired")
        register.act(line, acts.open_again, (REPLY,))
        with pytest.raises(ActRefused, match="opened again since"):
            register.act(line, acts.answer, given("post", MORNING))

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


OF_RIGHT = ClockDue(
    name="data-subject:reply", term="1 month", only_if="", met_by="answer",
    due_at=DUE - timedelta(days=3),
)  # fmt: skip


RIGHT = Named(matters=("data-subject",))


class TestMatters:
    """Clocks that a matter started run beside those of the profile."""

    def test_they_join_a_case_and_outlast_its_profile(self, register: Register) -> None:
        """Another queue, a pause or an extension counts the profile anew, not them."""
        line = register.take()
        mail_id = register.mail()
        wanted = replace(wish("request", LATER), clocks=(REPLY, OF_RIGHT))
        asking = ask(mail_id, wanted, **reply("<1@client.example>", 2))
        with register.store.write() as connection:
            register.cases.take(connection, [asking], LATER)
        assert register.file(line).line.due_at == OF_RIGHT.due_at
        moved = register.act(line, acts.run_under, "other", "theirs", (CLOSING,))
        assert moved.due_at == OF_RIGHT.due_at
        names = {clock.name for clock in register.file(line).clocks}
        assert names == {"end", "data-subject:reply"}
        own = register.act(line, acts.answer, given("mail", LATER))
        assert own.due_at == OF_RIGHT.due_at
        answered = register.act(line, acts.answer, given("mail", LATER, named=RIGHT))
        assert answered.due_at == CLOSING.due_at

    def test_they_are_no_reason_to_start_the_others_anew(self, register: Register) -> None:
        """A case whose own clocks were met runs on that of the matter only."""
        line = register.take()
        register.act(line, acts.answer, given("mail", LATER))
        wanted = replace(wish("request", LATER), clocks=(OF_RIGHT,))
        asking = ask(register.mail(), wanted, **reply("<1@client.example>", 2))
        with register.store.write() as connection:
            register.cases.take(connection, [asking], LATER)
        now = register.file(line)
        assert now.line.due_at == OF_RIGHT.due_at
        assert {one.name for one in now.clocks if one.met_at} == {"reply"}


class TestTwoAtOnce:
    """Whoever comes second sees what the first has done."""

    def test_of_two_who_close_a_case_one_is_refused(self, register: Register) -> None:
        """The first has looked, and not yet written; the second must not see the same."""
        line = register.take()
        outcomes: list[str] = []

        def second() -> None:
            try:
                register.act(line, acts.close, "second")
            except ActRefused:
                outcomes.append("refused")

        rival = threading.Thread(target=second)
        with register.store.engine.connect() as connection:
            writing = connection.execution_options(backdesk_write=True)
            with writing.begin():
                acts.close(writing, Act(case_id=line.id, actor="Ada", now=LATER), "first")
                rival.start()
                rival.join(1)
                assert rival.is_alive()
        rival.join(30)
        assert outcomes == ["refused"]
        assert register.file(line).line.cause == "first"
        assert register.events(line).count("closed") == 1

    def test_a_complaint_that_comes_while_its_case_is_closed_reopens_it(
        self, register: Register
    ) -> None:
        """It waits for the closing, and is not swallowed by it."""
        line = register.take()
        with register.store.engine.connect() as connection:
            writing = connection.execution_options(backdesk_write=True)
            with writing.begin():
                acts.close(writing, Act(case_id=line.id, actor="Ada", now=LATER), "repaired")
                mail = threading.Thread(
                    target=register.asked,
                    args=((_mail(register, writing), "complaint", LATER, ANSWER),),
                )
                mail.start()
                mail.join(1)
                assert mail.is_alive()
        mail.join(30)
        now = register.file(line).line
        assert (now.state, now.due_at) == ("open", DUE)


ANSWER = reply("<1@client.example>", 2)


def _mail(register: Register, connection: Connection) -> int:
    """Enter a bare mail in a transaction that is under way."""
    row = {
        "digest": bytes([9] * 32), "size": 1, "account": "info", "stored_at": MORNING,
        "received_at": MORNING, "state": "read",
    }  # fmt: skip
    return connection.execute(insert(mails).values(row).returning(mails.c.id)).scalar_one()


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
        assert listed(with_closed=True) == [soon.id, late.id, none.id, gone.id]
        assert len(listed(limit=1)) == 1

    def test_a_case_is_found_by_reference_or_id(self, register: Register) -> None:
        """And by nothing else."""
        line = register.take()
        with register.store.read() as connection:
            assert find_case(connection, str(line.id)).id == line.id
            for name in ("", "0", "2026", "9" * 40, line.reference[:-1], "' or 1=1"):
                assert find_case(connection, name) is None, name


class TestTermsOfFollowUps:
    """A later mail never delays what an earlier one started."""

    def test_an_unsure_mail_that_becomes_a_complaint_keeps_its_term(
        self, register: Register
    ) -> None:
        """It ran on the complaint's clock from its own receipt."""
        line = register.take("unsure")
        later = MORNING + timedelta(days=25)
        wanted = replace(wish("complaint", later), clocks=(replace(REPLY, due_at=LATE), CLOSING))
        asking = ask(register.mail(), wanted, **reply("<1@client.example>", 2))
        with register.store.write() as connection:
            register.cases.take(connection, [asking], later)
        now = register.file(line)
        assert (now.line.kind, now.line.due_at) == ("complaint", DUE)
        assert {clock.name for clock in now.clocks} == {"reply", "billing", "end"}

    def test_a_pause_ends_with_its_case(self, register: Register) -> None:
        """Opened again by a complaint it has a term again."""
        line = register.take()
        register.act(line, running.pause, Pause(since=LATER.date(), why="x"))
        register.act(line, acts.close, "done")
        again = register.take(**reply("<1@client.example>", 2))
        assert (again.id, again.state, again.due_at, again.paused_since) == (
            line.id, "open", DUE, None,
        )  # fmt: skip

    def test_a_second_request_of_a_matter_runs_though_the_first_was_answered(
        self, register: Register
    ) -> None:
        """And an old answer meets no new clock when the profile is counted anew."""
        line = register.take()
        for number, due in ((2, DUE), (3, LATE)):
            wanted = replace(wish("request"), clocks=(replace(OF_RIGHT, due_at=due),))
            asking = ask(register.mail(), wanted, **reply("<1@client.example>", number))
            with register.store.write() as connection:
                register.cases.take(connection, [asking], LATER)
            assert register.file(line).line.due_at == due
            register.act(line, acts.answer, given("mail", LATER, named=RIGHT))
            register.act(line, acts.answer, given("mail", LATER))
        register.take(at=LATER, **reply("<1@client.example>", 4))
        anew = replace(REPLY, due_at=LATE)
        counted = register.act(line, acts.run_under, "complaints", "ours", (anew,))
        assert counted.due_at == LATE


LATE = DUE + timedelta(days=25)
