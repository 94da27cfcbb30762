"""Counts and times -> shares, Pareto rows and quantiles; pure.

What is still open is never left out: it is known to take at least as long as it has taken so far,
and counts as that (right-censored; Kaplan and Meier, 1958).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

_Z = 1.959963984540054  # 95 % of a normal distribution lies within so many deviations
_HAIR = 1e-9  # a product of floats that should be 0.5 may miss it by this

Spell = tuple[float, bool]
"""Seconds that something took, and whether it has ended; else it took at least that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, with the interval of Wilson (1927) at 95 %; None: of nothing."""

    hits: int
    of: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A row of a Pareto table: the most frequent first, what has no name last."""

    name: str  # "": not given
    number: int
    share: float  # of all
    cumulative: float  # of this and those above


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A time that a part of all took at most; `at_least`: too many are open to say more."""

    seconds: float | None  # None: there is nothing to tell
    at_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The time that half of them took, and nine in ten."""

    median: Quantile
    p90: Quantile


def share_of(hits: int, of: int) -> Share:
    """Return a share with its Wilson score interval."""
    if not of:
        return Share(hits=hits, of=of, share=None, low=None, high=None)
    part, square = hits / of, _Z * _Z
    middle = (part + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * sqrt(part * (1 - part) / of + square / (4 * of * of))
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return Share(
        hits=hits, of=of, share=part, low=low if hits else 0.0, high=high if hits < of else 1.0
    )


def pareto(names: Iterable[str]) -> tuple[Bar, ...]:
    """Return how often each name occurs."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    total, so_far, bars = sum(counts.values()), 0, []
    for name, number in sorted(counts.items(), key=lambda one: (not one[0], -one[1], one[0])):
        so_far += number
        share, cumulative = number / total, so_far / total
        bars.append(Bar(name=name, number=number, share=share, cumulative=cumulative))
    return tuple(bars)


def times_of(spells: Sequence[Spell]) -> Times:
    """Return median and 90th percentile, by the product-limit estimate.

    A quantile is the shortest time within which at least that part has ended. Where the estimate
    does not come so far, all that is known is that it is longer than the longest time seen.
    """
    steps = survival(spells)
    longest = max((seconds for seconds, _ in spells), default=None)

    def quantile(part: float) -> Quantile:
        for seconds, left in steps:
            if left <= 1 - part + _HAIR:
                return Quantile(seconds=seconds)
        return Quantile(seconds=longest, at_least=longest is not None)

    return Times(median=quantile(0.5), p90=quantile(0.9))


def survival(spells: Sequence[Spell]) -> list[tuple[float, float]]:
    """Return at each time at which something ended what part of all has not ended after it.

    What is open for just so long counts as still open then.
    """
    left, part, ends, here = len(spells), 1.0, 0, 0
    steps: list[tuple[float, float]] = []
    times = sorted(spells)
    for number, (seconds, ended) in enumerate(times, start=1):
        ends, here = ends + ended, here + 1
        if number < len(times) and times[number][0] == seconds:
            continue
        if ends:
            part *= 1 - ends / left
            steps.append((seconds, part))
        left, ends, here = left - here, 0, 0
    return steps
