"""Documents to sparse rows of numbers, the same for training and for use.

A row holds four blocks: words and word pairs, stems and their pairs, letters in a row, each hashed
and scaled to a length of its own; and the dense block of cues and outward signs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers import tokens
from classifiers.cues import CUES
from classifiers.documents import Document
from classifiers.folding import fold
from classifiers.structure import SIGNS, Form, read_signs
from classifiers.text import newest
from classifiers.tokens import BUCKETS, Occurrences, Words

HEAD, TAIL = 2400, 800
"""Characters of the newest text that are looked at: its beginning, and its end (unsubscribing)."""
_MOST_BODY = 40_000  # characters that are searched for quotes; what is below is quoted, or too long
_CHUNK = 64  # documents of one pass, so that its arrays stay in the processor's cache
_COLUMN_BITS = 19  # of a key that holds document and column; WIDTH fits
_COLUMN = (1 << _COLUMN_BITS) - 1
_OPENING = 14  # words in which the sender says what they want

DENSE_NAMES = (
    *CUES,
    *(f"{name}, at the beginning" for name in CUES),
    *SIGNS,
)
"""Readable names of the dense block, in order."""

WIDTH = BUCKETS + len(DENSE_NAMES)
"""Columns of a row: the hash buckets, then the dense block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """What rows are made of; kept in the artifact, for a model fits its own settings only."""

    letter_lengths: tuple[int, ...] = (4,)
    word_scale: float = 0.7
    stem_scale: float = 1.0
    letter_scale: float = 1.2
    cue_scale: float = 0.3
    sign_scale: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Sparse rows: those of document n are `columns[start[n]:start[n + 1]]`, same for `values`."""

    start: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]


def prepare(document: Document) -> Form:
    """A mail with its newest text, cut to what is looked at; never raises."""
    body = newest(document.body[:_MOST_BODY], document.subject[:300])
    if len(body) > HEAD + TAIL:
        body = f"{body[:HEAD]} {body[-TAIL:]}"
    return Form(
        document=document,
        body=body,
        folded=fold(body),
        subject=fold(document.subject[:300]),
        word_count=len(body.split()),
    )


def build_rows(
    documents: Sequence[Document],
    settings: FeatureSettings,
    kept: NDArray[np.bool_] | None = None,
) -> Rows:
    """Rows of all documents, in order; never raises on any text.

    Args:
        documents: any number.
        settings: what rows are made of.
        kept: which columns are wanted, (WIDTH,); None for all. Values do not depend on it.
    """
    parts = [
        _build_chunk(
            [prepare(document) for document in documents[at : at + _CHUNK]], settings, kept
        )
        for at in range(0, len(documents), _CHUNK)
    ]
    counts = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.start) for part in parts)])
    return Rows(
        start=np.cumsum(counts),
        columns=np.concatenate([np.zeros(0, np.int32), *(part.columns for part in parts)]),
        values=np.concatenate([np.zeros(0, np.float32), *(part.values for part in parts)]),
    )


def read_form_words(forms: Sequence[Form]) -> Words:
    """The words of all forms: text 2n is the subject of form n, text 2n + 1 its body."""
    texts = [text for form in forms for text in (form.subject, form.folded)]
    return tokens.read_words([tokens.normalise(text) for text in texts])


def hashed_blocks(words: Words, settings: FeatureSettings) -> list[tuple[float, list[Occurrences]]]:
    """The scale of each hashed block, and the families of features that it counts."""
    full = tokens.prefix_hashes(words)
    stems = tokens.prefix_hashes(words, tokens.STEM_LENGTH)
    in_subject = np.flatnonzero(words.text % 2 == 0)
    subject = Occurrences(
        text=words.text[in_subject],
        bucket=tokens.to_buckets(stems[in_subject], 3),
        word=in_subject,
    )
    return [
        (
            settings.word_scale,
            [tokens.single(words, full, 1), tokens.pairs(words, full, 2), subject],
        ),
        (settings.stem_scale, [tokens.single(words, stems, 4), tokens.pairs(words, stems, 5)]),
        (
            settings.letter_scale,
            [tokens.letters(words, n, 10 + n) for n in settings.letter_lengths],
        ),
    ]


def cue_counts(words: Words, documents: int) -> NDArray[np.float32]:
    """Cues of each group, in the whole mail and at its beginning: (documents, 2 * groups)."""
    found = tokens.cue_occurrences(words)
    document, groups = found.text // 2, len(CUES)
    place = found.word - words.first[found.text]
    early = (found.text % 2 == 0) | (place < _OPENING)
    size = documents * groups
    where = document * groups + found.bucket
    whole = np.bincount(where, minlength=size).reshape(documents, groups)
    opening = np.bincount(where[early], minlength=size).reshape(documents, groups)
    return np.log1p(np.hstack([whole, opening])).astype(np.float32)


def _build_chunk(
    forms: Sequence[Form], settings: FeatureSettings, kept: NDArray[np.bool_] | None
) -> Rows:
    """Rows of a few forms."""
    words, many = read_form_words(forms), len(forms)
    blocks = [
        _count(families, many, scale)
        for scale, families in hashed_blocks(words, settings)
        if scale and families
    ]
    dense = _dense(forms, words, settings)
    row, column = np.nonzero(dense)
    blocks.append(((row << _COLUMN_BITS) + column + BUCKETS, dense[row, column]))
    keys = np.concatenate([block[0] for block in blocks])
    values = np.concatenate([block[1] for block in blocks])
    if kept is not None:
        wanted = kept[keys & _COLUMN]
        keys, values = keys[wanted], values[wanted]
    return _sorted_rows(keys, values, many)


def _dense(forms: Sequence[Form], words: Words, settings: FeatureSettings) -> NDArray[np.float32]:
    """Cues and signs of the forms: (forms, dense names)."""
    signs = np.stack([read_signs(form) for form in forms]) * np.float32(settings.sign_scale)
    cues = cue_counts(words, len(forms)) * np.float32(settings.cue_scale)
    return np.hstack([cues, signs])


def _count(
    families: Sequence[Occurrences], documents: int, scale: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Sorted keys (document, then column) and damped counts; each document's length is `scale`."""
    keys = np.concatenate(
        [(family.text // 2 << _COLUMN_BITS) + family.bucket for family in families]
    )
    keys.sort()
    edges = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(edges, append=len(keys))
    values = 1 + np.log(counts.astype(np.float32))
    keys = keys[edges]
    document = keys >> _COLUMN_BITS
    squares = np.bincount(document, weights=values * values, minlength=documents)
    return keys, values * (scale / np.sqrt(squares[document])).astype(np.float32)


def _sorted_rows(keys: NDArray[np.int64], values: NDArray[np.float32], many: int) -> Rows:
    """Rows in the order of keys; the same column may stand twice (two families, one bucket)."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    start = np.searchsorted(keys, np.arange(many + 1, dtype=np.int64) << _COLUMN_BITS)
    return Rows(
        start=start,
        columns=(keys & _COLUMN).astype(np.int32),
        values=values[order].astype(np.float32),
    )
