"""Documents to calibrated scores, and to the words that weighed most.

Needs numpy and the artifact only: neither scikit-learn nor the training corpus.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.artifact import Weights, load
from classifiers.documents import Document
from classifiers.features import WIDTH, Rows, build_rows
from classifiers.reasons import weigh_words

SHIPPED = Path(__file__).parent / "model"
"""The folder of the base model."""


class Model:
    """A trained model, ready to score; one per process, used by one thread at a time or many.

    Attributes:
        labels: all labels, in the order that decides when several fit.
        version: follows from the content of the artifact.
        manifest: what `model.json` says, figures included.
    """

    def __init__(self, weights: Weights, manifest: dict[str, Any]) -> None:
        self.labels = weights.labels
        self.version = str(manifest.get("version", ""))
        self.manifest = manifest
        self._settings = weights.settings
        self._intercept = weights.intercept
        self._temperature = weights.temperature
        self._table = np.zeros((WIDTH, len(weights.labels)), dtype=np.float32)
        self._table[weights.columns] = weights.weights
        self._kept = np.zeros(WIDTH, dtype=np.bool_)
        self._kept[weights.columns] = True
        self._leads: dict[int, NDArray[np.float32]] = {}  # filled when reasons are asked for

    @classmethod
    def load(cls, path: Path | str = SHIPPED, *, key: bytes | None = None) -> Self:
        """Reads the artifact in the folder `path`.

        Args:
            path: folder with `model.npz` and `model.json`.
            key: when given, the manifest's HMAC signature is verified.

        Raises:
            ArtifactMissing: there is none.
            ArtifactMismatch: its parts do not fit each other, this version, or the key.
        """
        return cls(*load(Path(path), key=key))

    def scores(self, documents: Sequence[Document]) -> list[dict[str, float]]:
        """Calibrated probabilities of all labels, one mapping per document, each sums to 1."""
        return [dict(zip(self.labels, row, strict=True)) for row in self.matrix(documents).tolist()]

    def matrix(self, documents: Sequence[Document]) -> NDArray[np.float64]:
        """The same as an array (documents, labels), rows sum to 1."""
        sums = self._sums(build_rows(documents, self._settings, self._kept)) / self._temperature
        powers = np.exp(sums - sums.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)

    def reasons(self, document: Document, label: str, top: int = 5) -> list[str]:
        """What speaks most for the label, strongest first: words, cues, outward signs.

        Returns:
            At most `top` lines such as `"refund"`, `words of a claim: "refund"`, or
            `carries list headers`; none when nothing speaks for the label.

        Raises:
            ValueError: the model does not know the label.
        """
        return weigh_words(document, self._settings, self._lead(self.labels.index(label)), top)

    def _lead(self, place: int) -> NDArray[np.float32]:
        """How much each column speaks for a label rather than the others, (WIDTH,)."""
        if place not in self._leads:
            weights = self._table[:, place]
            against = (self._table.sum(axis=1) - weights) / (len(self.labels) - 1)
            self._leads[place] = weights - against
        return self._leads[place]

    def _sums(self, rows: Rows) -> NDArray[np.float64]:
        """Weighted sums (documents, labels) before the softmax."""
        sums = np.tile(self._intercept.astype(np.float64), (len(rows.start) - 1, 1))
        filled = np.flatnonzero(np.diff(rows.start))
        if len(filled):
            parts = self._table[rows.columns] * rows.values[:, None]
            sums[filled] += np.add.reduceat(parts, rows.start[filled], axis=0)
        return sums
