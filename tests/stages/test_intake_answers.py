"""What servers and libraries say is kept short, and never holds a mail."""

import imaplib

from daemon.errors import MailboxAway
from daemon.intake.answers import numbers, refusal, words


def test_a_quoted_answer_is_left_out():
    """What imaplib cannot read it quotes, and that may be the mail; the event says only so."""
    error = imaplib.IMAP4.abort("unexpected response: b'Subject: Mein Befund'")

    assert words(error) == "unexpected response"


def test_a_server_that_asks_to_wait_is_away_for_now():
    """A transient code makes the refusal one that is tried again."""
    assert isinstance(refusal("refused", Exception("[THROTTLED] later")), MailboxAway)
    assert not isinstance(refusal("refused", Exception("[NONEXISTENT] no")), MailboxAway)


def test_uid_sets_are_counted_out():
    """COPYUID gives ranges and single numbers (RFC 4315 3), and no more than a cap of them."""
    assert numbers("3:5,9") == [3, 4, 5, 9]
    assert len(numbers("1:4294967295")) == 100_000
