"""Both engines merge and split cases alike, and undo it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from daemon.cases import acts, joining, running
from daemon.cases.acts import ActRefused
from daemon.cases.news import note_news
from daemon.cases.pausing import Pause
from daemon.cases.records import CaseLine, NewCase
from daemon.cases.views import find_case
from daemon.records import CaseNews, CaseWish, ClockDue
from daemon.store.tables import case_clocks
from daemon.triage.casework import CaseRules
from tests.builders import MORNING
from tests.contracts.register import BILLING, DUE, LATER, REPLY, Register, ask, given, reply, wish
from tests.stages.triage_builders import address

SOONER = DUE - timedelta(days=9)


def opened(
    register: Register, number: int, *clocks: ClockDue, kind: str = "complaint", **changes
) -> CaseLine:
    """Open a case with clocks of its own."""
    mail_id = register.mail()
    wanted = CaseWish(
        kind=kind, queue="complaints", channel="mail", received_at=changes.pop("at", MORNING),
        received_by="the mailbox", profile="ours", clocks=clocks,
    )  # fmt: skip
    one = ask(mail_id, wanted, message_id=f"<{number}@client.example>", **changes)
    with register.store.write() as connection:
        register.cases.take(connection, [one], MORNING)
    return register.case(mail_id)


def clocks_of(register: Register, line: CaseLine) -> dict[str, object]:
    """Return name -> end of a case's clocks."""
    query = select(case_clocks.c.name, case_clocks.c.due_at)
    with register.store.read() as connection:
        rows = connection.execute(query.where(case_clocks.c.case_id == line.id))
        return {row.name: row.due_at for row in rows}


class TestMerging:
    """One case stands for both; the way back leaves nothing behind."""

    def test_the_sooner_term_counts_and_comes_back(self, register: Register) -> None:
        """Also a clock that only the other had, its receipt, and that it was a complaint."""
        early = MORNING - timedelta(days=2)
        target = opened(register, 1, REPLY, kind="request")
        sooner = ClockDue(name="reply", term="21 days", only_if="", met_by="answer", due_at=SOONER)
        source = opened(register, 2, sooner, BILLING, at=early)
        register.act(source, joining.merge, target.id)
        line = register.file(target).line
        assert (line.due_at, line.kind, line.received_at) == (SOONER, "complaint", early)
        assert clocks_of(register, target).keys() == {"reply", "billing"}
        assert register.file(target).merged == (source.reference,)
        gone = register.file(source).line
        assert (gone.state, gone.merged_into, gone.due_at) == ("merged", target.id, None)
        register.act(source, joining.unmerge)
        line, back = register.file(target).line, register.file(source).line
        assert (line.due_at, line.kind, line.received_at) == (DUE, "request", MORNING)
        assert clocks_of(register, target) == {"reply": DUE}
        assert (back.state, back.merged_into, back.due_at) == ("open", None, SOONER)
        assert register.events(source) == ["opened", "possible", "merged", "unmerged"]
        assert register.events(target) == ["opened", "took in", "gave back"]

    def test_mail_for_the_merged_one_comes_to_the_other(self, register: Register) -> None:
        """And its mails are shown there; once undone each has its own again."""
        target, source = opened(register, 1, REPLY), opened(register, 2, REPLY)
        register.act(source, joining.merge, target.id)
        joined = register.take(**reply("<2@client.example>", 5))
        assert joined.id == target.id
        assert len(register.file(target).mails) == 3
        register.act(source, joining.unmerge)
        assert register.take(**reply("<2@client.example>", 6)).id == source.id
        assert len(register.file(target).mails) == 2

    def test_a_case_that_had_taken_in_others_takes_them_along(self, register: Register) -> None:
        """There are no chains, and the undoing gives each back to whom it belonged."""
        first, second, third = (opened(register, n, REPLY) for n in (1, 2, 3))
        register.act(first, joining.merge, second.id)
        register.act(second, joining.merge, third.id)
        assert register.file(third).merged == (first.reference, second.reference)
        assert register.take(**reply("<1@client.example>", 5)).id == third.id
        register.act(second, joining.unmerge)
        assert register.file(second).merged == (first.reference,)
        assert register.file(third).merged == ()

    def test_what_was_done_meanwhile_stays(self, register: Register) -> None:
        """A clock that was met, or a term that somebody moved."""
        target = opened(register, 1, REPLY)
        sooner = ClockDue(name="reply", term="21 days", only_if="", met_by="answer", due_at=SOONER)
        source = opened(register, 2, sooner)
        register.act(source, joining.merge, target.id)
        register.act(target, acts.answer, given("mail", LATER))
        register.act(source, joining.unmerge)
        assert register.file(target).line.due_at is None
        assert register.file(source).line.due_at == SOONER

    def test_what_cannot_be_merged(self, register: Register) -> None:
        """With itself, twice, into one that is closed or merged."""
        one, two, three = (opened(register, n, REPLY) for n in (1, 2, 3))
        with pytest.raises(ActRefused, match="with itself"):
            register.act(one, joining.merge, one.id)
        with pytest.raises(ActRefused, match="is not merged"):
            register.act(one, joining.unmerge)
        register.act(one, joining.merge, two.id)
        for into, why in ((three, "merged already"), (one, "")):
            source = one if why else three
            with pytest.raises(ActRefused, match=why or "is not open"):
                register.act(source, joining.merge, into.id)
        register.act(three, acts.close, "done")
        with pytest.raises(ActRefused, match="is not open"):
            register.act(two, joining.merge, three.id)


