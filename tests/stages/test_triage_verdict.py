"""The verdict: a label, or an honest abstention, always with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.records import LABELS, Automatic
from daemon.triage.verdict import judge
from tests.stages.triage_builders import THRESHOLDS, reading


@pytest.mark.parametrize(
    ("scores", "label", "reason"),
    [
        ((0.90, 0.05, 0.03, 0.02), "complaint", "model"),
        ((0.40, 0.30, 0.20, 0.10), "complaint", "model"),
        ((0.38, 0.32, 0.20, 0.10), None, "unsure: complaint 0.38 under 0.40"),
        ((0.3999, 0.30, 0.20, 0.1001), None, "unsure: complaint 0.39 under 0.40"),
        ((0.10, 0.54, 0.20, 0.16), None, "unsure: request 0.54 under 0.55"),
        ((0.10, 0.55, 0.20, 0.15), "request", "model"),
        ((0.31, 0.65, 0.02, 0.02), None, "unsure: may be a complaint 0.31"),
        ((0.29, 0.65, 0.03, 0.03), "request", "model"),
        ((0.30, 0.00, 0.70, 0.00), None, "unsure: may be a complaint 0.30"),
        ((0.05, 0.05, 0.90, 0.00), "newsletter", "model"),
        ((0.20, 0.10, 0.10, 0.60), "other", "model"),
        ((0.50, 0.50, 0.00, 0.00), "complaint", "model"),
    ],
)
def test_the_label_is_taken_or_the_doubt_is_named(scores, label, reason) -> None:
    """Thresholds per label, and a possible complaint is never put elsewhere."""
    verdict = judge(reading(scores=dict(zip(LABELS, scores, strict=True))), THRESHOLDS)
    assert (verdict.label, verdict.reason) == (label, reason)
    assert verdict.abstained is (label is None)
    assert verdict.confidence == max(scores)


@pytest.mark.parametrize("kind", Automatic)
def test_automatic_mail_has_no_label_and_is_not_unsure(kind: Automatic) -> None:
    """A rule recognised it; no person needs to look."""
    scores = dict.fromkeys(LABELS, 0.25)
    verdict = judge(reading(automatic=kind, scores=scores), THRESHOLDS)
    assert (verdict.label, verdict.abstained, verdict.confidence) == (None, False, 0.0)
    assert verdict.reason == f"automatic: {kind.value}"


@pytest.mark.parametrize("scores", [None, {}])
def test_without_a_model_nothing_is_guessed(scores) -> None:
    """Never a default class: a person gets it."""
    verdict = judge(reading(scores=scores), THRESHOLDS)
    assert (verdict.label, verdict.abstained, verdict.reason) == (None, True, "no model")


def test_a_label_of_the_house_without_a_threshold_needs_sixty_percent() -> None:
    """A new folder works before anybody writes a threshold for it."""
    assert judge(reading(scores={"orders": 0.6, "other": 0.4}), {}).label == "orders"
    unsure = judge(reading(scores={"orders": 0.59, "other": 0.41}), {})
    assert unsure.reason == "unsure: orders 0.59 under 0.60"


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), float("-inf")])
def test_a_broken_number_is_no_probability(broken) -> None:
    """A label whose score is not a number is never taken."""
    assert judge(reading(scores={"complaint": broken, "other": 0.9}), THRESHOLDS).label == "other"
    alone = judge(reading(scores={"complaint": broken}), THRESHOLDS)
    assert alone.reason == "unsure: complaint 0.00 under 0.40"


SHARES = st.floats(0, 1)


@given(st.lists(SHARES, min_size=4, max_size=4), st.dictionaries(st.sampled_from(LABELS), SHARES))
def test_the_order_of_the_scores_does_not_matter(shares, thresholds) -> None:
    """Equal probabilities are decided by LABELS.md, not by the order of a dictionary."""
    scores = dict(zip(LABELS, shares, strict=True))
    turned = dict(reversed(scores.items()))
    assert judge(reading(scores=scores), thresholds) == judge(reading(scores=turned), thresholds)


@given(
    st.none() | st.dictionaries(st.text(max_size=5) | st.sampled_from(LABELS), st.floats()),
    st.dictionaries(st.sampled_from(LABELS), st.floats()),
)
def test_whatever_the_scores_a_verdict_comes_out(scores, thresholds) -> None:
    """Total: broken numbers end in a verdict whose parts agree, never in an error."""
    verdict = judge(reading(scores=scores), thresholds)
    assert verdict.abstained is (verdict.label is None)
    assert (verdict.reason == "model") is (verdict.label is not None)
    assert verdict.label is None or verdict.label in (scores or {})


@given(st.floats(0.3, 1), SHARES, st.sampled_from(LABELS[1:]))
def test_a_possible_complaint_never_gets_another_label(doubt, share, label) -> None:
    """From 0.30 on, whatever else is likelier: complaint, or a person decides."""
    scores = {**dict.fromkeys(LABELS, 0.0), label: share, "complaint": doubt}
    assert judge(reading(scores=scores), THRESHOLDS).label in (None, "complaint")
