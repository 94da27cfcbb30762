"""Both engines keep the register alike: who opens a case, and who joins one."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from daemon.cases import acts
from daemon.cases.references import references_in
from daemon.cases.views import Wanted, case_file, list_cases
from daemon.records import Decision, Verdict
from daemon.store.tables import case_events, case_threads, cases, decisions
from daemon.triage.outbound import SENT
from tests.builders import MORNING, raw_mail
from tests.contracts.books import Books
from tests.contracts.register import DUE, LATER, REPLY, Register, ask, given, reply, wish
from tests.stages.triage_builders import address

SHARED = int(os.environ.get("SHARED", "300"))


class TestOpening:
    """Complaints, requests and unsure mail open a case each."""

    def test_a_complaint_opens_a_case(self, register: Register) -> None:
        """With a public reference, its clocks, and the first of its events."""
        line = register.take()
        assert references_in(line.reference) == (line.reference,)
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
        asking = [ask(third, wish("request"), message_id="<c@x>")]
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

    def test_whom_a_mail_names_takes_no_part_by_it(self, register: Register) -> None:
        """Else who knows an id draws the answers of all he names into a case of his own."""
        trap = {"message_id": "<offer@shop.example>", "sender": address("mallory@x.example")}
        mine = register.take(**trap, to=(address("anna.rossi@client.example"),))
        theirs = register.take(**reply("<offer@shop.example>", 2))
        assert theirs.id != mine.id
        assert theirs.customer == "anna.rossi@client.example"
        assert register.file(theirs).events[1].detail == {"cases": [mine.reference]}

    def test_two_answers_to_a_mail_of_ours_belong_together(self, register: Register) -> None:
        """Also where that mail is in no case."""
        first = register.take(**reply("<ours@desk.example>", 2))
        assert register.take(None, **reply("<ours@desk.example>", 3)).id == first.id

    def test_a_stranger_does_not_join(self, register: Register) -> None:
        """Whoever learns a Message-ID gets a case of his own, and a person sees the likeness."""
        line = register.take()
        other = register.take(**reply("<1@client.example>", 2, "eve@elsewhere.example"))
        assert other.id != line.id
        possible = register.file(other).events[1]
        assert (possible.kind, possible.detail) == ("possible", {"cases": [line.reference]})
        assert register.events(line) == ["opened"]

    def test_a_number_in_the_subject_only_proposes(self, register: Register) -> None:
        """Not even the customer's own."""
        line = register.take()
        again = register.take(message_id="<9@client.example>", subject=f"Re: {line.reference}")
        assert again.id != line.id
        assert register.file(again).events[1].detail == {"cases": [line.reference]}

    def test_what_a_customer_writes_of_anew_is_proposed(self, register: Register) -> None:
        """A repeat, or another matter: a person sees it; what is closed is not asked about."""
        first = register.take()
        second = register.take(message_id="<2@client.example>")
        assert register.file(second).events[1].detail == {"cases": [first.reference]}
        register.act(first, acts.close, "done")
        register.act(second, acts.close, "done")
        assert register.events(register.take(message_id="<3@client.example>")) == ["opened"]

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
        """A mailer that gives one id to all (`SHARED` of them): no false join, a row for each."""
        same = {"message_id": "<same@shop.example>", "in_reply_to": "<same@shop.example>"}
        asking = [
            (register.mail(), "request", MORNING, {**same, "sender": address(f"{n}@x.example")})
            for n in range(SHARED)
        ]
        register.asked(*asking)
        assert register.count(cases) == SHARED
        assert register.count(case_threads) == SHARED

    def test_a_closed_case_is_opened_again_by_a_complaint_not_by_thanks(
        self, register: Register
    ) -> None:
        """A term that nobody met is due as it was."""
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

    def test_a_complaint_that_joins_a_request_starts_the_complaint_s_clock(
        self, register: Register
    ) -> None:
        """The case is a complaint from then on, in its queue, under its deadlines."""
        line = register.take("request")
        register.act(line, acts.run_under, "requests", None, ())
        register.take("complaint", **reply("<1@client.example>", 2))
        now = register.file(line).line
        assert (now.kind, now.queue, now.profile) == ("complaint", "complaints", "it-energy")
        assert now.due_at == DUE

    def test_a_complaint_about_the_answer_starts_a_clock_again(self, register: Register) -> None:
        """One that runs is left alone: a reminder moves no deadline."""
        line = register.take()
        register.act(line, acts.answer, given("post", LATER))
        assert register.file(line).line.due_at is None
        register.take("complaint", **reply("<1@client.example>", 2))
        assert register.file(line).line.due_at == DUE
        register.take("complaint", **reply("<1@client.example>", 3))
        assert register.events(line).count("clocks") == 1

    def test_what_no_index_holds_stops_nobody(self, register: Register) -> None:
        """An id and an address beyond all bounds: the case is opened, and known by neither."""
        long = "".join(chr(0x4E00 + n % 20_000) for n in range(990))
        line = register.take(
            message_id=f"<{long}@x.example>", sender=address(f"{long * 2}@x.example")
        )
        assert (line.state, register.count(case_threads)) == ("open", 0)


