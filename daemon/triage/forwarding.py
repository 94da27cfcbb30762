"""A reading -> the mail that a colleague passed on, as if its writer had sent it himself; pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from daemon.mail.forwards import ATTACHED
from daemon.mail.trust import FAIL
from daemon.records import Address, Forwarded, Reading

_OLDEST = timedelta(days=731)  # before a receipt; a date from before that proposes nothing


def forward_of(reading: Reading) -> Forwarded | None:
    """Return what a colleague passed on, None for all other mail.

    A mail that is not from whom it says is no colleague's, whoever stands in From.
    """
    is_his = reading.authentic != FAIL and reading.automatic is None
    return reading.forwarded if is_his else None


def original_of(reading: Reading) -> Reading:
    """Return a mail as it would be read had the customer sent it; mail of anybody's own as it is.

    Its sender is None where a person must say who the customer is.
    """
    forward = forward_of(reading)
    return reading if forward is None else written_by(reading, forward.customer)


def written_by(reading: Reading, customer: Address | None) -> Reading:
    """Return a mail that was passed on as its writer sent it, as far as it can be known.

    Of an attached mail the Message-IDs are known. Where only the text tells of it, those that the
    forward answers are the nearest: mail programs put the original's there.
    """
    forward = forward_of(reading)
    if forward is None or customer is None:
        return replace(reading, sender=customer)
    subject = forward.subject or reading.subject
    if forward.how != ATTACHED:
        return replace(reading, sender=customer, subject=subject, message_id=None)
    return replace(
        reading,
        sender=customer,
        subject=subject,
        message_id=forward.message_id,
        in_reply_to=next(iter(forward.answers), None),
        references=forward.answers[::-1],
    )


def answered_id(reading: Reading) -> str | None:
    """Return the Message-ID that an answer to a mail names, or to the one passed on with it."""
    original = original_of(reading)
    if original is reading or original.sender is None:
        return reading.message_id
    return original.message_id or original.in_reply_to


def possible_receipt(reading: Reading, received: datetime) -> tuple[datetime, str] | None:
    """Return when a colleague may have had what he passed on, and what says so.

    None where nothing tells of a receipt before the forward's own. It is for a person to accept:
    headers within a mail, and more so words in a text, prove nothing by themselves.
    """
    forward = forward_of(reading)
    if forward is None:
        return None
    told = (
        (forward.received_at, "the attached mail's receipt, as its headers say"),
        (forward.sent_at, "the date of the mail that was passed on"),
    )
    for moment, source in told:
        if moment is not None:
            is_plausible = received - _OLDEST <= moment < received
            return (moment, source) if is_plausible else None
    return None
