"""The words of one who answers a digest -> what is to be done; pure, in linear time.

One order to a line: numbers of the digest and a word (`2 complaint`, `1, 3-5: reclamo`), or a word
alone. `4 cause delivery` says why a case was closed.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from daemon.mail.order_words import CAUSES, LABELS

MOST_CHARS = 4_000
_MOST_LINES = 60
_LONGEST_LINE = 300
_MOST_NUMBERS = 100
_LONGEST_CAUSE = 80

_NUMBERS = re.compile(r"[\s#*•-]*(\d[\d\s,;+&/\u2013-]*)(.*)", re.DOTALL)
_SPAN = re.compile(r"(\d{1,3})(?:\s*[\u2013-]\s*(\d{1,3}))?")
_EDGES = " \t.,:;=()[]\"'«»“”„!->\u2013"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one line asks for."""

    line: str
    numbers: tuple[int, ...] = ()  # of the digest's items; empty: none was named
    label: str | None = None
    cause: str | None = None
    trouble: str = ""  # number, word: what in it is not understood


def orders_in(text: str, own_labels: Collection[str] = ()) -> tuple[Order, ...]:
    """Return what the lines of an answer ask for; greetings and the like are passed over.

    A line that begins with a number and is not understood is returned with its trouble, as is a
    label's word without a number; anything else that is no order is nobody's.

    Args:
        text: the newest text of the mail, without what it quotes.
        own_labels: of the house, beside the shipped ones; their names are their words.
    """
    words = LABELS | {_plain(one): one for one in own_labels}
    found = []
    for line in text[:MOST_CHARS].splitlines()[:_MOST_LINES]:
        if line.rstrip() == "--" or line.startswith(">"):
            break  # a signature, or the digest itself
        order = _order(" ".join(line[:_LONGEST_LINE].split()), words)
        if order is not None:
            found.append(order)
    return tuple(found)


def _order(line: str, words: Mapping[str, str]) -> Order | None:
    begins = _NUMBERS.match(line)
    if begins is None:
        label = words.get(_plain(line))
        return Order(line=line, label=label) if label else None
    numbers, rest = _numbers(begins[1]), begins[2].strip(_EDGES)
    first, _, cause = rest.partition(" ")
    if not rest or numbers is None:
        return Order(line=line, trouble="number")
    if _plain(first) in CAUSES and cause.strip(_EDGES):
        return Order(line=line, numbers=numbers, cause=cause.strip(_EDGES)[:_LONGEST_CAUSE])
    label = words.get(_plain(rest))
    return Order(line=line, numbers=numbers, label=label, trouble="" if label else "word")


def _numbers(text: str) -> tuple[int, ...] | None:
    """Return numbers and spans of them; None for what is neither."""
    found: list[int] = []
    for span in _SPAN.finditer(text):
        first, last = int(span[1]), int(span[2] or span[1])
        found += range(first, min(last, first + _MOST_NUMBERS) + 1)
    is_all = not re.search(r"\d{4}", text)
    return tuple(dict.fromkeys(found))[:_MOST_NUMBERS] if found and is_all else None


def _plain(word: str) -> str:
    return word.strip(_EDGES).casefold()