class TestSplitting:
    """Some mails of a case become one of their own."""

    def test_mails_and_their_threads_go(self, register: Register) -> None:
        """With their own requester; answers to them follow."""
        line = register.take()
        mail_id = register.mail()
        other = ask(
            mail_id,
            wish("complaint"),
            **reply("<1@client.example>", 7),
        )
        with register.store.write() as connection:
            register.cases.take(connection, [other], MORNING)
        new = _split(register, line, [mail_id])
        assert register.file(new).mails == (mail_id,)
        assert len(register.file(line).mails) == 1
        assert register.take(None, **reply("<7@client.example>", 8)).id == new.id
        assert register.take(None, **reply("<1@client.example>", 9)).id == line.id
        assert register.events(line)[:3] == ["opened", "joined", "split"]
        assert register.events(new)[:2] == ["opened", "split off"]

    @pytest.mark.parametrize("mails", [[1], [1, 99]])
    def test_what_cannot_be_split(self, register: Register, mails: list[int]) -> None:
        """All of it, or what is not there."""
        line = register.take(sender=address("a@x.example"))
        with pytest.raises(ActRefused, match=r"no mail would be left|mail 99 is not in"):
            _split(register, line, mails)
        assert register.file(line).mails == (1,)


def _split(register: Register, line: CaseLine, mails: list[int]) -> CaseLine:
    entry = NewCase(
        kind="complaint", channel="mail", queue=None, subject="x", customer=None,
        customer_name=None, received_at=MORNING, actor="Ada",
    )  # fmt: skip
    act = acts.Act(case_id=line.id, actor="Ada", now=LATER)
    with register.store.write() as connection:
        made = register.cases.open_by_hand(connection, entry, None, (), MORNING)
        joining.split(connection, act, mails, made)
        ids = [f"<{mail + 5}@client.example>" for mail in mails]
        joining.rethread(connection, line.id, ids, made)
    with register.store.read() as connection:
        return find_case(connection, str(made))


class TestTermsOutlast:
    """What a merged case must be answered by, whatever is done with the other meanwhile."""

    def test_what_was_answered_there_was_not_answered_here(self, register: Register) -> None:
        """The other's clock of that name was met: it runs again, for the merged one."""
        target, source = opened(register, 1, REPLY), opened(register, 2, REPLY)
        register.act(target, acts.answer, given("mail", LATER))
        register.act(source, joining.merge, target.id)
        assert register.file(target).line.due_at == DUE
        register.act(source, joining.unmerge)
        assert register.file(target).line.due_at is None

    def test_one_is_given_back_and_the_other_stays(self, register: Register) -> None:
        """The term of the one that stays is still the sooner."""
        target = opened(register, 1, REPLY, kind="request")
        tens = replace(REPLY, due_at=DUE - timedelta(days=20))
        twenties = replace(REPLY, due_at=DUE - timedelta(days=10))
        first, second = opened(register, 2, tens), opened(register, 3, twenties)
        register.act(first, joining.merge, target.id)
        register.act(second, joining.merge, target.id)
        register.act(first, joining.unmerge)
        line = register.file(target).line
        assert (line.due_at, line.kind) == (twenties.due_at, "complaint")

    def test_a_new_count_does_not_forget_them(self, register: Register) -> None:
        """Another queue, a pause, an extension."""
        target = opened(register, 1, REPLY)
        sooner = replace(REPLY, due_at=SOONER)
        source = opened(register, 2, sooner, BILLING)
        register.act(source, joining.merge, target.id)
        moved = register.act(target, acts.run_under, "other", "theirs", (REPLY,))
        assert moved.due_at == SOONER
        assert "billing" in clocks_of(register, target)

    def test_a_merged_case_is_not_acted_on(self, register: Register) -> None:
        """The other is; and what leaves for it stops the clock that runs."""
        target, source = opened(register, 1, REPLY), opened(register, 2, REPLY)
        register.act(source, joining.merge, target.id)
        for do, *arguments in (
            (acts.close, "x"), (acts.open_again, ()), (acts.label, "request"),
            (acts.answer, given("mail", LATER)), (acts.run_under, "q", None, ()),
        ):  # fmt: skip
            with pytest.raises(ActRefused, match=f"was merged into {target.reference}"):
                register.act(source, do, *arguments)
        news = CaseNews(case_id=source.id, kind="answered", at=LATER, detail={})
        with register.store.write() as connection:
            note_news(connection, [news], CaseRules())
        assert register.file(target).line.due_at is None

    def test_a_paused_case_is_not_merged(self, register: Register) -> None:
        """Its pause would stop the other's term."""
        target, source = opened(register, 1, REPLY), opened(register, 2, REPLY)
        register.act(target, running.pause, Pause(since=LATER.date(), why="x"))
        with pytest.raises(ActRefused, match="is paused"):
            register.act(source, joining.merge, target.id)

    def test_the_inner_of_two_mergings_can_be_undone_first(self, register: Register) -> None:
        """Though the case it was merged into is merged itself by now."""
        first, second, third = (opened(register, n, REPLY) for n in (1, 2, 3))
        register.act(first, joining.merge, second.id)
        register.act(second, joining.merge, third.id)
        assert register.act(first, joining.unmerge).state == "open"
