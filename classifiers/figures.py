"""True labels and predicted probabilities to the figures by which a model is judged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEFAULT_THRESHOLD = 0.5
"""Probability of the best label from which on a model speaks and does not abstain."""

Figures = dict[str, Any]
Probabilities = NDArray[np.float64]
Numbers = NDArray[np.intp]


def judge(
    truth: Numbers,
    scores: Probabilities,
    labels: Sequence[str],
    languages: Sequence[str],
    threshold: float = DEFAULT_THRESHOLD,
) -> Figures:
    """All figures of an evaluation.

    Args:
        truth: number of the true label per mail, (n,).
        scores: probabilities (n, labels), rows sum to 1.
        labels: names in the order of the columns.
        languages: language per mail, "" when not told.
        threshold: probability from which on the model speaks.

    Returns:
        `n`, `macro_f1`, `per_class`, `coverage` (share of mails on which the model speaks),
        `precision_at_coverage` (share of these that are right, None without any), `ece` (expected
        calibration error, 10 bins), `confusion` (true -> predicted -> mails), `by_language`.
    """
    guess = np.argmax(scores, axis=1)
    spoken = np.array(languages)
    return {
        **_summary(truth, scores, len(labels), threshold),
        "per_class": _per_class(truth, guess, labels),
        "confusion": _confusion(truth, guess, labels),
        "threshold": threshold,
        "by_language": {
            language: _summary(
                truth[spoken == language], scores[spoken == language], len(labels), threshold
            )
            for language in sorted(set(languages))
            if language
        },
    }


def _summary(truth: Numbers, scores: Probabilities, many: int, threshold: float) -> Figures:
    """The figures that are one number each."""
    guess, best = np.argmax(scores, axis=1), np.max(scores, axis=1)
    speaks = best >= threshold
    right = guess == truth
    return {
        "n": len(truth),
        "macro_f1": _rounded(_macro_f1(truth, guess, many)),
        "coverage": _rounded(float(np.mean(speaks))),
        "precision_at_coverage": _rounded(float(np.mean(right[speaks]))) if speaks.any() else None,
        "ece": _rounded(_calibration_error(best, right)),
    }


def _per_class(truth: Numbers, guess: Numbers, labels: Sequence[str]) -> Figures:
    return {
        label: {
            name: _rounded(value)
            for name, value in zip(
                ("precision", "recall", "f1"), _precision_recall_f1(truth, guess, k), strict=True
            )
        }
        | {"n": int(np.sum(truth == k))}
        for k, label in enumerate(labels)
    }


def _precision_recall_f1(truth: Numbers, guess: Numbers, label: int) -> tuple[float, float, float]:
    """Of one label; 0 where there is nothing to divide by."""
    hits = int(np.sum((truth == label) & (guess == label)))
    guessed, true = int(np.sum(guess == label)), int(np.sum(truth == label))
    return (
        hits / guessed if guessed else 0.0,
        hits / true if true else 0.0,
        2 * hits / (guessed + true) if guessed + true else 0.0,
    )


def _macro_f1(truth: Numbers, guess: Numbers, many: int) -> float:
    """Mean F1 over the labels that occur in truth or guess."""
    met = [k for k in range(many) if np.any(truth == k) or np.any(guess == k)]
    return float(np.mean([_precision_recall_f1(truth, guess, k)[2] for k in met]))


def _calibration_error(best: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten equal bins of the best probability (Naeini 2015)."""
    bins = np.minimum((best * 10).astype(int), 9)
    gaps = [
        abs(float(np.mean(best[bins == k])) - float(np.mean(right[bins == k])))
        * float(np.mean(bins == k))
        for k in range(10)
        if np.any(bins == k)
    ]
    return sum(gaps)


def _confusion(truth: Numbers, guess: Numbers, labels: Sequence[str]) -> Figures:
    return {
        true: {
            guessed: int(np.sum((truth == row) & (guess == column)))
            for column, guessed in enumerate(labels)
        }
        for row, true in enumerate(labels)
    }


def _rounded(value: float) -> float:
    return round(value, 4)
