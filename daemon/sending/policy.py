"""The kind of an outgoing mail -> what is done when it cannot be sent, or may have been; pure."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from daemon.sending.blame import is_greylisting, status_of

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
JITTER = 0.2

MOST_REFUSALS = 3
"""So often a mail may be refused again while others pass; then it is the mail's, and a person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long is waited after a first refusal, and at most."""

    first: timedelta = FIRST_WAIT
    longest: timedelta = LONGEST_WAIT


_USUAL = Patience()
_PERMANENT = Patience(first=timedelta(minutes=5))
_GREYLISTED = Patience(first=timedelta(minutes=5))  # lists open after one to five minutes
_FLOODED = Patience(first=timedelta(minutes=15), longest=timedelta(hours=2))
_BY_STATUS = {  # subject and detail of RFC 3463 and RFC 7372, the class left out
    "2.2": Patience(first=timedelta(hours=1), longest=timedelta(hours=6)),  # mailbox full
    "3.1": _FLOODED,  # mail system full
    "7.0": _FLOODED,  # what relays say of rates and quotas
    "7.1": _GREYLISTED,  # a policy, most often one that passes
    "7.28": _FLOODED,  # mail flood detected
}
_LOGIN = (454, 530, 534, 535, 538)  # a person mends it, and waits for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How much a kind of mail is worth waiting for, and worth sending twice."""

    resend_unknown: bool  # after an unknown outcome: again with the same Message-ID, else held
    give_up_after: timedelta  # since the row was made
    expires: bool = False  # of no use after that, whoever was to blame; else a person decides


POLICIES = {
    "digest": Policy(resend_unknown=True, give_up_after=timedelta(hours=24), expires=True),
    "report": Policy(resend_unknown=True, give_up_after=timedelta(days=5)),
    "acknowledgement": Policy(resend_unknown=True, give_up_after=timedelta(days=5)),
    "forward": Policy(resend_unknown=True, give_up_after=timedelta(days=5)),
}
OTHERWISE = Policy(resend_unknown=False, give_up_after=timedelta(days=5))
"""Twice is worse than late: a person decides (RFC 5321 4.5.4.1 gives 4 to 5 days)."""


def policy_for(kind: str) -> Policy:
    """Return the policy of a kind; unknown kinds are never resent by themselves."""
    return POLICIES.get(kind, OTHERWISE)


def patience_for(code: int, words: str) -> Patience:
    """Return how patiently a refusal is waited out, by its enhanced code.

    Args:
        code: of the reply, 0 for none.
        words: of the reply.
    """
    if is_greylisting(code, words):
        return _GREYLISTED
    if code in _LOGIN:
        return _USUAL
    permanent = _PERMANENT if code // 100 == 5 else _USUAL  # noqa: PLR2004 - RFC 5321 4.2.1
    return _BY_STATUS.get(status_of(words), permanent)


def wait_before_retry(key: str, attempts: int, patience: Patience = _USUAL) -> timedelta:
    """Return how long a deferred mail waits: doubling from the first wait, give or take 20 %.

    The spread follows from the key, so that mails deferred together do not come back together.

    Args:
        key: of the row, or the name of the relay.
        attempts: made so far, from 1.
        patience: of the refusal; by default from 1 minute to 1 hour.
    """
    doublings = min(max(attempts, 1) - 1, 16)
    base = min(patience.first * (1 << doublings), patience.longest)
    digest = hashlib.sha256(f"{key}\0{attempts}".encode("utf-8", "replace")).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    return base * (1 - JITTER + 2 * JITTER * share)