class TestCopies:
    """Of one content the first mail has the case, wherever it came."""

    @pytest.mark.parametrize("together", [True, False])
    def test_a_live_copy_of_an_observed_mail_opens_the_case(
        self, books: Books, together: bool
    ) -> None:
        """An archive or an import that was first does not swallow a complaint."""
        trace = "Received: from x by y; Mon, 5 Jan 2026 10:00:00 +0100\r\n"
        first, copy = raw_mail(1), raw_mail(1, trace=trace)
        books.receive(books.folder(), first, copy)
        observed = replace(books.judged(first), live=False)
        live = replace(books.judged(copy), wish=wish("complaint"))
        batches = [[observed, live]] if together else [[observed], [live]]
        for batch in (*batches, *batches):
            books.results.record([books.lease], batch, MORNING)
        with books.store.read() as connection:
            (line,) = list_cases(connection, Wanted())
            assert case_file(connection, line).mails == (observed.mail.mail_id,)

    @pytest.mark.parametrize("together", [True, False])
    def test_what_was_found_in_sent_first_swallows_nothing(
        self, books: Books, together: bool
    ) -> None:
        """Passed on from one mailbox of the house to another: there it is received and decided."""
        trace = "Received: from x by y; Mon, 5 Jan 2026 10:00:00 +0100\r\n"
        sent, copy = raw_mail(1), raw_mail(1, trace=trace)
        books.receive(books.folder(), sent, copy)
        verdict = Verdict(label=None, confidence=0.0, abstained=False, reason=SENT)
        kept = Decision(queue=None, rule=None, reason="found among what people send")
        first = replace(books.judged(sent), verdict=verdict, decision=kept)
        received = replace(books.judged(copy), wish=wish("complaint"))
        batches = [[first, received]] if together else [[first], [received]]
        for batch in (*batches, *batches):
            books.results.record([books.lease], batch, MORNING)
        with books.store.read() as connection:
            (line,) = list_cases(connection, Wanted())
            assert case_file(connection, line).mails == (first.mail.mail_id,)
            (row,) = connection.execute(select(decisions)).all()
        assert (row.mail_id, row.queue) == (first.mail.mail_id, "reclami")

    def test_a_copy_of_a_live_mail_opens_none(self, books: Books) -> None:
        """One case, and one only; of a mail that opened none its copy opens none either."""
        trace = "Received: from x by y; Mon, 5 Jan 2026 10:00:00 +0100\r\n"
        mails = [raw_mail(n, trace=more) for n in (1, 2) for more in ("", trace)]
        books.receive(books.folder(), *mails)
        for raw, kind in zip(mails, ("complaint", "complaint", None, "complaint"), strict=True):
            asking = replace(books.judged(raw), wish=wish(kind))
            books.results.record([books.lease], [asking], MORNING)
        with books.store.read() as connection:
            assert len(list_cases(connection, Wanted())) == 1

    @pytest.mark.parametrize("together", [True, False])
    def test_the_earliest_receipt_of_all_copies_starts_the_clock(
        self, register: Register, together: bool
    ) -> None:
        """Whichever was recorded first; a later one changes nothing, and nothing twice."""
        mail_id, early = register.mail(), MORNING - timedelta(days=9)
        sooner = replace(REPLY, due_at=DUE - timedelta(days=9))
        first = ask(mail_id, wish("complaint"))
        copy = ask(mail_id, replace(wish("complaint", early), clocks=(sooner,)), may_open=together)
        late = ask(mail_id, wish("complaint", LATER), may_open=False)
        for batch in ([first, copy, late],) if together else ([first], [copy], [late], [copy]):
            with register.store.write() as connection:
                register.cases.take(connection, batch, MORNING)
        line = register.case(mail_id)
        assert (line.received_at, line.due_at) == (early, sooner.due_at)
        assert register.events(line) == (["opened"] if together else ["opened", "earlier"])
