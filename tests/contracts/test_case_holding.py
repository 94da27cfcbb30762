"""Both engines know who has a case in hand, whose mailbox it is of, and what was forged."""

from dataclasses import replace
from datetime import timedelta

import pytest

from daemon.cases import acts, holding, joining, replying
from daemon.cases.acts import Act, ActRefused
from daemon.cases.records import NewCase
from daemon.cases.views import Wanted, count_cases
from daemon.mail.trust import FAIL
from tests.builders import MORNING, TOKENS
from tests.contracts.register import LATER, Register, reply
from tests.stages.triage_builders import address

BRUNO = Act(case_id=1, actor="Bruno", now=LATER)


def as_bruno(register: Register, do, *arguments: object) -> None:
    """Let somebody else act on the first case."""
    with register.store.write() as connection:
        do(connection, BRUNO, *arguments)


class TestClaims:
    """One person at a time, told by events."""

    def test_what_one_has_in_hand_no_other_takes(self, register: Register) -> None:
        """Until it is released, by whomever, or closed; claiming twice is once."""
        line = register.take()
        assert register.act(line, holding.claim).claimed_by == "Ada"
        assert register.act(line, holding.claim).claimed_by == "Ada"
        with pytest.raises(ActRefused, match=r"Ada has 2026-00001-\d\d in hand"):
            as_bruno(register, holding.claim)
        as_bruno(register, holding.release)
        with pytest.raises(ActRefused, match="nobody has"):
            as_bruno(register, holding.release)
        as_bruno(register, holding.claim)
        assert register.file(line).line.claimed_by == "Bruno"
        assert register.act(line, acts.close, "done").claimed_by is None
        told = ["opened", "claimed", "released", "claimed", "closed"]
        assert register.events(line) == told

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [("Ada", "ada", True), ("Ada  Rossi", " ada rossi", True), ("Ada", "Adam", False)],
    )
    def test_a_name_is_one_however_it_is_typed(self, one: str, other: str, *, same: bool) -> None:
        """Capitals and spaces make nobody a second person."""
        assert holding.same_person(one, other) is same


class TestForgery:
    """What our server found not to be from whom it says, and what a stranger was shown."""

    def test_a_forged_answer_joins_nothing(self, register: Register) -> None:
        """Neither the thread that it names, nor the case of our own id; both are proposed."""
        line = register.take()
        register.act(line, acts.close, "done")
        ours = TOKENS.message_id(line.id, "x", "desk.example")
        for number, named in enumerate(("<1@client.example>", ours), start=2):
            forged = register.take(**reply(named, number), authentic=FAIL)
            assert forged.id != line.id
            assert register.file(forged).events[1].detail["cases"][-1] == line.reference
        assert register.events(line) == ["opened", "closed"]

    def test_the_complaint_of_one_who_was_shown_our_mail_is_his_own(
        self, register: Register
    ) -> None:
        """A neighbour with our mail gets a case and a term; his thanks would join."""
        line = register.take()
        ours = TOKENS.message_id(line.id, "x", "desk.example")
        neighbour = reply(ours, 5, "neighbour@elsewhere.example")
        own = register.take(**neighbour)
        assert own.id != line.id
        assert register.file(own).events[1].detail == {"cases": [line.reference]}
        other = reply(ours, 6, "husband@elsewhere.example")
        assert register.take(None, **other).id == line.id
        assert register.file(line).events[-1].detail["by"] == "husband@elsewhere.example"

    def test_a_tag_makes_no_stranger(self, register: Register) -> None:
        """The customer complains again from an address of the same mailbox."""
        line = register.take()
        ours = TOKENS.message_id(line.id, "x", "desk.example")
        tagged = reply(ours, 5, "anna.rossi+shop@Client.example")
        assert register.take(**tagged).id == line.id


class TestRepeats:
    """The same customer, however the address is written."""

    def test_capitals_and_tags_are_one_customer(self, register: Register) -> None:
        """And whoever writes by post with the same address is proposed too."""
        first = register.take()
        for number, email in enumerate(
            ("ANNA.ROSSI@client.example", "anna.rossi+x@CLIENT.example")
        ):
            again = register.take(message_id=f"<{number}@x>", sender=address(email))
            assert first.reference in register.file(again).events[1].detail["cases"]
        new = NewCase(
            kind="complaint", channel="letter", queue=None, subject="x",
            customer="Anna.Rossi@client.example", customer_name=None, received_at=MORNING,
            actor="Ada",
        )  # fmt: skip
        with register.store.write() as connection:
            case_id = register.cases.open_by_hand(connection, new, None, (), MORNING)
        letter = register.file(replace(first, id=case_id, reference=str(case_id)))
        assert letter.events[1].detail["cases"][-1] == first.reference

    def test_cases_of_different_customers_are_merged_only_if_that_is_meant(
        self, register: Register
    ) -> None:
        """Answers go to one of them."""
        one = register.take()
        other = register.take(message_id="<2@x>", sender=address("bruno@client.example"))
        with pytest.raises(ActRefused, match="of different customers"):
            register.act(other, joining.merge, one.id)
        with register.store.write() as connection:
            act = Act(case_id=other.id, actor="Ada", now=LATER)
            joining.merge(connection, act, one.id, across=True)
        assert register.file(other).line.merged_into == one.id


class TestApproval:
    """What a case ever was, and where it ever stood, decides."""

    @pytest.mark.parametrize(
        ("kinds", "queues", "needs"),
        [
            (("complaint",), ("strict",), True),
            (("request",), ("strict",), False),
            (("complaint", "request"), ("strict",), True),
            (("complaint",), ("strict", "loose"), True),
            (("complaint",), ("loose",), False),
            (("request", "other", "request"), ("loose", "strict"), True),
        ],
    )
    def test_history_counts(self, register: Register, kinds, queues, *, needs: bool) -> None:
        """A label or a queue taken back does not let an answer pass."""
        line = register.take(kinds[0])
        for queue in queues:
            register.act(line, acts.run_under, queue, None, ())
        for kind in kinds[1:]:
            register.act(line, acts.label, kind)
        file = register.file(line)
        with register.store.read() as connection:
            found = replying.needs_approval(connection, file.line, {"strict"}, ())
        assert found is needs

    def test_a_profile_wants_it_too(self, register: Register) -> None:
        """Whichever the queue is."""
        line = register.take()
        with register.store.read() as connection:
            assert replying.needs_approval(connection, line, (), {"it-energy"})
            assert not replying.needs_approval(connection, line, (), {"it-bank"})


def test_a_confided_queue_is_not_listed_by_the_way(register: Register) -> None:
    """Its cases show where the queue is asked for, and nowhere else."""
    line = register.take()
    register.act(line, acts.run_under, "secret", None, ())
    register.take(message_id="<2@x>", at=MORNING + timedelta(hours=1))
    with register.store.read() as connection:
        everywhere = count_cases(connection, Wanted(beside="secret"))
        there = count_cases(connection, Wanted(beside="secret", queue="secret"))
    assert (everywhere, there) == (1, 1)
