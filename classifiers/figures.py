"""True labels and predicted probabilities to the figures by which a model is judged."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEFAULT_THRESHOLD = 0.5
"""Probability of the best label from which on a model speaks and does not abstain."""

_STEPS = 50
_DRAWS = 1000

SURE = (0.8, 0.6)
"""Shares of the surest mails whose accuracy is told."""

Figures = dict[str, Any]
Probabilities = NDArray[np.float64]
Numbers = NDArray[np.intp]


def judge(
    truth: Numbers,
    scores: Probabilities,
    labels: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    threshold: float = DEFAULT_THRESHOLD,
) -> Figures:
    """All figures of an evaluation.

    Args:
        truth: number of the true label per mail, (n,).
        scores: probabilities (n, labels), rows sum to 1.
        labels: names in the order of the columns.
        groups: what the mails are also judged apart by, such as `language` -> language per mail;
            "" where it is not told.
        threshold: probability from which on the model speaks.

    Returns:
        `n`, `macro_f1`, `per_class`, `coverage` (share of mails on which the model speaks),
        `precision_at_coverage` (share of these that are right, None without any), `ece` (expected
        calibration error, 10 bins), `accuracy_of_surest` (of the 80 % and the 60 % of mails with
        the highest best probability), `confusion` (true -> predicted -> mails), `reliability` and
        `right_by_coverage` for plots, and for each of `groups` `by_<name>`.
    """
    guess = np.argmax(scores, axis=1)
    figures = {
        **_summary(truth, scores, len(labels), threshold),
        "per_class": _per_class(truth, guess, labels),
        "confusion": _confusion(truth, guess, labels),
        "threshold": threshold,
        "reliability": _reliability(np.max(scores, axis=1), guess == truth),
        "right_by_coverage": _right_by_coverage(np.max(scores, axis=1), guess == truth),
    }
    for name, values in groups.items():
        told = np.array(values)
        figures[f"by_{name}"] = {
            value: _summary(truth[told == value], scores[told == value], len(labels), threshold)
            for value in sorted(set(values))
            if value
        }
    return figures


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
        "accuracy_of_surest": {
            f"{share:.0%}": _rounded(_accuracy_of_surest(best, right, share)) for share in SURE
        },
    }


def _accuracy_of_surest(best: NDArray[np.float64], right: NDArray[np.bool_], share: float) -> float:
    """Share of right ones among the mails with the highest best probability."""
    surest = np.argsort(-best, kind="stable")[: max(round(share * len(best)), 1)]
    return float(np.mean(right[surest])) if len(best) else 0.0


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


def _reliability(best: NDArray[np.float64], right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Per tenth of probability: mean shown, share right, share of the mails; none when empty."""
    bins = np.minimum((best * 10).astype(int), 9)
    return [
        {
            "probability": _rounded(float(np.mean(best[bins == k]))),
            "right": _rounded(float(np.mean(right[bins == k]))),
            "share": _rounded(float(np.mean(bins == k))),
        }
        for k in range(10)
        if np.any(bins == k)
    ]


def _right_by_coverage(
    best: NDArray[np.float64], right: NDArray[np.bool_]
) -> list[tuple[float, float]]:
    """(share of the mails, share of these surest ones that is right) in steps of a fiftieth."""
    steps = [step / _STEPS for step in range(1, _STEPS + 1)]
    return [(share, _rounded(_accuracy_of_surest(best, right, share))) for share in steps]


def interval(truth: Numbers, scores: Probabilities, blocks: Sequence[str]) -> tuple[float, float]:
    """The 95 % interval of the macro F1, by the bootstrap (Efron 1979).

    Args:
        truth: as for `judge`.
        scores: as for `judge`.
        blocks: what each mail was made with (its scenario): these are drawn, with replacement,
            for mails of one are not independent.
    """
    guess, many = np.argmax(scores, axis=1), scores.shape[1]
    _, block = np.unique(np.array(blocks), return_inverse=True)
    tables = np.zeros((int(block.max(initial=-1)) + 1, many, many))
    np.add.at(tables, (block, truth, guess), 1)
    draw = np.random.default_rng(0)
    drawn = [
        _f1_of_table(tables[draw.integers(len(tables), size=len(tables))].sum(axis=0))
        for _ in range(_DRAWS)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return _rounded(float(low)), _rounded(float(high))


def _f1_of_table(table: NDArray[np.float64]) -> float:
    """Macro F1 of a confusion (true, guessed), over the labels that occur."""
    both = table.sum(axis=0) + table.sum(axis=1)
    met = both > 0
    return float(np.mean(2 * np.diag(table)[met] / both[met]))


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
