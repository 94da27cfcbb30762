"""A document and what speaks for a label to the sentence, words and signs that speak most."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.documents import Document
from classifiers.features import Read, build_features, hashed_blocks, prepare, read_forms
from classifiers.pooling import sentence_shares
from classifiers.structure import SIGNS, SOURCE_SIGNS
from classifiers.tokens import BUCKETS
from classifiers.weights import Weights

_LONGEST_SHOWN = 40  # characters of a word
_LONGEST_SENTENCE = 120  # characters of a sentence
_SEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")
"""Characters that a person must not be shown: controls, directions, halves of characters."""
_FOLLOWING = frozenset(
    ("the", "a", "i", "di", "il", "la", "lo", "e", "un", "una", "in", "na", "do", "to", "of", "and")
)
SAYS = {
    "grievance": "says what went wrong",
    "ask": "asks",
    "promotion": "speaks to many",
    "solved": "thanks, or settles",
    "notice": "notifies",
    "else": "does something else",
    "context": "tells",
}
"""What a sentence of each head does, for people."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """How much each column speaks for a label rather than the others.

    Attributes:
        mail: of the mail part, through the final one, (WIDTH,).
        pooled: of the views of sentences, (views * heads,). signs: of the signs of the source.
    """

    mail: Array
    pooled: Array
    signs: Array


def weigh(document: Document, heads: Array, leads: Leads, weights: Weights, top: int) -> list[str]:
    """The `top` strongest reasons: the sentence first, then the others, strongest first.

    Args:
        document: the mail.
        heads: what each of its sentences does, (sentences, heads).
        leads: what speaks for the label.
        weights: the model's.
        top: at most so many.
    """
    read = read_forms([prepare(document)])
    features = build_features([document], weights.settings)
    speaks = np.zeros(len(leads.mail))
    rows = features.mails
    np.add.at(speaks, rows.columns, rows.values * leads.mail[rows.columns])
    of_source = slice(len(speaks) - len(SIGNS), len(speaks) - len(SIGNS) + len(SOURCE_SIGNS))
    speaks[of_source] += features.signs[0, : len(SOURCE_SIGNS)] * leads.signs
    weighed = dict(_word_reasons(read, weights, speaks))
    weighed |= dict(zip(SIGNS, speaks[BUCKETS:].tolist(), strict=True))
    strongest = sorted(weighed, key=lambda reason: (-weighed[reason], reason))
    first = _sentence_reason(read, heads, leads, weights.heads) if weights.heads else []
    return [*first, *(reason for reason in strongest if weighed[reason] > 0)][: max(top, 0)]


def _sentence_reason(read: Read, heads: Array, leads: Leads, names: tuple[str, ...]) -> list[str]:
    """The sentence that speaks most for the label, and what it does; none when none does."""
    shares = sentence_shares(heads, leads.pooled)
    (form,) = read.forms
    texts = (form.document.subject, *form.sentences)
    for number in np.argsort(-shares.sum(axis=1), kind="stable"):
        text = _SEEN.sub(" ", " ".join(texts[number].split())).strip()
        if shares[number].sum() <= 0:
            return []
        if text:
            head = names[int(shares[number].argmax())]
            return [f'{SAYS.get(head, head)}: "{_cut(text, _LONGEST_SENTENCE)}"']
    return []


def _word_reasons(read: Read, weights: Weights, speaks: Array) -> Iterator[tuple[str, float]]:
    """Words with the sum of what their hashed features say, each feature shared out evenly."""
    per_word = np.zeros(len(read.words.begin))
    for scale, families in hashed_blocks(read, weights.settings):
        for family in families if scale else ():
            _, place, counts = np.unique(family.bucket, return_inverse=True, return_counts=True)
            shares = counts[place]
            np.add.at(per_word, family.word, speaks[family.bucket] / shares)
    by_word: defaultdict[str, float] = defaultdict(float)
    for number, weight in enumerate(per_word.tolist()):
        by_word[_spelled(read, number)] += weight
    for word, weight in by_word.items():
        if len(word) > 1 and word not in _FOLLOWING:
            yield f'"{word}"', weight


def _spelled(read: Read, number: int) -> str:
    """The word, folded, as text."""
    words = read.words
    letters = bytes(words.buffer[words.begin[number] : words.end[number]])
    return letters.decode("utf-8", "replace")[:_LONGEST_SHOWN]


def _cut(text: str, longest: int) -> str:
    """The text, its end as a sign when it is too long."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
