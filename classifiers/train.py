"""Labelled examples to a calibrated linear model, and to honest figures about it.

The figures come from predictions for scenarios that the predicting model has not seen.
"""

from collections.abc import Sequence
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
    if len(labels) < 2:
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
    kept = np.flatnonzero((seen >= _LEAST_SEEN) | (np.arange(WIDTH) >= WIDTH - _dense_width()))
    scenarios = {name: number for number, name in enumerate(_scenario_names(examples))}
    truth = np.array([labels.index(example.label) for example in examples], dtype=np.intp)
    group = np.array([scenarios[example.scenario] for example in examples], dtype=np.intp)
    if len(scenarios) < 2:
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


def _dense_width() -> int:
    """Columns that are not hashed."""
    from classifiers.features import DENSE_NAMES

    return len(DENSE_NAMES)


def _matrix(documents: Sequence[Document], settings: FeatureSettings) -> csr_matrix:
    """Rows as scipy's sparse matrix, doubled columns added up."""
    rows = build_rows(documents, settings)
    matrix = csr_matrix(
        (rows.values.astype(np.float64), rows.columns, rows.start), shape=(len(documents), WIDTH)
    )
    matrix.sum_duplicates()
    return matrix
