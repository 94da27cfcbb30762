"""Signatures, secrets, waits: as Standard Webhooks has them."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.webhooks import signing_keys
from daemon.webhooks.schedule import (
    LONGEST_ASKED,
    LONGEST_AWAY,
    STEPS,
    wait_after,
    wait_while_away,
)
from daemon.webhooks.signing import signed_headers

# The example of the reference libraries of Standard Webhooks.
KNOWN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime.fromtimestamp(1_614_265_330, UTC)


def test_the_signature_of_the_reference_libraries() -> None:
    """Of the same id, moment and body it is the same."""
    body = b'{"test": 2432232314}'
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", AT, body, signing_keys(KNOWN))
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_give_two_signatures() -> None:
    """While one is changed, whoever knows either believes us."""
    other = "whsec_" + base64.b64encode(b"y" * 32).decode()
    both = signed_headers("msg_1", AT, b"{}", signing_keys(f"{other} {KNOWN}\n"))
    alone = [signed_headers("msg_1", AT, b"{}", signing_keys(one)) for one in (other, KNOWN)]
    wanted = " ".join(one["webhook-signature"] for one in alone)
    assert both["webhook-signature"] == wanted


@pytest.mark.parametrize(
    "secret",
    ["", " ", "geheim", "whsec_", "whsec_!!!!", KNOWN[:-8], KNOWN.removeprefix("whsec_"),
     "whsec_" + base64.b64encode(bytes(65)).decode(), f"{KNOWN} geheim"],
)  # fmt: skip
def test_a_secret_of_another_form_is_refused_and_not_told(secret: str) -> None:
    """The words never hold it."""
    with pytest.raises(ValueError, match=r"must be whsec_|is empty") as refused:
        signing_keys(secret)
    assert "geheim" not in str(refused.value)
    assert secret.strip() in ("", "whsec_") or secret not in str(refused.value)


@given(st.text("abc", max_size=5), st.integers(1, 40))
def test_waits_grow_by_the_steps_of_the_standard(key: str, attempts: int) -> None:
    """Give or take a tenth; the same for the same attempt."""
    step = STEPS[min(attempts, len(STEPS)) - 1]
    wait = wait_after(key, attempts)
    assert step * 0.9 <= wait <= step * 1.1
    assert wait == wait_after(key, attempts)
    assert wait_while_away(key, attempts, None) <= LONGEST_AWAY
    asked = timedelta(hours=3)
    assert wait_while_away(key, attempts, asked) == asked <= LONGEST_ASKED


def test_the_steps_span_three_days() -> None:
    """As the table of the standard: 75 hours and 35 minutes after the first attempt."""
    assert sum(STEPS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
