"""A document and a label's weights to the words and signs that speak most for the label."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from classifiers import tokens
from classifiers.cues import CUES
from classifiers.documents import Document
from classifiers.features import (
    FeatureSettings,
    build_rows,
    hashed_blocks,
    prepare,
    read_form_words,
)
from classifiers.structure import SIGNS
from classifiers.tokens import BUCKETS, Words

_LONGEST_SHOWN = 40  # characters of a word
_FOLLOWING = frozenset(
    ("the", "a", "i", "di", "il", "la", "lo", "e", "un", "una", "in", "na", "do", "to", "of", "and")
)


def weigh_words(
    document: Document, settings: FeatureSettings, weights: NDArray[np.float32], top: int
) -> list[str]:
    """The `top` strongest reasons, strongest first.

    Args:
        document: the mail.
        settings: of the model.
        weights: how much each column speaks for the label rather than the others, (WIDTH,).
        top: at most so many.
    """
    form = prepare(document)
    words = read_form_words([form])
    rows = build_rows([document], settings)
    speaks = np.zeros(len(weights), dtype=np.float64)
    np.add.at(speaks, rows.columns, rows.values * weights[rows.columns])
    weighed = dict(_word_reasons(words, settings, speaks))
    weighed |= dict(_sign_reasons(words, speaks))
    strongest = sorted(weighed, key=lambda reason: (-weighed[reason], reason))
    return [reason for reason in strongest if weighed[reason] > 0][:top]


def _word_reasons(
    words: Words, settings: FeatureSettings, speaks: NDArray[np.float64]
) -> Iterator[tuple[str, float]]:
    """Words with the sum of what their hashed features say, each feature shared out evenly."""
    per_word = np.zeros(len(words.begin))
    for scale, families in hashed_blocks(words, settings):
        for family in families if scale else ():
            _, place, counts = np.unique(family.bucket, return_inverse=True, return_counts=True)
            shares = counts[place]
            np.add.at(per_word, family.word, speaks[family.bucket] / shares)
    by_word: defaultdict[str, float] = defaultdict(float)
    for number, weight in enumerate(per_word.tolist()):
        by_word[_spelled(words, number)] += weight
    for word, weight in by_word.items():
        if len(word) > 1 and word not in _FOLLOWING:
            yield f'"{word}"', weight


def _sign_reasons(words: Words, speaks: NDArray[np.float64]) -> Iterator[tuple[str, float]]:
    """Groups of cues, with the words that belong to them, and outward signs."""
    dense, groups = speaks[BUCKETS:], len(CUES)
    found = tokens.cue_occurrences(words)
    for number, name in enumerate(CUES):
        met = [_spelled(words, word) for word in found.word[found.bucket == number][:3].tolist()]
        if met:
            listed = ", ".join(f'"{word}"' for word in dict.fromkeys(met))
            yield f"{name}: {listed}", float(dense[number] + dense[groups + number])
    for number, name in enumerate(SIGNS):
        yield name, float(dense[2 * groups + number])


def _spelled(words: Words, number: int) -> str:
    """The word, folded, as text."""
    letters = bytes(words.buffer[words.begin[number] : words.end[number]])
    return letters.decode("utf-8", "replace")[:_LONGEST_SHOWN]
