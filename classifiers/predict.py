"""Documents to calibrated scores, and to the words that weighed most.  (Signatures; being filled.)"""

from collections.abc import Sequence
from pathlib import Path

from classifiers.documents import Document

SHIPPED = Path(__file__).parent / "model"


class Model:
    """A trained model, ready to score."""

    labels: tuple[str, ...]
    version: str

    @classmethod
    def load(cls, path: Path = SHIPPED, *, key: bytes | None = None) -> "Model":
        raise NotImplementedError

    def scores(self, documents: Sequence[Document]) -> list[dict[str, float]]:
        raise NotImplementedError

    def reasons(self, document: Document, label: str, top: int = 5) -> list[str]:
        raise NotImplementedError
