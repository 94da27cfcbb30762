"""Both engines keep the clocks of a case alike: what ends them, what delays them, what does not."""

from dataclasses import replace
from datetime import date

import pytest

from daemon.cases import acts, running
from daemon.cases.acts import Given
from daemon.cases.ending import Named
from daemon.cases.pausing import Pause
from daemon.cases.records import ActRefused
from daemon.cases.running import Extension
from daemon.cases.views import Wanted, count_cases
from tests.contracts.clock_desk import RULES, WHY, Desk, on, post
from tests.contracts.register import Register


class TestDelivery:
    """A clock that asks for delivery is met by what arrives, not by what is sent."""

    def test_what_was_sent_meets_it_when_it_has_arrived(self, register: Register) -> None:
        """Until then it presses; the receipt of another mail says nothing."""
        desk = Desk(register, "pl-consumer")
        assert desk.due == "11-16"
        assert desk.hear(on(3), "answered", "answer:1") == "11-16"
        assert desk["reply"].sent_at == on(3)
        assert desk.hear(on(4), "delivered", "acknowledgement:1") == "11-16"
        assert desk.hear(on(5), "delivered", "answer:1") is None
        assert desk["reply"].met_at == on(5)

    def test_a_receipt_that_is_quicker_than_the_news_counts(self, register: Register) -> None:
        """The report of delivery is recorded before anybody tells the case that the mail left."""
        desk = Desk(register, "pl-consumer")
        desk.hear(on(4), "delivered", "answer:1")
        assert desk.hear(on(3), "answered", "answer:1") is None
        assert desk["reply"].met_at == on(4)

    def test_a_letter_meets_it_when_somebody_says_that_it_arrived(self, register: Register) -> None:
        """Together with the answer, or afterwards; not before it was sent."""
        desk = Desk(register, "pl-consumer")
        assert desk.act(on(6), acts.answer, post(on(5))) == "11-16"
        with pytest.raises(ActRefused, match="was answered later"):
            desk.act(on(6), acts.deliver, on(4))
        assert desk.act(on(9), acts.deliver, on(8)) is None
        with pytest.raises(ActRefused, match="no clock waits for the delivery"):
            desk.act(on(9), acts.deliver, on(8))

    @pytest.mark.parametrize("channel", ["phone", "counter"])
    def test_what_is_said_arrives_at_once(self, register: Register, channel: str) -> None:
        """On the telephone, at the counter."""
        desk = Desk(register, "pl-consumer")
        assert desk.act(on(6), acts.answer, Given(channel=channel, on=on(5))) is None

    def test_an_answer_that_comes_back_answered_nothing(self, register: Register) -> None:
        """Its clock runs again, delivered or only sent; one that came back early never ended it."""
        for profile, due in (("pl-consumer", "11-16"), ("pl-finance", "12-02")):
            desk = Desk(register, profile)
            desk.hear(on(3), "answered", "answer:1")
            desk.hear(on(4), "delivered", "answer:1")
            assert desk.due is None
            assert desk.hear(on(5), "returned", "answer:1") == due
            desk.hear(on(6), "returned", "answer:2")
            assert desk.hear(on(5), "answered", "answer:2") == due
            desk.act(on(7), acts.close, "x")

    def test_what_else_was_answered_still_counts(self, register: Register) -> None:
        """A letter that went as well, or a second mail."""
        desk = Desk(register, "pl-finance")
        desk.hear(on(3), "answered", "answer:1")
        desk.act(on(5), acts.answer, post(on(4)))
        assert desk.hear(on(6), "returned", "answer:1") is None
        assert desk["reply"].met_at == on(4)


class TestExtension:
    """A longer term is for whoever was told of it within the first."""

    def test_it_owes_an_interim_reply_within_the_first_term(self, register: Register) -> None:
        """Which ends that clock only; then the longer one counts."""
        desk = Desk(register, "ours")
        desk.act(on(3), running.note_acknowledged, "phone", on(3))
        desk.act(on(3), running.note_decision, "partly", on(3))
        assert desk.act(on(10), running.extend, Extension(why="x")) == "12-02"
        assert desk.day("reply") == "01-01"
        interim = post(on(20), is_interim=True)
        assert desk.act(on(21), acts.answer, interim) == "01-01"
        assert desk.unmet() == {"reply"}

    def test_after_the_first_term_it_is_too_late(self, register: Register) -> None:
        """Unless the customer was told in time, which meets the interim reply."""
        desk = Desk(register, "ours")
        with pytest.raises(ActRefused, match="first term was over on 2026-12-02"):
            desk.act(on(3, 12), running.extend, Extension(why="x"))
        with pytest.raises(ActRefused, match="first term was over on 2026-12-02"):
            desk.act(on(4, 12), running.extend, Extension(why="x", told=on(3, 12)))
        told = Extension(why="x", told=on(2, 12))
        desk.act(on(4, 12), running.extend, told)
        assert desk["reply interim"].met_at == on(2, 12)
        assert desk.day("reply") == "01-01"
        with pytest.raises(ActRefused, match="extended already"):
            desk.act(on(4, 12), running.extend, told)

    def test_an_answer_makes_the_interim_reply_needless(self, register: Register) -> None:
        """Who has answered owes nothing; nor is there anything to extend."""
        desk = Desk(register, "eu-data-subject")
        desk.act(on(3), running.extend, Extension(why="x"))
        assert desk.act(on(4), acts.answer, post(on(4))) is None
        assert Desk(register, None, "data-subject").due is not None
        with pytest.raises(ActRefused, match="owes no interim reply"):
            Desk(register, "pl-energy").act(on(4), acts.answer, post(on(4), is_interim=True))

    @pytest.mark.parametrize(
        ("profile", "why"),
        [("it-energy", "it-energy cannot be extended"), ("it-bank", "runs only for payment")],
    )
    def test_what_cannot_be_extended(self, register: Register, profile: str, why: str) -> None:
        """No clock can, or only one for what the case is not about."""
        with pytest.raises(ActRefused, match=why):
            Desk(register, profile).act(on(3), running.extend, Extension(why="x"))


