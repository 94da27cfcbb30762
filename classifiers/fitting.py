"""Rows and answers to linear parts: one over words, weighed by how telling they are, one plain."""

from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

_NEVER = -100.0  # sum of an answer that a part has not met
_STEPS, _CLOSE = 300, 1e-3  # of the solver over all answers
_PASSES, _NEAR = 60, 1e-2  # of the solver over one answer

Array = NDArray[np.float64]
Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A fitted linear part; slopes (answers, columns), intercept (answers,)."""

    slopes: Array
    intercept: Array

    def sums(self, rows: csr_matrix | Array) -> Array:
        """Weighted sums (rows, answers)."""
        return np.asarray(rows @ self.slopes.T + self.intercept)

    def scaled(self, factor: float) -> "Part":
        """The part whose sums are so many times as large."""
        return Part(slopes=self.slopes * factor, intercept=self.intercept * factor)


def nothing(many: int, columns: int) -> Part:
    """The part that has no answers, or gives each the same sum."""
    return Part(slopes=np.zeros((many, columns)), intercept=np.zeros(many))


def fit_words(
    rows: csr_matrix, truth: Numbers, many: int, *, strength: float, prior: float
) -> Part:
    """Logistic regression, each answer against the rest, columns scaled by log-count ratios.

    The scale lets a telling word that is rare count for more than a common one that is not (NB-SVM,
    Wang and Manning 2012).

    Args:
        rows: not negative, (rows, columns).
        truth: number of each row's answer.
        many: answers there may be; one without a row is never given.
        strength: inverse L2 penalty.
        prior: rows that each column is credited with, on both sides; damps rare columns.
    """
    met = np.unique(truth)
    slopes, intercept = np.zeros((many, rows.shape[1])), np.full(many, _NEVER)
    if len(met) == 1:
        intercept[met] = 0.0
        return Part(slopes=slopes, intercept=intercept)
    held = rows.copy()
    held.data = np.ones_like(held.data)
    for answer in met.tolist():
        is_it = truth == answer
        ratio = _log_ratio(held, is_it, prior)
        model = LogisticRegression(
            C=strength,
            class_weight="balanced",
            solver="liblinear",
            dual=True,
            max_iter=_PASSES,
            tol=_NEAR,
            random_state=0,
        )
        with catch_warnings():
            simplefilter("ignore", ConvergenceWarning)  # stopped early on purpose, see _PASSES
            model.fit(rows @ diags(ratio), is_it)
        slopes[answer], intercept[answer] = model.coef_[0] * ratio, model.intercept_[0]
    return Part(slopes=slopes, intercept=intercept)


def fit_even(rows: Array, truth: Numbers, many: int, *, strength: float) -> Part:
    """Logistic regression over all answers at once, classes balanced; else as `fit_words`."""
    slopes, intercept = np.zeros((many, rows.shape[1])), np.full(many, _NEVER)
    if len(met := np.unique(truth)) == 1:
        intercept[met] = 0.0
        return Part(slopes=slopes, intercept=intercept)
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=_STEPS, tol=_CLOSE)
    model.fit(rows, truth)
    found, level = model.coef_, model.intercept_
    if len(found) == 1:  # scikit-learn keeps one row for two answers
        found, level = np.vstack([-found, found]) / 2, np.hstack([-level, level]) / 2
    slopes[model.classes_], intercept[model.classes_] = found, level
    return Part(slopes=slopes, intercept=intercept)


def _log_ratio(held: csr_matrix, is_it: NDArray[np.bool_], prior: float) -> Array:
    """How much more often one side's rows hold each column, as a logarithm, never negative."""
    one = prior + held.T @ is_it.astype(np.float64)
    other = prior + held.T @ (~is_it).astype(np.float64)
    return np.asarray(np.abs(np.log(one / one.sum()) - np.log(other / other.sum())))
