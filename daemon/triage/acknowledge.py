"""A mail that asks for a case -> whether its sender gets an answer by return, and if not, why."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from daemon.mail.forwards import ATTACHED
from daemon.mail.trust import FAIL, PASS
from daemon.records import Acknowledgement, Forwarded, Orders, Reading
from daemon.triage.forwarding import forward_of

PEC = "pec"

_LONGEST_ADDRESS = 320  # bytes (RFC 5321, 4.5.3.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeRules:
    """Who is answered by return.

    Attributes:
        kinds: of the cases whose senders are; empty: nobody is.
        own: addresses of the house, in lower case; it never writes to itself.
        checking: accounts whose server says who mail is really from; whoever writes to another
            is taken at his word by nobody.
        can_certify: whether there is a relay for answers to certified mail.
    """

    kinds: Collection[str] = ()
    own: Collection[str] = frozenset()
    checking: Collection[str] = frozenset()
    can_certify: bool = False


def acknowledgement_for(
    kind: str | None, channel: str, reading: Reading, account: str, rules: AcknowledgeRules
) -> Acknowledgement | None:
    """Return what is to be sent to whom, should a mail open a case; None for kinds not answered.

    Args:
        kind: of the case.
        channel: by which the mail came.
        reading: what was read of it.
        account: that received it.
        rules: of the house.
    """
    if kind not in rules.kinds:
        return None
    if forward := forward_of(reading):
        return _to_customer(channel, reading, forward, account, rules)
    sender = reading.sender.email if reading.sender else ""
    return Acknowledgement(
        account=account,
        recipient=sender,
        refusal=_refusal(channel, reading, sender, rules),
        is_stranger=account not in rules.checking or reading.authentic != PASS,
    )


def _to_customer(
    channel: str, reading: Reading, forward: Forwarded, account: str, rules: AcknowledgeRules
) -> Acknowledgement:
    """Return what is to be sent to whose mail a colleague passed on; never to the colleague.

    Only where the mail itself is attached its headers say that a person wrote it, and when.
    """
    recipient = forward.customer.email if forward.customer else ""
    bars = (
        (not recipient, "a colleague passed it on, and it is not sure who wrote it"),
        (forward.how != ATTACHED, "a colleague passed it on, and only the text says who wrote it"),
        (bool(reading.barred), reading.barred),
        (bool(forward.barred), forward.barred),
        (forward.sent_at is None, "it does not say when it was written"),
        (untagged(recipient) in rules.own, "it comes from an address of the house"),
        (channel == PEC, "certified mail is answered by certified mail, and it was passed on"),
    )
    return Acknowledgement(
        account=account,
        recipient=recipient,
        refusal=next((why for forbids, why in bars if forbids), ""),
        is_stranger=account not in rules.checking or reading.authentic != PASS,
        written_at=forward.sent_at,
    )


def as_ordered(asked: Acknowledgement | None, orders: Orders) -> Acknowledgement | None:
    """Return an acknowledgement as rules want it: with another letter, or refused."""
    if asked is None or orders.letter is None:
        return asked
    if orders.letter:
        return replace(asked, letter=orders.letter)
    why = asked.refusal or f"rule {orders.rule_of('acknowledgement')} sends none"
    return replace(asked, refusal=why)


def _refusal(channel: str, reading: Reading, sender: str, rules: AcknowledgeRules) -> str:
    bars = (
        (bool(reading.barred), reading.barred),
        (
            len(sender.encode("utf-8", "replace")) > _LONGEST_ADDRESS,
            "its sender's address is longer than addresses are",
        ),
        (reading.authentic == FAIL, "our server found that it is not from whom it says"),
        (untagged(sender) in rules.own, "it comes from an address of the house"),
        (
            channel == PEC and not rules.can_certify,
            "certified mail is answered by certified mail, and no relay of it is configured",
        ),
    )
    return next((why for forbids, why in bars if forbids), "")


def untagged(email: str) -> str:
    """Return an address in lower case and without `+tag`: the mailbox it leads to (RFC 5233)."""
    local, _, domain = email.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"
