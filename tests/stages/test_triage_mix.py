"""The mix of a house: found in its unlabelled mail, and scores made honest under it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.settings import COSTS
from daemon.records import LABELS
from daemon.triage.mix import FEWEST, estimate, under
from daemon.triage.verdict import judge
from tests.stages.triage_builders import reading

MIX = {"complaint": 0.08, "request": 0.22, "newsletter": 0.55, "other": 0.15}
Scores = dict[str, float]


def house(mails: int) -> list[tuple[str, Scores]]:
    """Return true labels drawn from `MIX`, and what a model calibrated on an even mix says.

    It sees a sign: the mail's own label with 0.7, each other one with 0.1.
    """
    chance = Random(7)
    truths = chance.choices(list(MIX), list(MIX.values()), k=mails)
    signs = [t if chance.random() < 0.6 else chance.choice(LABELS) for t in truths]
    return [
        (truth, {label: 0.7 if label == sign else 0.1 for label in LABELS})
        for truth, sign in zip(truths, signs, strict=True)
    ]


def test_the_mix_of_a_house_is_found_without_a_label() -> None:
    """Two thousand mails: each share to five points, though three signs in ten deceive."""
    found = estimate([scores for _, scores in house(2_000)])
    assert sum(found.values()) == pytest.approx(1)
    for label, share in MIX.items():
        assert found[label] == pytest.approx(share, abs=0.05), label


def test_scores_are_honest_under_the_mix_only() -> None:
    """Of the mails shown as a newsletter with some probability, that share are newsletters."""
    mails = house(2_000)
    mix = estimate([scores for _, scores in mails])
    shown = [(truth, scores) for truth, scores in mails if scores["newsletter"] == 0.7]
    true = sum(truth == "newsletter" for truth, _ in shown) / len(shown)
    assert under(shown[0][1], mix)["newsletter"] == pytest.approx(true, abs=0.03)
    assert abs(shown[0][1]["newsletter"] - true) > 0.1


def test_few_mails_say_nothing() -> None:
    """A new house keeps even odds, and its scores as they are."""
    few = [scores for _, scores in house(FEWEST - 1)]
    assert estimate(few) == {}
    assert under(few[0], {}) is few[0]


def test_a_label_that_never_came_keeps_a_share() -> None:
    """The first complaint of a house must not be argued away."""
    newsletters = [dict(zip(LABELS, (0.0, 0.0, 1.0, 0.0), strict=True))] * 2_000
    assert min(estimate(newsletters).values()) > 0.025


def test_a_verdict_is_taken_under_the_mix() -> None:
    """Where half the mail is newsletters, what may be one is one sooner."""
    one = reading(scores=dict(zip(LABELS, (0.03, 0.20, 0.55, 0.22), strict=True)))
    assert judge(one, COSTS).label is None
    assert judge(one, COSTS, MIX).label == "newsletter"
    assert judge(one, COSTS, MIX).confidence > 0.75


@given(
    st.dictionaries(st.sampled_from((*LABELS, "orders")), st.floats(0, 1), min_size=1),
    st.dictionaries(st.sampled_from(LABELS), st.floats(0.03, 1)),
)
def test_scores_stay_scores(scores, mix) -> None:
    """Labels stay, and nothing leaves 0 to 1."""
    changed = under(scores, mix)
    assert set(changed) == set(scores)
    assert not mix or all(0 <= p <= 1 for p in changed.values())
