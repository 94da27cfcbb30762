"""Both engines keep alike whose case a colleague's forward opened, and what came of it."""

from datetime import timedelta

import pytest

from daemon.cases import acts, correcting
from daemon.cases.acts import Given
from daemon.cases.records import ActRefused, CaseLine
from daemon.records import Address, Forwarded
from daemon.store.tables import case_threads
from tests.builders import MORNING
from tests.contracts.clock_desk import RECEIVED, Desk
from tests.contracts.register import LATER, Register, reply
from tests.stages.triage_builders import address, reading

ANNA = Address(name="Anna Rossi", email="anna@client.example")
ADA = "ada@desk.example"
ORIGINAL = "<orig@client.example>"


def passed(number: int = 1, **changes) -> dict:
    """Return the fields of a colleague's mail with Anna's attached."""
    plain = {
        "customer": ANNA, "how": "attached", "subject": "Fattura", "message_id": ORIGINAL,
        "sent_at": MORNING - timedelta(days=3),
    }  # fmt: skip
    told = Forwarded(**{**plain, **changes})
    own = f"<fwd{number}@desk.example>"
    return {"sender": address(ADA), "message_id": own, "subject": "I: x", "forwarded": told}


UNSURE = {"customer": None, "why": "several people wrote it", "proposed": (ANNA,)}
WRITTEN = {"how": "headers", "message_id": None}


def anna(**changes) -> dict:
    """Return the fields of a mail of hers."""
    return {
        "sender": address("Anna@client.example"),
        "message_id": "<next@client.example>",
        **changes,
    }


def of_kind(register: Register, line: CaseLine, kind: str) -> list[dict]:
    """Return what the events of a kind say."""
    return [one.detail for one in register.file(line).events if one.kind == kind]


class TestOpening:
    """A forward opens the customer's case."""

    def test_the_case_is_the_customer_s(self, register: Register) -> None:
        """With her name and her subject; who passed it on is told, and when it may have come."""
        line = register.take(**passed())
        assert (line.customer, line.customer_name) == (ANNA.email, ANNA.name)
        assert (line.subject, line.received_at) == ("Fattura", MORNING)
        opened, receipt = register.file(line).events
        assert opened.detail["forwarded_by"] == ADA
        assert opened.detail["how"] == "attached"
        assert receipt.kind == "possible_receipt"
        assert receipt.detail["sent_at"] == (MORNING - timedelta(days=3)).isoformat()

    def test_without_a_sure_customer_it_is_nobody_s(self, register: Register) -> None:
        """The colleague's least of all; who it may be is told, with the reason."""
        line = register.take(**passed(**UNSURE))
        assert (line.customer, line.customer_name) == (None, None)
        (told,) = of_kind(register, line, "unknown_customer")
        assert told == {"why": "several people wrote it", "proposed": [ANNA.email]}

    def test_what_our_server_found_forged_is_taken_as_it_says(self, register: Register) -> None:
        """A stranger's mail with a forward in it stays the stranger's."""
        line = register.take(**passed(), authentic="fail")
        assert line.customer == ADA
        assert register.events(line) == ["opened"]

    def test_another_open_case_of_hers_is_proposed(self, register: Register) -> None:
        """Of hers, not of the colleague who passes on mail all day."""
        hers = {"sender": ANNA, "message_id": "<other@client.example>"}
        first = register.take(**hers)
        line = register.take(**passed(), at=MORNING + timedelta(hours=1))
        assert of_kind(register, line, "possible")[0]["cases"][0] == first.reference
        stranger = Address(name="", email="ugo@client.example")
        other = register.take(**passed(2, customer=stranger, message_id="<ugo@client.example>"))
        assert of_kind(register, other, "possible") == []


