"""What a trained model is made of: three linear parts, and how rows are built for them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.features import FeatureSettings, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A linear part over sparse rows.

    Attributes:
        columns: columns of a row that count, ascending, (m,).
        weights: (m, answers). intercept: (answers,).
    """

    columns: NDArray[np.int32]
    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def table(self, width: int) -> NDArray[np.float32]:
        """The weights of all columns of a row, (width, answers)."""
        table = np.zeros((width, len(self.intercept)), dtype=np.float32)
        table[self.columns] = self.weights
        return table

    def kept(self, width: int) -> NDArray[np.bool_]:
        """Which columns of a row count, (width,)."""
        kept = np.zeros(width, dtype=np.bool_)
        kept[self.columns] = True
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What training found.

    Attributes:
        labels: names, in the order that decides when several fit.
        heads: what a sentence may do, in the order of the sentence part's answers; may be empty.
        mail: the mail part; answers are the labels. sentence: the sentence part; answers the heads.
        final: (columns of `classifiers.pooling.final_rows`, labels). final_intercept: (labels,).
        temperature: divides the final sums before the softmax; calibrates the probabilities.
        settings: how rows must be built.
    """

    labels: tuple[str, ...]
    heads: tuple[str, ...]
    mail: Linear
    sentence: Linear
    final: NDArray[np.float32]
    final_intercept: NDArray[np.float32]
    temperature: float
    settings: FeatureSettings


def weighted_sums(
    rows: Rows, table: NDArray[np.float32], intercept: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Sums of values times weights of each row, (rows, answers)."""
    sums = np.tile(intercept.astype(np.float64), (len(rows.start) - 1, 1))
    filled = np.flatnonzero(np.diff(rows.start))
    if len(filled) and sums.shape[1]:
        parts = table.take(rows.columns, axis=0)
        parts *= rows.values[:, None]
        sums[filled] += np.add.reduceat(parts, rows.start[filled], axis=0)
    return sums


def softmax(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (rows, answers) that each row's sums stand for."""
    if not sums.shape[1]:
        return sums
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
