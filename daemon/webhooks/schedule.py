"""Failed attempts -> when a webhook is called again; pure.

The steps are those of Standard Webhooks 1.0.0. A server that is away is looked for more often, with
one call each time, so that nothing waits for half a day after it has come back.
"""

import hashlib
from datetime import timedelta

STEPS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
LONGEST_AWAY = timedelta(minutes=30)
LONGEST_ASKED = timedelta(hours=24)  # that a server may ask us to wait (Retry-After)
JITTER = 0.1


def wait_after(key: str, attempts: int) -> timedelta:
    """Return how long a delivery waits after so many attempts, give or take 10 %.

    Args:
        key: of the delivery; the spread follows from it.
        attempts: made so far, from 1.
    """
    step = STEPS[min(max(attempts, 1), len(STEPS)) - 1]
    digest = hashlib.sha256(f"{key}\0{attempts}".encode()).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    return step * (1 - JITTER + 2 * JITTER * share)


def wait_while_away(key: str, failures: int, asked: timedelta | None) -> timedelta:
    """Return how long a server is left alone that was away so often in a row.

    Args:
        key: of the webhook.
        failures: in a row, from 1.
        asked: what it has asked for (Retry-After); None: nothing.
    """
    own = min(wait_after(key, failures), LONGEST_AWAY)
    return own if asked is None else max(own, asked)
