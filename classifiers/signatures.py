"""The lines a person wrote to the lines that say something: no signature, no disclaimer."""

import re
from collections.abc import Iterator, Sequence

from classifiers.folding import fold
from classifiers.phrases import CLOSINGS, DEVICE_LINES, DISCLAIMER_WORDS, DISCLAIMERS

_RULES = frozenset(("--", "\u2014", "\u2013\u2013"))
_LONGEST_SIGNATURE = 14  # lines; a rule with more below it divides a newsletter
_LONGEST_CLOSING = 60  # characters, with the name
_SENTENCE = 7  # words; fewer below a closing are a name, a role, an address
_CLOSINGS = frozenset(CLOSINGS)
_CONTACT = re.compile(r"@|https?:|www\.|\b(?:tel|cell|mob|fax|phone|kom|p\.iva|nip|regon)\b|\+\d\d")
_CLOSING_STARTS = frozenset((*(line[:2] for line in CLOSINGS), "łą"))  # spares folding all lines
_DEVICE_STARTS = frozenset(line[:3] for line in DEVICE_LINES)  # the same
_POSTSCRIPT = ("ps", "p.s", "p. s", "post scriptum", "dopisek", "n.b", "nb:")


def without_signature(lines: Sequence[str]) -> list[str]:
    """The lines without device lines, disclaimers, and what follows the signature rule or closing.

    The closing itself stays, and so does a postscript below it. Linear; never raises.
    """
    spoken = [line for line in lines if not _is_device_line(line)]
    spoken = _without_contacts(_without_rule(_without_disclaimers(spoken)))
    while spoken and not spoken[-1].strip(" \t-_*=~\u2013\u2014"):
        spoken.pop()
    return spoken


def _is_device_line(line: str) -> bool:
    """Whether a telephone added the line."""
    start = line[:100].lstrip(" \t<(-*")
    return start[:3].lower() in _DEVICE_STARTS and fold(start).startswith(DEVICE_LINES)


def _without_disclaimers(lines: Sequence[str]) -> list[str]:
    """The lines without the paragraphs that lawyers or mail gateways added."""
    kept: list[str] = []
    for paragraph in _paragraphs(lines):
        if not _is_disclaimer(paragraph):
            kept += paragraph
    return kept


def _paragraphs(lines: Sequence[str]) -> Iterator[list[str]]:
    """Groups of lines, each ending with its blank line."""
    paragraph: list[str] = []
    for line in lines:
        paragraph.append(line)
        if not line.strip():
            yield paragraph
            paragraph = []
    yield paragraph


def _is_disclaimer(paragraph: Sequence[str]) -> bool:
    """Whether the paragraph begins like a disclaimer and speaks of secrecy, printing or origin."""
    if not paragraph or not fold(paragraph[0][:90]).lstrip(" \t*_-([<>").startswith(DISCLAIMERS):
        return False
    words = fold(" ".join(paragraph[:20])[:1500])
    return any(word in words for word in DISCLAIMER_WORDS)


def _without_rule(lines: list[str]) -> list[str]:
    """The lines above the signature rule of RFC 3676 4.3, or of those who forget its blank."""
    has_words = False
    for number, line in enumerate(lines):
        is_rule = line.strip() in _RULES
        if is_rule and has_words and (line == "-- " or _is_short(lines, number)):
            return lines[:number]
        has_words = has_words or (bool(line.strip()) and not is_rule)
    return lines


def _is_short(lines: Sequence[str], number: int) -> bool:
    """Whether what is below line `number` may be a signature by its length."""
    return len(lines) - number <= _LONGEST_SIGNATURE * 2


def _without_contacts(lines: list[str]) -> list[str]:
    """The lines without name and contact details below the last closing."""
    for number in range(len(lines) - 1, max(-1, len(lines) - 2 * _LONGEST_SIGNATURE), -1):
        if _is_closing(lines[number]):
            return [*lines[: number + 1], *_speaking(lines[number + 1 :])]
    return lines


def _is_closing(line: str) -> bool:
    """Whether the line is "Kind regards" and the like, perhaps with the name behind a comma."""
    if len(line) > _LONGEST_CLOSING or line.lstrip(" \t*_")[:2].lower() not in _CLOSING_STARTS:
        return False
    words = fold(line).strip(" \t*_.!;-")
    head = words.partition(",")[0].strip()
    return words.rstrip(",") in _CLOSINGS or (len(words) < _LONGEST_CLOSING and head in _CLOSINGS)


def _speaking(lines: Sequence[str]) -> list[str]:
    """The lines below a closing that are sentences, and all from a postscript on."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        words = fold(line[:400]).strip()
        if words.startswith(_POSTSCRIPT):
            return [*kept, *lines[number:]]
        if len(words.split()) >= _SENTENCE and _CONTACT.search(words) is None:
            kept.append(line)
    return kept
