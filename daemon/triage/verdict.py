"""A reading -> the label of the mail, or an honest abstention; always with a reason.

The label is the one whose mistakes are expected to cost least (Bayes' decision rule, with Chow's
reject option, 1970): a person's look costs 1, and is taken when no label is expected to cost less.
"""

from collections.abc import Mapping
from math import floor, isfinite
from typing import Protocol

from daemon.records import LABELS, Automatic, Verdict
from daemon.triage.mix import NO_MIX, Mix, under

Costs = Mapping[str, Mapping[str, float]]
"""True label -> label it is taken for, or "any" -> cost, in looks of a person."""

UNLISTED = 2.5
"""The cost of a mistake for which none is configured."""

_LOOK = 1.0
_SLACK = 1e-3  # of probabilities that went through JSON
_DEAREST = "complaint"
_HAIR = 1e-9  # costs that differ by rounding only are equal


class Scored(Protocol):
    """A reading, as far as it is judged."""

    @property
    def automatic(self) -> Automatic | None:
        """The kind of automatic mail, None for a person's."""

    @property
    def scores(self) -> Mapping[str, float] | None:
        """Label -> calibrated probability; None without a model."""


def judge(reading: Scored, costs: Costs, mix: Mix = NO_MIX) -> Verdict:
    """Return the verdict on one mail; never raises.

    Args:
        reading: its `scores` are calibrated probabilities per label, None without a model.
        costs: what each mistake costs.
        mix: how often each label comes in this house.
    """
    if reading.automatic is not None:
        return _no_label(0.0, f"automatic: {reading.automatic.value}", abstained=False)
    if not reading.scores:
        return _no_label(0.0, "no model", abstained=True)
    if not _are_probabilities(reading.scores):
        return _no_label(0.0, "unsure: broken scores", abstained=True)
    scores = under(reading.scores, mix)
    feared = _feared(reading.scores, scores)
    label = _cheapest(feared, costs)
    if label is None:
        likeliest = min(scores, key=lambda one: (-scores[one], _rank(one)))
        reason = f"unsure: {_alternatives(likeliest, feared, costs)}"
        return _no_label(scores[likeliest], reason, abstained=True)
    return Verdict(label=label, confidence=scores[label], abstained=False, reason="model")


def _feared(plain: Mapping[str, float], scores: Mapping[str, float]) -> Mapping[str, float]:
    """Return the scores, a complaint never less likely than before the mix was known.

    Else a flood of newsletters, which any stranger can send, would argue complaints away.
    """
    if _DEAREST not in plain:
        return scores
    return {**scores, _DEAREST: max(plain[_DEAREST], scores[_DEAREST])}


def _are_probabilities(scores: Mapping[str, float]) -> bool:
    """Say whether each score is a share and all together are one; a NaN is neither."""
    return all(0 <= p <= 1 + _SLACK for p in scores.values()) and (
        abs(sum(scores.values()) - 1) <= _SLACK
    )


def _cheapest(scores: Mapping[str, float], costs: Costs) -> str | None:
    """Return the label expected to cost least; None when a person's look costs less."""
    risks = {label: _risk(label, scores, costs) for label in scores}
    best = min(risks, key=lambda label: (round(risks[label], 9), -scores[label], _rank(label)))
    return best if risks[best] <= _LOOK + _HAIR else None


def _risk(label: str, scores: Mapping[str, float], costs: Costs) -> float:
    """Return what taking the label is expected to cost."""
    return sum(_share_of_risk(label, true, p, costs) for true, p in scores.items())


def _share_of_risk(label: str, true: str, probability: float, costs: Costs) -> float:
    """Return what taking the label costs, if the mail is truly another, times how likely it is."""
    if true == label or not probability:
        return 0.0
    row = costs.get(true, {})
    cost = row.get(label, row.get("any", UNLISTED))
    return probability * cost if isfinite(cost) else probability * UNLISTED


def _alternatives(label: str, scores: Mapping[str, float], costs: Costs) -> str:
    """Name the likeliest label, and the one that it would cost most to miss by taking it."""
    dear = {true: _share_of_risk(label, true, p, costs) for true, p in scores.items()}
    worst = min(dear, key=lambda true: (-dear[true], _rank(true)))
    words = f"{label} {_shown(scores[label])}"
    return f"{words} or {worst} {_shown(scores[worst])}" if dear[worst] > 0 else words


def _no_label(confidence: float, reason: str, *, abstained: bool) -> Verdict:
    return Verdict(label=None, confidence=confidence, abstained=abstained, reason=reason)


def _rank(label: str) -> tuple[int, str]:
    """Equal probabilities: the order of LABELS.md decides, then the name."""
    return (LABELS.index(label) if label in LABELS else len(LABELS), label)


def _shown(probability: float) -> str:
    """Cut, not rounded: what is shown is never more than what was there."""
    return f"{floor(probability * 100 + _HAIR) / 100:.2f}"
