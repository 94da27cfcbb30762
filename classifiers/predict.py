"""Documents to calibrated scores, and to the sentence, words and signs that weighed most.

Needs numpy and the artifact only: neither scikit-learn nor the training corpus.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.artifact import load
from classifiers.documents import Document
from classifiers.features import SENTENCE_WIDTH, WIDTH, Features, Kept, build_features
from classifiers.pooling import final_rows, pool
from classifiers.reasons import Leads, weigh
from classifiers.structure import SOURCE_SIGNS
from classifiers.weights import Weights, softmax, weighted_sums

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
        self._weights = weights
        self._mail = weights.mail.table(WIDTH)
        self._sentence = weights.sentence.table(SENTENCE_WIDTH)
        self._kept = Kept(
            mail=weights.mail.kept(WIDTH), sentence=weights.sentence.kept(SENTENCE_WIDTH)
        )

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
        if not documents:
            return np.zeros((0, len(self.labels)))
        features = build_features(documents, self._weights.settings, self._kept)
        rows = final_rows(
            weighted_sums(features.mails, self._mail, self._weights.mail.intercept),
            pool(self._heads(features), features.first),
            features.signs,
        )
        sums = rows @ self._weights.final + self._weights.final_intercept
        return softmax(sums / self._weights.temperature)

    def reasons(self, document: Document, label: str, top: int = 5) -> list[str]:
        """What speaks most for the label: first the sentence, then words and outward signs.

        Returns:
            At most `top` lines such as `says what went wrong: "the second drawer came without
            handles"`, `"refund"`, or `carries list headers`; none when nothing speaks for it.

        Raises:
            ValueError: the model does not know the label.
        """
        place, weights = self.labels.index(label), self._weights
        features = build_features([document], weights.settings)
        return weigh(document, self._heads(features), self._leads(place), weights, top)

    def _heads(self, features: Features) -> NDArray[np.float64]:
        """What each sentence does, (sentences, heads)."""
        linear = self._weights.sentence
        return softmax(weighted_sums(features.sentences, self._sentence, linear.intercept))

    def _leads(self, place: int) -> Leads:
        """How much each column speaks for a label rather than the others."""
        final = self._weights.final.astype(np.float64)
        others = (final.sum(axis=1) - final[:, place]) / (len(self.labels) - 1)
        lead = final[:, place] - others
        sums, pooled, signs = np.split(lead, [len(self.labels), len(lead) - len(SOURCE_SIGNS)])
        return Leads(mail=self._mail @ sums, pooled=pooled, signs=signs)
