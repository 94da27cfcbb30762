"""Labelled examples to a calibrated linear model, and to honest figures about it.

The figures come from predictions for scenarios that the predicting model has not seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from classifiers.artifact import Weights
from classifiers.documents import Document
from classifiers.errors import ClassifierError
from classifiers.examples import Example, labels_of
from classifiers.features import WIDTH, FeatureSettings, build_rows
from classifiers.figures import DEFAULT_THRESHOLD, Figures, judge
from classifiers.headers import with_headers
from classifiers.tokens import BUCKETS

_STRENGTH = 20.0  # inverse of the L2 penalty; flat between 10 and 40 on the shipped corpus
_FOLDS = 8
_LEAST_SEEN = 2  # training rows a hashed column must be in, or it is a name or a slip
_LARGEST_SPAN = 4000  # rows up to which the solver works in the rows' own span, which is faster


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What training gives.

    Attributes:
        weights: ready to be saved.
        figures: of out-of-fold predictions, grouped by scenario; see `classifiers.figures.judge`.
    """

    weights: Weights
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Rows to learn from: the examples, and behind them their copies with headers."""

    rows: csr_matrix  # (rows, columns), hashed columns that too few rows have left out
    columns: NDArray[np.int32]  # the column in a full row of each column of `rows`
    truth: NDArray[np.intp]
    group: NDArray[np.intp]
    examples: int  # rows that are the examples themselves


def train(
    examples: Sequence[Example], *, seed: int = 0, settings: FeatureSettings | None = None
) -> Training:
    """Learns a model; the same examples and seed give the same model.

    Args:
        examples: at least two labels and two scenarios.
        seed: of folds and of the headers drawn.
        settings: how rows are built, None for the shipped way.

    Raises:
        ClassifierError: too few labels or scenarios.
    """
    settings, labels = settings or FeatureSettings(), labels_of(examples)
    if len(labels) == 1:
        raise ClassifierError(f"two labels at least are wanted; there is only {labels[0]!r}")
    table = _tabulate(examples, labels, settings, seed)
    points, back = _span(table.rows)
    sums = _sums_out_of_fold(points, table, len(labels), seed)
    truth = table.truth[: table.examples]
    temperature = _fit_temperature(sums, truth)
    figures = judge(
        truth,
        _softmax(sums / temperature),
        labels,
        [example.lang for example in examples],
        DEFAULT_THRESHOLD,
    )
    slopes, intercept = _fit(points, table.truth, len(labels))
    weights = Weights(
        labels=labels,
        columns=table.columns,
        weights=np.asarray(back(slopes.T), dtype=np.float32),
        intercept=intercept.astype(np.float32),
        temperature=temperature,
        settings=settings,
    )
    return Training(weights=weights, figures=figures)


def _tabulate(
    examples: Sequence[Example], labels: Sequence[str], settings: FeatureSettings, seed: int
) -> _Table:
    """The examples and their copies as rows."""
    random = Random(seed)  # noqa: S311 - draws training data, guards nothing
    copies = [with_headers(example.document, example.label, random) for example in examples]
    rows = _matrix([*(example.document for example in examples), *copies], settings)
    seen = np.bincount(rows[: len(examples)].indices, minlength=WIDTH)
    kept = np.flatnonzero((seen >= _LEAST_SEEN) | (np.arange(WIDTH) >= BUCKETS))
    scenarios = {name: number for number, name in enumerate(_scenario_names(examples))}
    truth = np.array([labels.index(example.label) for example in examples], dtype=np.intp)
    group = np.array([scenarios[example.scenario] for example in examples], dtype=np.intp)
    if len(scenarios) == 1:
        raise ClassifierError("two scenarios at least are wanted")
    return _Table(
        rows=rows[:, kept],
        columns=kept.astype(np.int32),
        truth=np.tile(truth, 2),
        group=np.tile(group, 2),
        examples=len(examples),
    )


def _scenario_names(examples: Sequence[Example]) -> list[str]:
    return sorted({example.scenario for example in examples})


def _matrix(documents: Sequence[Document], settings: FeatureSettings) -> csr_matrix:
    """Rows as scipy's sparse matrix, doubled columns added up."""
    rows = build_rows(documents, settings)
    matrix = csr_matrix(
        (rows.values.astype(np.float64), rows.columns, rows.start), shape=(len(documents), WIDTH)
    )
    matrix.sum_duplicates()
    return matrix


def _span(
    rows: csr_matrix,
) -> tuple[NDArray[np.float64] | csr_matrix, Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """The rows as points in their own span, and the way back for slopes (points' axes, labels).

    Inner products stay as they are, so a linear model with an L2 penalty stays the same model; it
    is found in seconds, as there are far fewer rows than columns.
    """
    if rows.shape[0] > _LARGEST_SPAN:
        return rows, lambda slopes: slopes
    lengths, axes = np.linalg.eigh((rows @ rows.T).toarray())
    real = lengths > 1e-8 * lengths[-1]
    axes, scale = axes[:, real], np.sqrt(lengths[real])
    return axes * scale, lambda slopes: rows.T @ (axes @ (slopes / scale[:, None]))


def _fit(
    points: NDArray[np.float64] | csr_matrix, truth: NDArray[np.intp], many: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slopes (labels, columns) and intercepts (labels,); a label without a row is never chosen."""
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=2000)
    model.fit(points, truth)
    slopes, intercept = model.coef_, model.intercept_
    if len(slopes) == 1:  # scikit-learn keeps one row for two labels
        slopes, intercept = np.vstack([-slopes, slopes]) / 2, np.hstack([-intercept, intercept]) / 2
    all_slopes = np.zeros((many, slopes.shape[1]))
    all_intercepts = np.full(many, -20.0)
    all_slopes[model.classes_], all_intercepts[model.classes_] = slopes, intercept
    return all_slopes, all_intercepts


def _sums_out_of_fold(
    points: NDArray[np.float64] | csr_matrix, table: _Table, many: int, seed: int
) -> NDArray[np.float64]:
    """Weighted sums (examples, labels), each from a model that saw nothing of its scenario."""
    folds = min(_FOLDS, len(np.unique(table.group)))
    splitter = GroupKFold(folds, shuffle=True, random_state=seed)
    sums = np.zeros((table.examples, many))
    for learn, test in splitter.split(points, table.truth, table.group):
        if len(np.unique(table.truth[learn])) == 1:
            raise ClassifierError("too few scenarios: a fold would learn one label only")
        slopes, intercept = _fit(points[learn], table.truth[learn], many)
        own = test[test < table.examples]
        sums[own] = points[own] @ slopes.T + intercept
    return sums


def _fit_temperature(sums: NDArray[np.float64], truth: NDArray[np.intp]) -> float:
    """The divisor under which the true labels are likeliest (Guo et al. 2017)."""

    def surprise(logarithm: float) -> float:
        chosen = _softmax(sums / np.exp(logarithm))[np.arange(len(truth)), truth]
        return -float(np.mean(np.log(np.maximum(chosen, 1e-12))))

    found = minimize_scalar(surprise, bounds=(-2.0, 3.0), method="bounded")
    return float(np.exp(found.x))


def _softmax(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
