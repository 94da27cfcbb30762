"""A mail that rules send on -> to whom it goes, and why it does not go to some.

Houses that send mail on to each other must come to an end: our own mail that comes back is known by
its mark and is automatic; what other houses sent on says in a header how often it was.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from daemon.records import Forward, Reading
from daemon.triage.acknowledge import untagged

HOPS = "X-Backdesk-Forwarded"
"""Header that says how often houses have sent a mail on."""

_MANY = 1_000_000  # what a header says that is no number
_NUMBER = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardRules:
    """Who gets nothing.

    Attributes:
        own: addresses of the house, as `untagged` has them.
        hops: how often a mail may be sent on, by all houses together.
        can_send: whether there is a relay.
    """

    own: Collection[str] = frozenset()
    hops: int = 3
    can_send: bool = False


def hops_of(reading: Reading) -> int:
    """Return how often a mail was sent on before; what cannot be read is too often."""
    said = [value.strip() for name, value in reading.headers if name.lower() == HOPS.lower()]
    counted = (int(one) if _NUMBER.fullmatch(one) else _MANY for one in said)
    return max(counted, default=0)


def forwards_for(
    reading: Reading, addresses: Sequence[str], rules: ForwardRules
) -> tuple[Forward, ...]:
    """Return whom a mail is sent on to, each with the reason where it is not; never raises."""
    common = _refusal(reading, rules) if addresses else ""
    senders = _senders(reading)
    answer = []
    for address in addresses:
        mailbox, why = untagged(address), common
        if mailbox in rules.own:
            why = why or "it is an address of the house"
        elif mailbox in senders:
            why = why or "the mail comes from there"
        answer.append(Forward(address=address, refusal=why))
    return tuple(answer)


def _senders(reading: Reading) -> set[str]:
    written = (reading.sender, *reading.reply_to)
    return {untagged(one.email) for one in written if one is not None and "@" in one.email}


def _refusal(reading: Reading, rules: ForwardRules) -> str:
    if reading.automatic is not None:
        return f"it is automatic mail ({reading.automatic})"
    if not rules.can_send:
        return "there is no relay"
    if (hops := hops_of(reading)) >= rules.hops:
        times = f"{hops} times" if hops < _MANY else "too often"
        return f"houses have sent it on {times} already"
    return ""
