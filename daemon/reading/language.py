"""The newest text of a mail -> its language, among the few that a house expects."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

FEWEST_LETTERS = 20
FIRST_LOOK, LONGEST_LOOK = 120, 480  # characters; each costs half a microsecond
CLEAR_LEAD = 40.0  # nats between the best two; a first look that sure is hardly ever revised


class LanguageTeller:
    """A loaded language model, restricted to some languages.

    Args:
        languages: ISO 639-1 codes; those the model does not know are left out. When none is
            left, nothing is loaded and no language is ever told.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        self._model = _load(languages) if languages else None

    def tell(self, text: str) -> str | None:
        """Return the ISO 639-1 code of `text`; `None` when it has under 20 letters."""
        if self._model is None or not has_letters(text):
            return None
        ranking = self._model.rank(text[:FIRST_LOOK])
        if len(text) > FIRST_LOOK and len(ranking) > 1 and _lead(ranking) < CLEAR_LEAD:
            ranking = self._model.rank(text[:LONGEST_LOOK])
        return str(ranking[0][0])


def _load(languages: Sequence[str]) -> "LanguageIdentifier | None":
    # Here, not above: with NumPy it takes half of the start of a child that needs neither.
    import numpy as np  # noqa: PLC0415
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    known = set(model.labels)
    model.set_languages([language for language in languages if language in known])
    # Half-precision weights are converted at each call; and the columns of the hundred other
    # languages are 20 MB that are never read again.
    model.nb_ptc = np.ascontiguousarray(model.nb_ptc, dtype=np.float32)
    model._full_model = None  # noqa: SLF001 - there is no public way to let go of it
    return model if model.nb_classes else None


def has_letters(text: str) -> bool:
    """Say whether there are enough letters to tell a language by."""
    start = 0
    letters = 0
    while letters < FEWEST_LETTERS and start < min(len(text), LONGEST_LOOK):
        letters += sum(map(str.isalpha, text[start : start + 40]))
        start += 40
    return letters >= FEWEST_LETTERS


def _lead(ranking: Sequence[tuple[str, float]]) -> float:
    return float(ranking[0][1]) - float(ranking[1][1])
