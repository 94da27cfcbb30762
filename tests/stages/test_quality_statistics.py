"""Shares, Pareto rows and quantiles, against slow definitions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.quality.statistics import Quantile, pareto, share_of, times_of
from tests.contracts.recount import quantile

SPELLS = st.lists(st.tuples(st.integers(0, 12).map(float), st.booleans()), max_size=30)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [  # by the formula of Wilson (1927), worked out apart
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 2, 0.0945, 0.9055),
        (80, 100, 0.7112, 0.8666),
    ],
)
def test_a_share_has_the_interval_of_wilson(hits: int, of: int, low: float, high: float) -> None:
    """Also where all or none are hits."""
    share = share_of(hits, of)
    assert (share.low, share.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert share.share == hits / of


def test_a_share_of_nothing_is_nothing() -> None:
    """No figure is better than a wrong one."""
    share = share_of(0, 0)
    assert (share.share, share.low, share.high) == (None, None, None)


@given(of=st.integers(1, 5000), part=st.floats(0, 1))
def test_an_interval_holds_its_share(of: int, part: float) -> None:
    """And is within 0 and 1."""
    share = share_of(round(part * of), of)
    low, part_of, high = share.low or 0.0, share.share or 0.0, share.high or 0.0
    assert 0 <= low <= part_of <= high <= 1


@given(SPELLS)
def test_quantiles_are_those_of_the_definition(spells: list[tuple[float, bool]]) -> None:
    """Counted in whole fractions."""
    times = times_of(spells)
    for found, part in ((times.median, Fraction(1, 2)), (times.p90, Fraction(9, 10))):
        assert (found.seconds, found.at_least) == quantile(spells, part)


@given(st.lists(st.integers(0, 50).map(float), min_size=1, max_size=40))
def test_where_all_have_ended_quantiles_are_order_statistics(times: list[float]) -> None:
    """The shortest time within which at least half, and nine tenths, have ended."""
    ordered, found = sorted(times), times_of([(one, True) for one in times])
    assert found.median == Quantile(seconds=ordered[(len(times) + 1) // 2 - 1])
    assert found.p90 == Quantile(seconds=ordered[-(-9 * len(times) // 10) - 1])


@given(SPELLS.filter(bool), st.data())
def test_what_is_open_never_makes_a_time_shorter(
    spells: list[tuple[float, bool]], data: st.DataObject
) -> None:
    """A case that has not ended is worth at least one that ended just then."""
    place = data.draw(st.integers(0, len(spells) - 1))
    ended = [*spells[:place], (spells[place][0], True), *spells[place + 1 :]]
    still = [*spells[:place], (spells[place][0], False), *spells[place + 1 :]]
    for one, other in zip(bounds(ended), bounds(still), strict=True):
        assert one <= other


def bounds(spells: list[tuple[float, bool]]) -> list[float]:
    """Return the quantiles; one of which only a lower bound is known counts as very long."""
    times = times_of(spells)
    return [
        1e9 if one.at_least or one.seconds is None else one.seconds
        for one in (times.median, times.p90)
    ]


def test_of_nothing_nothing_is_told() -> None:
    """And of open ones only that they last."""
    assert times_of([]).median == Quantile(seconds=None)
    assert times_of([(5.0, False)]).median == Quantile(seconds=5.0, at_least=True)
    mostly_open = [(1.0, True), (2.0, False), (3.0, False)]
    assert times_of(mostly_open).median == Quantile(seconds=3.0, at_least=True)


@given(st.lists(st.sampled_from(["", "bill", "meter", "rude"])))
def test_a_pareto_table_counts_everything_once(names: list[str]) -> None:
    """The most frequent first, what has no name last, and all together are all."""
    bars = pareto(names)
    assert {one.name: one.number for one in bars} == {one: names.count(one) for one in set(names)}
    named = [one.number for one in bars if one.name]
    assert named == sorted(named, reverse=True)
    assert "" not in [one.name for one in bars[:-1]]
    if bars:
        assert bars[-1].cumulative == 1.0
        assert sum(one.share for one in bars) == pytest.approx(1)
