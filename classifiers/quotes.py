"""The lines of a mail to the place where somebody else's words begin.

Every look around a line is bounded, so that a whole mail takes linear time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from classifiers.folding import fold
from classifiers.phrases import (
    ATTRIBUTION_ENDS,
    ATTRIBUTION_STARTS,
    FORWARD_MARKS,
    HEADER_KEYS,
    ORIGINAL_MARKS,
)

_RULE_STARTS = "-_*=<\u2013\u2014"
_RULES = " \t~:>#+." + _RULE_STARTS
_COLONS = ":\uff1a"  # the second is full width
_LONGEST_MARK = 120  # characters of a line that are looked at
_LEAST_HEADERS = 3  # kinds of them that make a block; one fewer below a mark
_LONGEST_HEADER_BLOCK = 12  # lines
_ONCE = ("from", "subject")  # kinds that a block has once
_LONGEST_ATTRIBUTION = 5  # lines: mail programs break them at 72 characters


_MIDDLE_VERBS = ("schrieb", "skrev", "schreef", "pisze", "scrive")


class Cut(Enum):
    """What the line says about the text below it."""

    ATTRIBUTION = "an answered mail, quoted line by line, or unmarked to the end"
    ORIGINAL = "an answered mail, to the end"
    HEADERS = "an answered or a forwarded mail: Outlook writes both alike"
    FORWARD = "a forwarded mail, to the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Where somebody else's words begin.

    Attributes:
        cut: what stands there.
        start: number of the first line of the mark itself.
        after: number of the first line below the mark.
    """

    cut: Cut
    start: int
    after: int


def is_quoted(line: str) -> bool:
    """Whether the line carries a quote mark."""
    start = line.lstrip()
    return start.startswith((">", "&gt;"))


def unquote(line: str) -> str:
    """The line without its outermost quote mark."""
    start = line.lstrip()
    if start.startswith(">"):
        return start[1:].removeprefix(" ")
    return start[4:].removeprefix(" ") if start.startswith("&gt;") else line


def find_tail(lines: Sequence[str], start: int = 0) -> Tail | None:
    """The first mark from line `start` on below which somebody else writes, None without one."""
    for number in range(start, len(lines)):
        line = lines[number].strip()
        if line:
            tail = _tail_at(lines, start, number, line)
            if tail is not None:
                return tail
    return None


def _tail_at(lines: Sequence[str], start: int, number: int, line: str) -> Tail | None:
    """The mark that the line at `number` is or ends, None when it is none."""
    if line[-1] in _COLONS:
        first = _attribution_start(lines, start, number)
        if first is not None:
            return Tail(cut=Cut.ATTRIBUTION, start=first, after=number + 1)
    if is_quoted(line):
        return _forward_at(number, unquote(line).strip())
    if line[0] in _RULE_STARTS or line[-1] == ":":
        cut = _mark(line)
        if cut is not None:
            return Tail(cut=cut, start=number, after=after_headers(lines, number + 1))
    if ":" in line[:40]:
        return _headers_at(lines, start, number)
    return None


def _forward_at(number: int, line: str) -> Tail | None:
    """A forward mark inside quote marks, as Apple Mail writes it."""
    if line and _mark(line) is Cut.FORWARD:
        return Tail(cut=Cut.FORWARD, start=number, after=number + 1)
    return None


def _mark(line: str) -> Cut | None:
    """Whether the line says "original message" or "forwarded message" and little else."""
    if len(line) > _LONGEST_MARK:
        return None
    words = fold(line).strip(_RULES)
    if words.startswith(FORWARD_MARKS):
        return Cut.FORWARD
    return Cut.ORIGINAL if words.startswith(ORIGINAL_MARKS) else None


def _headers_at(lines: Sequence[str], start: int, number: int) -> Tail | None:
    """A block of at least three header lines, one of them From."""
    if header_kind(lines[number]) is None:
        return None
    after, kinds = read_headers(lines, number)
    if len(kinds) < _LEAST_HEADERS or "from" not in kinds:
        return None
    first = number
    if number > start and lines[number - 1].strip() and not lines[number - 1].strip(_RULES):
        first = number - 1  # Outlook's rule above the block
    return Tail(cut=Cut.HEADERS, start=first, after=after)


def after_headers(lines: Sequence[str], number: int) -> int:
    """The first line below the headers that stand at `number`, `number` when none do."""
    after, kinds = read_headers(lines, number)
    return after if len(kinds) >= _LEAST_HEADERS - 1 else number


def read_headers(lines: Sequence[str], number: int) -> tuple[int, dict[str, int]]:
    """The line below a block of headers that starts at `number`, and where each kind stands in it.

    Kinds are those of `HEADER_KEYS`; of several lines of one kind the first counts.
    """
    after, kinds, strange = number, dict[str, int](), 0
    for at in range(number, min(number + _LONGEST_HEADER_BLOCK, len(lines))):
        kind = header_kind(lines[at])
        if kind in kinds and kind in _ONCE:
            break  # the next mail's: nobody wrote anything between the two
        if kind is not None:
            after, strange = at + 1, 0
            kinds.setdefault(kind, at)
        else:
            strange += 1  # a blank line, or the second half of a long header
            if strange > 1 + (not kinds):
                break
    return after, kinds


def header_kind(line: str) -> str | None:
    """Which header the line is, as in `HEADER_KEYS`; None for other lines."""
    key, colon, _ = line[:60].partition(":")
    return HEADER_KEYS.get(fold(key).strip(" \t*>_")) if colon else None


def _attribution_start(lines: Sequence[str], start: int, number: int) -> int | None:
    """The line at which the `On Monday Anna wrote:` that ends at `number` begins."""
    end = fold(lines[number][-_LONGEST_MARK:]).rstrip(" \t" + _COLONS)
    if not (end.endswith(ATTRIBUTION_ENDS) or _has_verb(end)):
        return None
    if _begins_attribution(lines[number]):
        return number
    for at in range(number - 1, max(start, number - _LONGEST_ATTRIBUTION) - 1, -1):
        line = lines[at].strip()
        if line.endswith((".", "!", "?")) or is_quoted(line):
            break
        if _begins_attribution(line):
            return at
    return number if "@" in end and not is_quoted(lines[number]) else None


def _has_verb(end: str) -> bool:
    """Whether `schrieb` and the like stand before the name, as in `Am 3.11. schrieb Anna:`."""
    return any(f" {verb} " in end for verb in _MIDDLE_VERBS)


def _begins_attribution(line: str) -> bool:
    """Whether the line starts like `On Monday, 3 November` or with a date, and holds a digit."""
    words = fold(line[:_LONGEST_MARK]).lstrip(" \t*_")
    if not any(character.isdigit() for character in words):
        return False
    if words[0].isdigit() or words.startswith(ATTRIBUTION_STARTS):
        return True
    return "@" in words and _has_verb(words)  # Gmail in German: `Anna <a@b> schrieb am Di., 3.`