class TestJoining:
    """Her later answer finds the case, and a forward finds hers."""

    @pytest.mark.parametrize(
        "forward",
        [passed(), {**passed(**WRITTEN), "in_reply_to": ORIGINAL, "references": (ORIGINAL,)}],
        ids=["attached", "text"],
    )
    def test_her_answer_to_her_own_mail_joins(self, register: Register, forward: dict) -> None:
        """Whether the original's Message-ID is known by the attached mail or by the forward."""
        line = register.take(**forward)
        joined = register.take("request", **anna(in_reply_to=ORIGINAL, references=(ORIGINAL,)))
        assert joined.id == line.id

    def test_a_colleague_s_own_answer_to_his_forward_joins(self, register: Register) -> None:
        """As before."""
        line = register.take(**passed())
        again = {**reply("<fwd1@desk.example>", 9, ADA)}
        assert register.take(None, **again).id == line.id

    def test_a_forward_of_mail_that_has_a_case_joins_it(self, register: Register) -> None:
        """She wrote to us as well: no second case, and nothing runs anew."""
        line = register.take(**anna(message_id=ORIGINAL))
        joined = register.take(**passed(), at=LATER)
        assert joined.id == line.id
        (told,) = of_kind(register, line, "joined")
        assert (told["forwarded_by"], told["how"]) == (ADA, "attached")

    def test_within_one_batch_too(self, register: Register) -> None:
        """The original and the forward are read together."""
        first, second = register.mail(), register.mail()
        register.asked(
            (second, "complaint", LATER, passed()),
            (first, "complaint", MORNING, anna(message_id=ORIGINAL)),
        )
        assert register.case(first).id == register.case(second).id
        assert register.events(register.case(first)) == ["opened", "joined"]

    def test_a_closed_case_stays_closed_when_its_mail_is_passed_on(
        self, register: Register
    ) -> None:
        """It was answered; a colleague was late. One that was answered runs no clock again."""
        line = register.take(**anna(message_id=ORIGINAL))
        register.act(line, acts.answer, Given(channel="post", on=LATER))
        register.take(**passed(), at=LATER)
        assert register.file(line).line.due_at is None
        register.act(line, acts.close, "repaired")
        register.take(**passed(2), at=LATER)
        assert register.file(line).line.state == "closed"
        assert register.events(line).count("joined") == 2

    def test_an_attached_answer_of_hers_joins_the_case_that_it_answers(
        self, register: Register
    ) -> None:
        """As if it had come itself; a complaint has its effect."""
        line = register.take("request", **anna(message_id="<first@client.example>"))
        answer = passed(message_id=ORIGINAL, answers=("<first@client.example>",))
        joined = register.take(**answer)
        assert (joined.id, joined.kind) == (line.id, "complaint")

    def test_whoever_is_not_its_writer_joins_nothing(self, register: Register) -> None:
        """The id alone is known to many; and what only a text says joins nothing."""
        line = register.take(**anna(message_id=ORIGINAL))
        ugo = Address(name="", email="ugo@client.example")
        assert register.take(**passed(customer=ugo)).id != line.id
        told = {**passed(2, **WRITTEN), "in_reply_to": ORIGINAL, "references": (ORIGINAL,)}
        written = register.take(**told)
        assert written.id != line.id
        assert line.reference in of_kind(register, written, "possible")[0]["cases"]
        assert register.take(**passed(3, **UNSURE)).id != line.id

    def test_two_customers_who_answer_one_mail_of_ours_are_two_cases(
        self, register: Register
    ) -> None:
        """Both answers, passed on by one colleague, name our newsletter: no false thread."""
        ours = {"in_reply_to": "<news@desk.example>", "references": ("<news@desk.example>",)}
        ugo = Address(name="", email="ugo@client.example")
        first = register.take(**{**passed(1, **WRITTEN), **ours})
        second = register.take(**{**passed(2, **WRITTEN, customer=ugo), **ours})
        assert first.id != second.id


class TestCorrecting:
    """What a person says of it."""

    def test_a_person_says_whose_it_is(self, register: Register) -> None:
        """And her next answer joins."""
        line = register.take(**passed(**UNSURE))
        mail = reading(**passed(**UNSURE))

        def say(connection, act) -> None:
            correcting.name_customer(register.store, connection, act, ANNA, [mail])

        told = register.act(line, say)
        assert (told.customer, told.customer_name) == (ANNA.email, ANNA.name)
        assert of_kind(register, line, "customer") == [
            {"address": ANNA.email, "name": ANNA.name, "before": None}
        ]
        rows = register.count(case_threads)
        register.act(line, say)
        assert register.count(case_threads) == rows
        joined = register.take(None, **anna(in_reply_to=ORIGINAL, references=(ORIGINAL,)))
        assert joined.id == line.id

    def test_a_receipt_is_proposed(self, register: Register) -> None:
        """The date of the mail that was passed on; nobody has accepted it."""
        line = register.take(**passed())
        with register.store.read() as connection:
            found = correcting.proposed_receipt(connection, line.id)
        assert found == MORNING - timedelta(days=3)

    def test_an_accepted_receipt_makes_the_clocks_sooner(self, register: Register) -> None:
        """They are counted anew from it, by as much as it is earlier; what was met stays."""
        desk = Desk(register, "ours")
        early = RECEIVED - timedelta(days=3)
        before = register.file(desk.line)
        desk.act(RECEIVED + timedelta(hours=2), correcting.receive_earlier, early)
        after = register.file(desk.line)
        assert (after.line.received_at, before.line.received_at) == (early, RECEIVED)
        ends = {one.name: one.due_at.date() for one in before.clocks}
        sooner = {one.name: one.due_at.date() for one in after.clocks}
        assert sooner == {name: day - timedelta(days=3) for name, day in ends.items()}
        assert of_kind(register, desk.line, "earlier")[0]["received_at"] == early.isoformat()

    def test_a_receipt_moves_only_to_earlier(self, register: Register) -> None:
        """And of a merged case the other is to be acted on."""
        line = register.take(**passed())
        with pytest.raises(ActRefused, match="already"):
            register.act(line, correcting.receive_earlier, MORNING)
        assert register.file(line).line.received_at == MORNING

    def test_without_a_proposal_there_is_none(self, register: Register) -> None:
        """A case of the customer's own mail."""
        line = register.take(**anna())
        with register.store.read() as connection:
            assert correcting.proposed_receipt(connection, line.id) is None
