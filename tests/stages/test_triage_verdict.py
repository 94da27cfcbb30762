"""The verdict: a label, or an honest abstention, always with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.settings import COSTS
from daemon.records import LABELS, Automatic
from daemon.triage.verdict import judge
from tests.stages.triage_builders import reading


@pytest.mark.parametrize(
    ("scores", "label", "reason"),
    [
        ((0.90, 0.05, 0.03, 0.02), "complaint", "model"),
        ((0.40, 0.30, 0.20, 0.10), "complaint", "model"),
        ((0.33, 0.33, 0.20, 0.14), None, "unsure: complaint 0.33 or request 0.33"),
        ((0.3299, 0.3399, 0.2302, 0.10), None, "unsure: request 0.33 or complaint 0.32"),
        ((0.08, 0.70, 0.12, 0.10), "request", "model"),
        ((0.10, 0.54, 0.20, 0.16), None, "unsure: request 0.54 or newsletter 0.20"),
        ((0.25, 0.75, 0.00, 0.00), "request", "model"),
        ((0.26, 0.74, 0.00, 0.00), None, "unsure: request 0.74 or complaint 0.26"),
        ((0.45, 0.55, 0.00, 0.00), "complaint", "model"),
        ((0.12, 0.00, 0.88, 0.00), "newsletter", "model"),
        ((0.13, 0.00, 0.87, 0.00), None, "unsure: newsletter 0.87 or complaint 0.13"),
        ((0.00, 0.16, 0.20, 0.64), "other", "model"),
        ((0.50, 0.50, 0.00, 0.00), "complaint", "model"),
    ],
)
def test_the_label_is_taken_or_the_doubt_is_named(scores, label, reason) -> None:
    """What costs least, if no more than a look; else what it may be, and may miss."""
    verdict = judge(reading(scores=dict(zip(LABELS, scores, strict=True))), COSTS)
    assert (verdict.label, verdict.reason) == (label, reason)
    assert verdict.abstained is (label is None)
    taken = scores[LABELS.index(label)] if label else max(scores)
    assert verdict.confidence == taken


@pytest.mark.parametrize("kind", Automatic)
def test_automatic_mail_has_no_label_and_is_not_unsure(kind: Automatic) -> None:
    """A rule recognised it; no person needs to look."""
    scores = dict.fromkeys(LABELS, 0.25)
    verdict = judge(reading(automatic=kind, scores=scores), COSTS)
    assert (verdict.label, verdict.abstained, verdict.confidence) == (None, False, 0.0)
    assert verdict.reason == f"automatic: {kind.value}"


@pytest.mark.parametrize("scores", [None, {}])
def test_without_a_model_nothing_is_guessed(scores) -> None:
    """Never a default class: a person gets it."""
    verdict = judge(reading(scores=scores), COSTS)
    assert (verdict.label, verdict.abstained, verdict.reason) == (None, True, "no model")


def test_a_label_of_the_house_without_costs_needs_sixty_percent() -> None:
    """A new folder works before anybody writes what its mistakes cost."""
    assert judge(reading(scores={"orders": 0.6, "other": 0.4}), {}).label == "orders"
    unsure = judge(reading(scores={"orders": 0.59, "other": 0.41}), {})
    assert unsure.reason == "unsure: orders 0.59 or other 0.41"


@pytest.mark.parametrize("mix", [{}, {"newsletter": 0.9, "complaint": 0.1}])
@pytest.mark.parametrize(
    "scores",
    [
        {"complaint": float("nan"), "other": 0.9},
        {"complaint": float("inf"), "other": 0.9},
        {"complaint": 1.01, "newsletter": 1e-9},
        {"complaint": -0.2, "newsletter": 1.2},
        {"other": 0.3},
    ],
)
def test_broken_scores_are_for_a_person(scores, mix) -> None:
    """What are no probabilities say nothing, with and without a mix."""
    verdict = judge(reading(scores=scores), COSTS, mix)
    assert (verdict.label, verdict.abstained) == (None, True)
    assert verdict.reason == "unsure: broken scores"


def test_a_likely_complaint_is_never_argued_away_by_the_mix() -> None:
    """Where complaints hardly come, what reads as one goes to a person, not to the newsletters."""
    mix = {"complaint": 0.03, "request": 0.03, "newsletter": 0.91, "other": 0.03}
    one = reading(scores={"complaint": 0.8, "request": 0.0, "newsletter": 0.2, "other": 0.0})
    verdict = judge(one, COSTS, mix)
    assert verdict.label is None
    assert verdict.reason == "unsure: newsletter 0.88 or complaint 0.80"


SHARES = st.floats(0, 1)
TABLES = st.dictionaries(
    st.sampled_from(LABELS), st.dictionaries(st.sampled_from((*LABELS, "any")), st.floats())
)


@given(st.lists(SHARES, min_size=4, max_size=4), TABLES)
def test_the_order_of_the_scores_does_not_matter(shares, costs) -> None:
    """Equal costs are decided by LABELS.md, not by the order of a dictionary."""
    scores = dict(zip(LABELS, (share / max(sum(shares), 1e-9) for share in shares), strict=True))
    turned = dict(reversed(scores.items()))
    assert judge(reading(scores=scores), costs) == judge(reading(scores=turned), costs)


@given(
    st.none() | st.dictionaries(st.text(max_size=5) | st.sampled_from(LABELS), st.floats()), TABLES
)
def test_whatever_the_scores_a_verdict_comes_out(scores, costs) -> None:
    """Total: broken numbers end in a verdict whose parts agree, never in an error."""
    verdict = judge(reading(scores=scores), costs)
    assert verdict.abstained is (verdict.label is None)
    assert (verdict.reason == "model") is (verdict.label is not None)
    assert verdict.label is None or verdict.label in (scores or {})


MIXES = st.lists(st.floats(0.03, 1), min_size=4, max_size=4).map(
    lambda parts: dict(zip(LABELS, (part / sum(parts) for part in parts), strict=True))
)


@given(st.floats(0.26, 1), st.sampled_from(LABELS[1:]), st.just({}) | MIXES)
def test_a_possible_complaint_never_gets_another_label(doubt, label, mix) -> None:
    """From a quarter on, whatever else is likelier, and whatever the mix of the house."""
    scores = {**dict.fromkeys(LABELS, 0.0), label: 1 - doubt, "complaint": doubt}
    assert judge(reading(scores=scores), COSTS, mix).label in (None, "complaint")
