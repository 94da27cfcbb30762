"""The plain text of a mail to the newest text its sender wrote.

Standard library only, linear in the length of the text, and never raises. Quoted mail, reply and
forward headers, signatures and disclaimers of it, pl, en, de, fr and es are taken out; answers
written between quoted lines stay; a forwarded mail with little written above it stays.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from classifiers.folding import fold
from classifiers.phrases import PASSING_ON
from classifiers.quotes import Cut, Tail, after_headers, find_tail, is_quoted, unquote
from classifiers.signatures import without_signature

__all__ = ["fold", "is_forward_subject", "is_reply_subject", "newest"]

_REMEMBERED = 64  # the view of a batch asks first, then the features ask again
_FEW_WORDS = 25  # a covering note is shorter; "see below, second complaint this week" has 6
_DEPTH = 4  # forwards of forwards that are opened
_FORWARD_SUBJECT = re.compile(r"\s{0,9}(?:fwd?|i|wg|tr|pd|rv|inoltr\w{0,4})\s{0,3}:", re.IGNORECASE)
_REPLY_SUBJECT = re.compile(
    r"\s{0,9}(?:re|r|rif|odp|aw|antw|sv)\s{0,3}(?:\[\d{1,3}\])?\s{0,3}:", re.IGNORECASE
)
_CLOCK = re.compile(r"\d{1,2}[:.h]\d\d")


@lru_cache(maxsize=_REMEMBERED)
def newest(text: str, subject: str = "") -> str:
    r"""The newest text the sender of a mail wrote.

    Args:
        text: the readable text of the mail, any line ends, any length.
        subject: a forward prefix in it ("Fwd:", "I:", "WG:", "PD:") tells a forwarded mail from an
            answered one where both look alike (Outlook); "" decides by the text alone.

    Returns:
        The text without quotes, signature and disclaimer, line ends as "\n", no blank ends; the
        whole text without quote marks if nothing else would be left.
    """
    whole = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    lines = whole.split("\n")
    own = _own_lines(lines, is_forward=is_forward_subject(subject))
    answer = "\n".join(without_signature(own)).strip()
    return answer or "\n".join(unquote(line) for line in lines).strip() or whole.strip()


def is_forward_subject(subject: str) -> bool:
    """Whether the first prefix of a subject says that a mail is passed on: "Fwd:", "I:", "WG:"."""
    return _FORWARD_SUBJECT.match(subject) is not None


def is_reply_subject(subject: str) -> bool:
    """Whether the first prefix of a subject says that a mail is an answer: "Re:", "R:", "AW:"."""
    return _REPLY_SUBJECT.match(subject) is not None


def _own_lines(lines: list[str], *, is_forward: bool) -> list[str]:
    """The lines that are the sender's own, or were passed on by them."""
    own: list[str] = []
    at, opened = 0, 0
    while (tail := find_tail(lines, at)) is not None:
        own += _unquoted(lines, at, tail.start)
        at = tail.after
        if tail.cut is Cut.ATTRIBUTION:
            if not _quotes_follow(lines, at):
                if _is_by_program(lines, tail):
                    return own
                own += lines[tail.start : at]
        elif opened < _DEPTH and _is_passed_on(tail, own, is_forward=is_forward):
            opened += 1
            if is_quoted(lines[tail.start]):
                lines = [unquote(line) for line in lines]
                at = after_headers(lines, at)
        else:
            return own
    return own + _unquoted(lines, at, len(lines))


def _unquoted(lines: Sequence[str], start: int, end: int) -> list[str]:
    """The lines from `start` to before `end` that carry no quote mark."""
    return [lines[number] for number in range(start, end) if not is_quoted(lines[number])]


def _is_passed_on(tail: Tail, above: Sequence[str], *, is_forward: bool) -> bool:
    """Whether the mail below the mark is what the sender wants to be read."""
    if tail.cut not in (Cut.FORWARD, Cut.HEADERS):
        return False
    note = " ".join(without_signature(above)).split(maxsplit=_FEW_WORDS + 1)
    if len(note) > _FEW_WORDS:
        return False
    return tail.cut is Cut.FORWARD or is_forward or not note or _says_passed_on(note)


def _says_passed_on(note: Sequence[str]) -> bool:
    """Whether a covering note says "for you" or the like."""
    words = f" {fold(' '.join(note))} "
    return any(f" {phrase}" in words for phrase in PASSING_ON)


def _quotes_follow(lines: Sequence[str], at: int) -> bool:
    """Whether the first line from `at` on that is not blank is quoted."""
    following = (line for line in lines[at : at + 6] if line.strip())
    return is_quoted(next(following, ""))


def _is_by_program(lines: Sequence[str], tail: Tail) -> bool:
    """Whether a mail program wrote the attribution: then all below it is somebody else's.

    People write "on 3 November you wrote:" themselves; programs give an address or a time of day.
    """
    mark = " ".join(lines[tail.start : tail.after])[:1000]
    return "@" in mark or _CLOCK.search(mark) is not None
