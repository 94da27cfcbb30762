"""A reading -> the label of the mail, or an honest abstention; always with a reason."""

from collections.abc import Mapping
from math import floor, isfinite
from typing import Protocol

from daemon.records import LABELS, Automatic, Verdict

DOUBT = 0.30
"""From this probability of a complaint on, no other label wins: missing one costs most."""

UNLISTED = 0.60
"""The threshold of a label for which none is configured."""


class Scored(Protocol):
    """A reading, as far as it is judged."""

    @property
    def automatic(self) -> Automatic | None:
        """The kind of automatic mail, None for a person's."""

    @property
    def scores(self) -> Mapping[str, float] | None:
        """Label -> calibrated probability; None without a model."""


def judge(reading: Scored, thresholds: Mapping[str, float]) -> Verdict:
    """Return the verdict on one mail; never raises.

    Args:
        reading: its `scores` are calibrated probabilities per label, None without a model.
        thresholds: label -> least probability, from 0 to 1.
    """
    if reading.automatic is not None:
        return _no_label(0.0, f"automatic: {reading.automatic.value}", abstained=False)
    if not reading.scores:
        return _no_label(0.0, "no model", abstained=True)
    scores = {label: p if isfinite(p) else 0.0 for label, p in reading.scores.items()}
    best = min(scores, key=lambda label: (-scores[label], _rank(label)))
    reason = _doubt(best, scores, thresholds)
    if reason:
        return _no_label(scores[best], f"unsure: {reason}", abstained=True)
    return Verdict(label=best, confidence=scores[best], abstained=False, reason="model")


def _doubt(best: str, scores: Mapping[str, float], thresholds: Mapping[str, float]) -> str:
    """Say why the best label is not taken; empty when it is."""
    threshold = thresholds.get(best, UNLISTED)
    if scores[best] < threshold:
        return f"{best} {_shown(scores[best])} under {threshold:.2f}"
    complaint = scores.get("complaint", 0.0)
    if best != "complaint" and complaint >= DOUBT:
        return f"may be a complaint {_shown(complaint)}"
    return ""


def _no_label(confidence: float, reason: str, *, abstained: bool) -> Verdict:
    return Verdict(label=None, confidence=confidence, abstained=abstained, reason=reason)


def _rank(label: str) -> tuple[int, str]:
    """Equal probabilities: the order of LABELS.md decides, then the name."""
    return (LABELS.index(label) if label in LABELS else len(LABELS), label)


def _shown(probability: float) -> str:
    """Cut, not rounded: 0.3999 under 0.40 must not read "0.40 under 0.40"."""
    return f"{floor(probability * 100) / 100:.2f}"
