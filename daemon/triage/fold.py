"""Text -> the same text without case, accents and odd spaces, so that spelling hides nothing."""

import unicodedata

_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
"""Letters that Unicode does not take apart, though people type them without the stroke."""


def fold(text: str) -> str:
    """Return `text` decomposed (NFKD), without marks, case-folded, runs of white space as one.

    Folding what is folded changes nothing.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
        text = unicodedata.normalize("NFKD", text)  # folding can compose: U+0345, U+1E9E
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(text.casefold().split())