class TestPauses:
    """A pause holds the clocks that it is for, and no others."""

    def test_the_clocks_of_a_matter_press_while_the_case_s_own_stand_still(
        self, register: Register
    ) -> None:
        """And the other way round; each is moved by its own days only."""
        desk = Desk(register, "ours", "data-subject")
        desk.act(on(3), running.note_acknowledged, "phone", on(3))
        desk.act(on(3), running.note_decision, "partly", on(3))
        pause = Pause(since=date(2026, 11, 10), why=WHY)
        assert desk.act(on(10), running.pause, pause) == "12-02"
        assert desk["reply"].is_held
        assert not desk["data-subject:reply"].is_held
        desk.act(on(12), running.pause, replace(pause, part="data-subject"))
        assert desk.due is None
        assert desk.act(on(20), running.resume, "", date(2026, 11, 20)) == "12-12"
        assert desk.act(on(16), running.resume, "data-subject", date(2026, 11, 14)) == "12-07"
        assert (desk.day("reply"), desk.day("data-subject:reply")) == ("12-12", "12-07")

    def test_what_was_overdue_when_it_began_stays_so(self, register: Register) -> None:
        """Nobody hides a missed term behind a pause."""
        desk = Desk(register, "ours")
        assert desk.due == "11-05"
        pause = Pause(since=date(2026, 11, 8), why=WHY)
        assert desk.act(on(8), running.pause, pause) == "11-05"
        with register.store.read() as connection:
            assert count_cases(connection, Wanted(due_before=on(30, 12))) == 1

    def test_a_regime_limits_its_pauses(self, register: Register) -> None:
        """Italian procedure: once, thirty days; then the clock runs on by itself, and presses."""
        profile = RULES.rulebook.profiles["it-public-procedure"]
        desk = Desk(register, profile.name)
        assert desk.due == "12-02"
        pause = Pause(since=date(2026, 11, 10), why=profile.pauses[0])
        assert desk.act(on(10), running.pause, pause, profile) == "01-02"
        assert not desk["procedure"].is_held
        assert desk.act(on(30, 12), running.resume, "", date(2026, 12, 30)) == "01-02"
        again = Pause(since=date(2026, 12, 30), why=profile.pauses[0])
        with pytest.raises(ActRefused, match="paused 1 times at most"):
            desk.act(on(30, 12), running.pause, again, profile)

    def test_a_pause_in_a_closed_case_has_ended(self, register: Register) -> None:
        """With the days until then; opened again it is due later by those."""
        desk = Desk(register, "ours")
        desk.act(on(3), running.note_acknowledged, "phone", on(3))
        desk.act(on(3), running.note_decision, "partly", on(3))
        desk.act(on(10), running.pause, Pause(since=date(2026, 11, 10), why=WHY))
        desk.act(on(14), acts.close, "withdrawn")
        assert desk.act(on(20), acts.open_again, ()) == "12-06"
        assert not desk["reply"].is_held


class TestDependents:
    """A clock that another one starts is counted from when that one was met."""

    def test_feedback_runs_from_the_acknowledgement(self, register: Register) -> None:
        """Whistleblowing: as a profile of the case and as its matter, by our mail or by hand."""
        for profile, *matters in (("eu-whistleblowing",), ("ours", "whistleblowing")):
            desk = Desk(register, profile, *matters)
            name = f"{matters[0]}:feedback" if matters else "feedback"
            assert desk.day(name) == "02-09"
            desk.hear(on(3), "acknowledged", "acknowledgement:1")
            assert desk.day(name) == "02-03"
            desk.hear(on(4), "returned", "acknowledgement:1")
            assert desk.day(name) == "02-09"
            named = Named(matters=tuple(matters))
            desk.act(on(5), running.note_acknowledged, "phone", on(5), named)
            assert desk.day(name) == "02-05"
            desk.act(on(5), acts.close, "x")

    def test_the_other_clocks_stay(self, register: Register) -> None:
        """Only what the met one starts is counted anew."""
        desk = Desk(register, "ours")
        assert (desk.day("follow-up"), desk.day("reply")) == ("11-15", "12-02")
        desk.act(on(3), running.note_acknowledged, "phone", on(3))
        assert (desk.day("follow-up"), desk.day("reply")) == ("11-13", "12-02")
