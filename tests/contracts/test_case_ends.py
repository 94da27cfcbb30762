"""Both engines keep the clocks of a case alike: what an act ends, what begins anew."""

from datetime import datetime, timedelta

import pytest

from daemon.cases import acts, running
from daemon.cases.acts import Given
from daemon.cases.ending import Named
from daemon.cases.records import ActRefused
from daemon.cases.views import find_case, silences
from daemon.triage.casework import clocks_for
from daemon.triage.deadlines import Course
from tests.contracts.clock_desk import RECEIVED, ROME, RULES, Desk, asked, on, post
from tests.contracts.register import Register, ask


class TestReopening:
    """What nobody met is due as it was; what was met begins anew."""

    @pytest.mark.parametrize("reopen", ["command", "mail"])
    def test_a_term_that_nobody_met_is_due_as_it_was(self, register: Register, reopen: str) -> None:
        """Closed by mistake, opened by a person or by the customer's reminder on day 40."""
        desk, late = Desk(register, "pl-finance"), on(12, 12)
        desk.act(on(3), acts.close, "spam")
        if reopen == "command":
            _, clocks, _ = clocks_for(RULES, "pl-finance", Course(received=late))
            desk.act(late, acts.open_again, clocks)
        else:
            desk.write(late, "pl-finance")
        assert desk.due == "12-02"

    def test_what_was_answered_is_asked_for_anew(self, register: Register) -> None:
        """From the reopening; the decision that was never made stays due beside it."""
        desk = Desk(register, "ours")
        desk.act(on(3), running.note_acknowledged, "phone", on(3))
        desk.act(on(4), acts.answer, post(on(4)))
        assert desk.due == "11-13"
        desk.act(on(5), acts.close, "done")
        _, clocks, _ = clocks_for(RULES, "ours", Course(received=on(20)))
        desk.act(on(20), acts.open_again, clocks)
        assert {name: desk.day(name) for name in ("follow-up", "acknowledge", "reply")} == {
            "follow-up": "11-13", "acknowledge": "11-23", "reply": "12-20",
        }  # fmt: skip

    def test_a_complaint_about_an_answer_has_a_term_beside_a_matter_that_runs(
        self, register: Register
    ) -> None:
        """The month of the data subject is no answer to the new complaint."""
        desk = Desk(register, "pl-finance", "data-subject")
        assert desk.act(on(4), acts.answer, post(on(4))) == "12-02"
        desk.write(on(10), "pl-finance")
        assert desk.unmet() == {"reply", "data-subject:reply"}
        assert desk.day("reply") == "12-10"


class TestConcerned:
    """An act ends the clocks that it is about."""

    def test_a_decision_tells_no_authority_of_a_breach(self, register: Register) -> None:
        """Nor does an answer give a data subject what he asked for; unless they are named."""
        desk = Desk(register, "ours", "data-breach", "data-subject")
        desk.act(on(3), running.note_acknowledged, "phone", on(3))
        desk.act(on(3), running.note_decision, "rejected", on(3))
        desk.act(on(3), acts.answer, post(on(3)))
        assert desk.unmet() == {"data-breach:notice", "data-subject:reply"}
        breach = Named(clocks=("data-breach:notice",))
        desk.act(on(3), running.note_decision, "upheld", on(3), breach)
        desk.act(on(3), acts.answer, post(on(3), named=Named(matters=("data-subject",))))
        assert desk.unmet() == set()

    def test_without_clocks_of_its_own_an_answer_is_for_the_matter(
        self, register: Register
    ) -> None:
        """A decision is not: what a breach waits for is a notice to the authority."""
        desk = Desk(register, None, "data-subject", "data-breach")
        desk.act(on(3), acts.answer, post(on(3)))
        desk.act(on(3), running.note_decision, "rejected", on(3))
        assert desk.unmet() == {"data-breach:notice"}

    @pytest.mark.parametrize(
        ("named", "why"),
        [
            (Named(clocks=("follow-up",)), "follow-up waits for: decision; allowed: .*reply"),
            (Named(clocks=("love",)), "no clock 'love'; allowed: .*reply"),
            (Named(matters=("data-breach",)), "matter 'data-breach' waits for this; allowed: none"),
        ],
    )
    def test_what_is_named_must_be_there(self, register: Register, named: Named, why: str) -> None:
        """And must wait for such an act."""
        desk = Desk(register, "ours")
        with pytest.raises(ActRefused, match=why):
            desk.act(on(3), acts.answer, post(on(3), named=named))

    def test_an_answer_by_the_wrong_channel_is_kept_with_the_rule(self, register: Register) -> None:
        """It ends the clock all the same; the event says what it does not keep."""
        desk = Desk(register, "it-energy")
        desk.act(on(3), acts.answer, Given(channel="phone", on=on(3)))
        event = desk.register.file(desk.line).events[-1]
        assert event.detail["against"] == [
            "it-energy wants an answer on a durable medium: mail, pec or post"
        ]
        assert (event.detail["ends"], desk.due) == (["reply"], None)


def test_what_silence_means_is_told_of_overdue_cases(register: Register) -> None:
    """Of an answer or a decision that is over; not of an acknowledgement, nor before the day."""
    desk = Desk(register, "ours")

    def means(at: datetime) -> str | None:
        with register.store.read() as connection:
            line = find_case(connection, desk.line.reference)
            return silences(connection, [line], at).get(line.id)

    assert [means(on(7)), means(on(20)), means(on(3, 12))] == [None, "accepted", "accepted"]
    desk.act(on(3), acts.answer, post(on(3)))
    desk.act(on(3), running.note_decision, "upheld", on(3))
    assert means(on(3, 12)) is None


def test_only_an_answer_is_promised_by_return(register: Register) -> None:
    """No notice to an authority, no decision, nothing that another clock has yet to start."""
    for profile, matters, due in (
        ("pl-finance", ("data-breach",), "12-02"),
        ("it-public-procedure", (), None),
        ("eu-whistleblowing", (), None),
        ("ours", ("data-subject",), "12-02"),
    ):
        asking = ask(register.mail(), asked(profile, RECEIVED, *matters), message_id=f"<{due}@x>")
        with register.store.write() as connection:
            (opened,) = register.cases.take(connection, [asking], RECEIVED)
        told = opened.due_at and f"{opened.due_at.astimezone(ROME):%m-%d}"
        assert told == due, profile


def test_an_earlier_copy_moves_the_start_of_all_its_clocks(register: Register) -> None:
    """What is counted anew later is counted from the earlier receipt as well."""
    mail_id = register.mail()
    early = RECEIVED - timedelta(days=2)
    for at in (RECEIVED, early):
        asking = ask(mail_id, asked("ours", at), may_open=at == RECEIVED)
        with register.store.write() as connection:
            register.cases.take(connection, [asking], RECEIVED)
    line = register.case(mail_id)
    assert {one.since for one in register.file(line).clocks} == {early}
