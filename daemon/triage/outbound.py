"""A mail that somebody of the house wrote -> whether it may answer a customer, and who wrote it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from daemon.mail.trust import FAIL
from daemon.records import CaseWish, Reading

SENT = "sent from here"
"""The reason of the verdict on a mail that was found among what people send."""

Colleague = Callable[[str], str | None]
"""An address -> the name of whose it is in the house; None for a stranger's."""


def nobody(_address: str) -> None:
    """Know no colleagues."""


def sent_wish(reading: Reading, received_at: datetime, colleague: Colleague) -> CaseWish | None:
    """Return what a mail in a folder of what people send asks of the register.

    It may answer a case, and opens none. What a machine wrote answers nothing.

    Args:
        reading: what was read of it.
        received_at: INTERNALDATE: when it was put there.
        colleague: knows whose an address is.
    """
    if not _is_of_a_person(reading):
        return None
    sender = reading.sender.email if reading.sender else ""
    return CaseWish(
        kind=None,
        queue=None,
        channel="mail",
        received_at=received_at,
        received_by="",
        profile=None,
        clocks=(),
        answered_by=colleague(sender) or sender or "somebody",
    )


def with_answer(wish: CaseWish | None, reading: Reading, colleague: Colleague) -> CaseWish | None:
    """Return what a received mail asks, with who answers a customer by it, us in copy.

    Only a colleague does, and one whom our server has not found forged; a mail passed on to us is
    no answer.
    """
    sender = reading.sender.email if reading.sender else ""
    who = colleague(sender) if sender and reading.authentic != FAIL else None
    if wish is None or who is None or reading.forwarded or not _is_of_a_person(reading):
        return wish
    return replace(wish, answered_by=who)


def is_outward(reading: Reading, colleague: Colleague) -> bool:
    """Tell whether a colleague wrote a mail to somebody outside, wherever it is kept.

    One that passes a customer's mail on, or that our server found forged, is none.
    """
    sender = reading.sender.email if reading.sender else ""
    is_theirs = bool(sender) and colleague(sender) is not None and reading.authentic != FAIL
    to = (*reading.to, *reading.cc)
    return is_theirs and not reading.forwarded and any(colleague(one.email) is None for one in to)


def _is_of_a_person(reading: Reading) -> bool:
    return reading.automatic is None and not reading.barred
