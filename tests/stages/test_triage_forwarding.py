"""What a colleague's forward means: whose case, who is answered by return, from when."""

from datetime import UTC, datetime, timedelta

import pytest

from daemon.mail.trust import FAIL, PASS
from daemon.records import Automatic, Forwarded, Reading
from daemon.triage.acknowledge import AcknowledgeRules, acknowledgement_for
from daemon.triage.forwarding import answered_id, forward_of, original_of, possible_receipt
from tests.stages.triage_builders import address, reading

RECEIVED = datetime(2026, 11, 23, 10, 40, tzinfo=UTC)
SENT = RECEIVED - timedelta(hours=2)
ANNA = address("anna@client.example")
ADA = address("ada@desk.example")
RULES = AcknowledgeRules(
    kinds=("complaint",), own=frozenset({"info@desk.example"}), checking=frozenset({"checked"})
)


def forward(**changes) -> Reading:
    """Return a colleague's mail with Anna's attached, with some of what is passed on changed."""
    plain = {
        "customer": ANNA,
        "how": "attached",
        "subject": "Fattura",
        "sent_at": SENT,
        "message_id": "<orig@client.example>",
        "answers": ("<b@x>", "<a@x>"),
    }
    told = Forwarded(**{**plain, **changes})
    return reading(sender=ADA, message_id="<fwd@desk.example>", forwarded=told)


UNSURE = {"customer": None, "why": "several", "proposed": (ANNA,)}
WRITTEN = {"how": "headers", "message_id": None, "answers": ()}


def acknowledged(mail: Reading, account: str = "info", channel: str = "mail"):
    """Return who is answered by return."""
    return acknowledgement_for("complaint", channel, mail, account, RULES)


def with_(mail: Reading, **changes) -> Reading:
    """Return a reading with other fields."""
    fields = {name: getattr(mail, name) for name in Reading.__dataclass_fields__}
    return Reading(**{**fields, **changes})


def test_the_original_is_as_if_the_customer_had_sent_it() -> None:
    """With its own ids; a mail of anybody's own is itself."""
    original = original_of(forward())
    assert (original.sender, original.subject) == (ANNA, "Fattura")
    assert (original.message_id, original.in_reply_to) == ("<orig@client.example>", "<b@x>")
    assert original.references == ("<a@x>", "<b@x>")
    own = reading()
    assert original_of(own) is own


def test_of_a_text_the_ids_are_those_that_the_forward_answers() -> None:
    """Mail programs put the original's there; the forward's own is the colleague's."""
    mail = with_(forward(**WRITTEN), in_reply_to="<orig@client.example>")
    original = original_of(mail)
    assert (original.message_id, original.in_reply_to) == (None, "<orig@client.example>")
    assert answered_id(mail) == "<orig@client.example>"
    assert answered_id(forward()) == "<orig@client.example>"
    assert answered_id(forward(**UNSURE)) == "<fwd@desk.example>"
    assert answered_id(reading()) == "<1@client.example>"


def test_without_a_sure_customer_nobody_wrote_it() -> None:
    """Least of all the colleague."""
    assert original_of(forward(**UNSURE)).sender is None


@pytest.mark.parametrize("changes", [{"authentic": FAIL}, {"automatic": Automatic.AUTO_REPLY}])
def test_who_is_no_colleague_passes_nothing_on(changes: dict) -> None:
    """Our server found that it is not his, or a machine wrote it."""
    forged = with_(forward(), **changes)
    assert forward_of(forged) is None
    assert original_of(forged) is forged


@pytest.mark.parametrize(
    ("changes", "moment"),
    [
        ({}, SENT),
        ({"received_at": SENT + timedelta(seconds=9)}, SENT + timedelta(seconds=9)),
        ({"sent_at": None}, None),
        ({"sent_at": RECEIVED}, None),
        ({"sent_at": RECEIVED + timedelta(days=1)}, None),
        ({"sent_at": RECEIVED - timedelta(days=800)}, None),
        ({"sent_at": datetime.min.replace(tzinfo=UTC)}, None),
        (UNSURE, SENT),
    ],
)
def test_an_earlier_receipt_is_proposed_where_it_can_be_one(
    changes: dict, moment: datetime | None
) -> None:
    """That of the attached mail before its date; never later than the forward, nor of long ago."""
    found = possible_receipt(forward(**changes), RECEIVED)
    assert (found and found[0]) == moment
    assert possible_receipt(reading(sent_at=SENT), RECEIVED) is None


def test_the_customer_is_answered_and_not_the_colleague() -> None:
    """By the rules of a stranger where our server checks and could not confirm the colleague."""
    asked = acknowledged(forward())
    assert (asked.recipient, asked.refusal, asked.is_stranger) == ("anna@client.example", "", True)
    assert asked.written_at == SENT
    assert acknowledged(forward(), "checked").is_stranger
    assert not acknowledged(with_(forward(), authentic=PASS), "checked").is_stranger


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (forward(**UNSURE), "a colleague passed it on, and it is not sure who wrote it"),
        (forward(**WRITTEN), "a colleague passed it on, and only the text says who wrote it"),
        (forward(barred="it was sent to many"), "it was sent to many"),
        (forward(sent_at=None), "it does not say when it was written"),
        (with_(forward(), barred="a machine sent it"), "a machine sent it"),
        (
            forward(customer=address("Info+x@desk.example")),
            "it comes from an address of the house",
        ),
    ],
)
def test_why_nobody_is_answered(mail: Reading, why: str) -> None:
    """Each with its reason, and never the colleague."""
    asked = acknowledged(mail)
    assert asked.refusal == why
    assert asked.recipient != ADA.email


def test_a_forward_to_a_certified_mailbox_is_not_answered() -> None:
    """The customer wrote elsewhere."""
    assert "certified" in acknowledged(forward(), channel="pec").refusal
