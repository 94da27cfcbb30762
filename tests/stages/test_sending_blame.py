"""What a relay's refusal means: a matter of this mail, of the relay, or of nobody knows."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sending.blame import refusal, status_of
from daemon.sending.errors import Deferred, Doubtful, Refused, RelayAway
from daemon.sending.policy import patience_for, wait_before_retry


@pytest.mark.parametrize(
    ("step", "answer", "meant"),
    [
        ("MAIL", "421 4.3.2 closing", RelayAway),
        ("DOT", "421 4.7.0 enough", RelayAway),
        ("MAIL", "521 5.3.2 takes no mail", RelayAway),
        ("MAIL", "530 5.7.0 authentication required", RelayAway),
        ("RCPT", "530 5.7.0 authentication required", RelayAway),
        ("MAIL", "535 5.7.8 credentials invalid", RelayAway),
        ("MAIL", "550 5.7.1 Client host blocked using DNSBL", Doubtful),
        ("MAIL", "554 5.7.0 relay quota exceeded", Doubtful),
        ("MAIL", "550 blocked", Doubtful),
        ("MAIL", "550 5.1.8 sender's domain not found", Doubtful),
        ("MAIL", "552 5.3.4 too big", Refused),
        ("MAIL", "552 too big", Refused),
        ("MAIL", "553 5.6.7 addresses must be ASCII", Refused),
        ("MAIL", "451 4.3.0 later", Doubtful),
        ("MAIL", "450 4.1.8 sender's domain not found", Deferred),
        ("RCPT", "550 5.1.1 no such user", Refused),
        ("RCPT", "550 no such user", Refused),
        ("RCPT", "553 mailbox name not allowed", Refused),
        ("RCPT", "556 5.1.10 recipient's domain takes no mail", Refused),
        ("RCPT", "556 domain takes no mail", Refused),
        ("RCPT", "552 5.2.2 mailbox full", Refused),
        ("RCPT", "550 relaying denied", Doubtful),
        ("RCPT", "550 5.7.1 relaying denied", Doubtful),
        ("RCPT", "553 5.1.7 sender not allowed", Doubtful),
        ("RCPT", "554 5.4.4 no route", Doubtful),
        ("RCPT", "503 5.5.1 bad sequence", Doubtful),
        ("RCPT", "554 no", Doubtful),
        ("RCPT", "450 4.2.0 greylisted", Deferred),
        ("RCPT", "450 4.7.1 Greylisting in effect", Deferred),
        ("RCPT", "450 4.7.1 client host rejected", Doubtful),
        ("RCPT", "452 4.3.1 storage full", Doubtful),
        ("RCPT", "452 4.2.2 mailbox full", Deferred),
        ("DATA", "554 5.3.2 not accepting messages", Doubtful),
        ("DATA", "554 no valid recipients", Doubtful),
        ("DATA", "250 what?", Doubtful),
        ("DOT", "554 5.7.0 daily quota exceeded", Doubtful),
        ("DOT", "554 5.7.1 spam", Doubtful),
        ("DOT", "554 transaction failed", Doubtful),
        ("DOT", "554 5.6.0 content", Refused),
        ("DOT", "552 5.3.4 too big", Refused),
        ("DOT", "550 5.1.1 no such user", Refused),
        ("DOT", "454 4.7.0 temporary authentication failure", Doubtful),
        ("DOT", "451 4.3.0 later", Doubtful),
        ("DOT", "451 later", Deferred),
    ],
)
def test_whose_a_refusal_is(step: str, answer: str, meant: type) -> None:
    """Only what is surely about one recipient or one mail ends it, or keeps it waiting alone."""
    code, _, words = answer.partition(" ")
    found = refusal(step, int(code), words)
    assert type(found) is meant
    assert (found.step, found.code, found.reply) == (step, int(code), words)
    assert found.said == f"{step}: {answer}"


@given(st.sampled_from(["MAIL", "RCPT", "DATA", "DOT"]), st.integers(100, 599), st.text())
def test_whatever_a_relay_says_is_understood(step: str, code: int, words: str) -> None:
    """And nothing but a permanent code ends a mail."""
    found = refusal(step, code, words)
    assert code // 100 == 5 or isinstance(found, Deferred)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("5.7.1 <a@b>: 550 5.1.1", "7.1"),
        ("4.7.28 flood", "7.28"),
        ("no such user 5.1.1", ""),
        ("192.0.2.1 blocked", ""),
        ("5.7.1234 odd", ""),
        ("", ""),
    ],
)
def test_the_enhanced_code_stands_first(words: str, status: str) -> None:
    """RFC 2034 4: directly behind the code; elsewhere it may be an address or another's words."""
    assert status_of(words) == status


@pytest.mark.parametrize(
    ("answer", "first", "longest"),
    [
        ("0 ", 1, 60),
        ("451 4.3.0 later", 1, 60),
        ("535 5.7.8 credentials invalid", 1, 60),
        ("454 4.7.0 temporary authentication failure", 1, 60),
        ("450 4.2.0 Greylisted, see", 5, 60),
        ("451 graylisting", 5, 60),
        ("450 4.7.1 not now", 5, 60),
        ("550 5.7.1 relaying denied", 5, 60),
        ("554 no", 5, 60),
        ("452 4.3.1 storage full", 15, 120),
        ("450 4.7.0 too much mail", 15, 120),
        ("550 5.7.28 flood", 15, 120),
        ("452 4.2.2 mailbox full", 60, 360),
    ],
)
def test_how_long_is_waited(answer: str, first: int, longest: int) -> None:
    """By what the relay says: a full mailbox is not emptied within a minute."""
    code, _, words = answer.partition(" ")
    patience = patience_for(int(code), words)
    assert patience.first == timedelta(minutes=first)
    assert patience.longest == timedelta(minutes=longest)
    waits = [wait_before_retry("key", n, patience) for n in (1, 50)]
    assert 0.79 < waits[0] / patience.first < 1.21
    assert 0.79 < waits[1] / patience.longest < 1.21
