"""The kind of an outgoing mail -> what is done when it cannot be sent, or may have been; pure."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
JITTER = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How much a kind of mail is worth waiting for, and worth sending twice."""

    resend_unknown: bool  # after an unknown outcome: again with the same Message-ID, else held
    give_up_after: timedelta  # since the row was made


POLICIES = {
    "digest": Policy(resend_unknown=True, give_up_after=timedelta(hours=24)),
    "report": Policy(resend_unknown=True, give_up_after=timedelta(days=5)),
    "acknowledgement": Policy(resend_unknown=True, give_up_after=timedelta(days=5)),
}
OTHERWISE = Policy(resend_unknown=False, give_up_after=timedelta(days=5))
"""Twice is worse than late: a person decides (RFC 5321 4.5.4.1 gives 4 to 5 days)."""


def policy_for(kind: str) -> Policy:
    """Return the policy of a kind; unknown kinds are never resent by themselves."""
    return POLICIES.get(kind, OTHERWISE)


def wait_before_retry(key: str, attempts: int) -> timedelta:
    """Return how long a deferred mail waits: doubling from 1 minute to 1 hour, give or take 20 %.

    The spread follows from the key, so that mails deferred together do not come back together.

    Args:
        key: of the row.
        attempts: made so far, from 1.
    """
    doublings = min(max(attempts, 1) - 1, 16)
    base = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    digest = hashlib.sha256(f"{key}\0{attempts}".encode("utf-8", "replace")).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    return base * (1 - JITTER + 2 * JITTER * share)
