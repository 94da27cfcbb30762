"""Cues of a mail to the head of each of its sentences."""

import re
from collections.abc import Sequence

from classifiers.documents import Document
from classifiers.examples import HEADS, Cue
from classifiers.features import prepare
from classifiers.folding import fold

CONTEXT = HEADS.index("context")
_SHORTEST = 4  # characters of a sentence that can be told to be a cue
_FEWEST = 4  # words of the shorter one before likeness counts; a name alone is no cue
_ALIKE = 0.7  # of the words of the shorter one
_MARKS = re.compile(r"[^\w\s]|_")


def sentence_heads(document: Document, cues: Sequence[Cue]) -> list[int]:
    """The head of the subject and of each sentence as number in `HEADS`; `context` where no cue is.

    A cue may span sentences, or be a part of one; white space, case and marks do not count.
    """
    form = prepare(document)
    marked = [(plain(cue.text), HEADS.index(cue.head)) for cue in cues]
    return [_head(plain(text), marked) for text in (document.subject[:300], *form.sentences)]


def _head(sentence: str, cues: Sequence[tuple[str, int]]) -> int:
    """The head of the first cue that is this sentence."""
    if len(sentence) < _SHORTEST:
        return CONTEXT
    return next((head for cue, head in cues if cue and _is_same(sentence, cue)), CONTEXT)


def _is_same(one: str, other: str) -> bool:
    """Whether one holds the other, or they share most of their words."""
    words, others = set(one.split()), set(other.split())
    fewest = min(len(words), len(others))
    if one in other or other in one:
        return one == other or fewest >= _FEWEST - 1
    return fewest >= _FEWEST and len(words & others) >= _ALIKE * fewest


def plain(text: str) -> str:
    """A text without case, accents, marks and double blanks."""
    return " ".join(_MARKS.sub(" ", fold(text)).split())
