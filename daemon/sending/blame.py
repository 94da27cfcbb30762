"""A relay's refusal -> whose it is: this mail's, the relay's own, or it does not say; pure.

Codes are those of RFC 5321 4.2.3, enhanced ones those of RFC 3463 and the registry of RFC 5248.
"""

import re

from daemon.sending.errors import Deferred, Doubtful, Refused, RelayAway

_STATUS = re.compile(r"[245]\.(\d{1,3}\.\d{1,3})(?!\d)")
_OF_RELAY = re.compile(
    r"relay|block|black|rbl|spam|polic|client|host|auth|log.?in|quota|limit|denied|"
    r"too many|sender",
    re.IGNORECASE,
)
"""Words with which relays speak of us and not of the recipient, where no enhanced code says it."""
_GREYLISTED = re.compile(r"gr[ae]y.?list", re.IGNORECASE)

_CLOSING = (421, 521)  # 521: takes no mail at all (RFC 7504)
_LOGIN_WANTED = (530, 534, 535, 538)  # RFC 4954 6
_BUSY = 454  # RFC 4954 4.7.0, RFC 3207 4: login or TLS not available now
_SIZE, _NO_MAIL_THERE = 552, 556
_NO_MAILBOX = (550, 551, 553)
_TOO_BIG = ("3.4", "2.3")
_OF_SENDER = ("1.7", "1.8")  # the house's own address, which much of its mail has


def status_of(words: str) -> str:
    """Return the enhanced code that a reply begins with, without its class: `7.1`; "" for none."""
    found = _STATUS.match(words)
    return found[1] if found else ""


def is_greylisting(code: int, words: str) -> bool:
    """Tell whether the relay only wants to see the mail a second time, some minutes later."""
    return code // 100 == 4 and bool(_GREYLISTED.search(words))  # noqa: PLR2004 - RFC 5321 4.2.1


def refusal(step: str, code: int, words: str) -> Refused | Deferred:
    """Return what an answer other than the wanted one means.

    `RelayAway` where the relay says it of itself, `Refused` and `Deferred` where it says it of this
    recipient or this mail, and `Doubtful` where nothing tells the two apart: then the next mail
    does, see `daemon.sending.deliver`.

    Args:
        step: `MAIL`, `RCPT`, `DATA`, `DOT`, or one before them.
        code: of the reply, 0 for none.
        words: of the reply.
    """
    status = status_of(words)
    if code in _CLOSING or (step in ("MAIL", "RCPT") and code in _LOGIN_WANTED):
        return RelayAway(step, code, words)
    if code // 100 == 5:  # noqa: PLR2004 - permanent
        own = _is_of_mail(step, code, status, words)
        return Refused(step, code, words) if own else Doubtful(step, code, words)
    if code // 100 == 4 and _waits_alone(step, code, status, words):  # noqa: PLR2004 - passing
        return Deferred(step, code, words)
    return Doubtful(step, code, words)


def _is_of_mail(step: str, code: int, status: str, words: str) -> bool:
    """Tell whether a permanent refusal is surely about this recipient or this mail."""
    subject = status.partition(".")[0]
    if subject == "6" or status in _TOO_BIG or (code == _SIZE and not status):
        return True
    if step not in ("RCPT", "DOT"):
        return False  # MAIL and DATA are refused to whoever sends, or to his address
    if status:
        return subject in ("1", "2") and status not in _OF_SENDER
    of_mailbox = code in _NO_MAILBOX and not _OF_RELAY.search(words)
    return step == "RCPT" and (code == _NO_MAIL_THERE or of_mailbox)


def _waits_alone(step: str, code: int, status: str, words: str) -> bool:
    """Tell whether a passing refusal keeps only this mail waiting."""
    subject = status.partition(".")[0]
    if subject in ("1", "2", "6") or is_greylisting(code, words):
        return True
    if subject == "3" or step in ("MAIL", "DATA") or code == _BUSY:
        return False
    return not (step == "RCPT" and subject == "7")
