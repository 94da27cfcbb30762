"""Documents to sparse rows of numbers, the same for training and for use.

A mail has a row, and each of its sentences has one; the subject is the first sentence. A row holds
three hashed blocks, each scaled to a length of its own (words and word pairs, stems and their
pairs, letters in a row), and a dense block of outward signs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers import tokens
from classifiers.documents import Document
from classifiers.folding import fold
from classifiers.sentences import split_sentences
from classifiers.structure import SENTENCE_SIGNS, SIGNS, Form, read_sentence_signs, read_signs
from classifiers.text import newest
from classifiers.tokens import BUCKETS, Occurrences, Positions, Words

HEAD, TAIL = 2400, 800
"""Characters of the newest text that are looked at: its beginning, and its end (unsubscribing)."""
_MOST_BODY = 40_000  # characters that are searched for quotes
_MOST_END = 10_000  # of them, from the end
_CHUNK = 64  # documents of one pass, so that its arrays stay in the processor's cache
_COLUMN_BITS = 19  # of a key that holds row and column; WIDTH fits
_COLUMN = (1 << _COLUMN_BITS) - 1
_SENTENCE_SIGN_SCALE = 0.5

WIDTH = BUCKETS + len(SIGNS)
"""Columns of a mail's row: the hash buckets, then the outward signs."""

SENTENCE_WIDTH = BUCKETS + len(SENTENCE_SIGNS)
"""Columns of a sentence's row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """What rows are made of; kept in the artifact, for a model fits its own settings only."""

    letter_lengths: tuple[int, ...] = (4,)
    word_scale: float = 0.7
    stem_scale: float = 1.0
    letter_scale: float = 1.2
    sign_scale: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Sparse rows: those of number n are `columns[start[n]:start[n + 1]]`, same for `values`."""

    start: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]

    def chosen(self, numbers: Positions) -> "Rows":
        """Some of the rows, in the order of their numbers."""
        spans = [np.arange(self.start[n], self.start[n + 1]) for n in numbers.tolist()]
        at = np.concatenate([np.zeros(0, np.int64), *spans])
        counts = np.diff(self.start)[numbers]
        return Rows(
            start=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
            columns=self.columns[at],
            values=self.values[at],
        )

    @classmethod
    def joined(cls, parts: "Sequence[Rows]") -> "Rows":
        """The rows of all parts, in order."""
        counts = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.start) for part in parts)])
        return cls(
            start=np.cumsum(counts),
            columns=np.concatenate([np.zeros(0, np.int32), *(part.columns for part in parts)]),
            values=np.concatenate([np.zeros(0, np.float32), *(part.values for part in parts)]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A few mails, their words read once for all that looks at them.

    Attributes:
        forms: the mails.
        words: of all their sentences; a text is a sentence.
        owner: number of the mail of each sentence. first: number of each mail's first sentence,
            which is its subject (perhaps empty).
    """

    forms: Sequence[Form]
    words: Words
    owner: Positions
    first: Positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Which columns are wanted of a mail's row (WIDTH,) and of a sentence's (SENTENCE_WIDTH,)."""

    mail: NDArray[np.bool_]
    sentence: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Rows of mails, rows of their sentences, and which belong together.

    Attributes:
        mails: a row per mail. sentences: a row per sentence, the subject of each mail first.
        first: number of each mail's first sentence, and behind them the number of all.
        signs: dense block of the mails' outward signs, (mails, signs).
    """

    mails: Rows
    sentences: Rows
    first: NDArray[np.int64]
    signs: NDArray[np.float32]


def prepare(document: Document) -> Form:
    """A mail with its newest text, cut to what is looked at; never raises."""
    text = document.body
    if len(text) > _MOST_BODY:  # some answer below all that they quote
        text = f"{text[: _MOST_BODY - _MOST_END]}\n{text[-_MOST_END:]}"
    body = newest(text, document.subject[:300])
    if len(body) > HEAD + TAIL:
        body = f"{body[:HEAD]} {body[-TAIL:]}"
    return Form(
        document=document,
        body=body,
        folded=fold(body),
        subject=fold(document.subject[:300]),
        word_count=len(body.split()),
        sentences=split_sentences(body),
    )


def build_features(
    documents: Sequence[Document], settings: FeatureSettings, kept: Kept | None = None
) -> Features:
    """Rows of all documents and their sentences, in order; never raises on any text.

    Args:
        documents: any number.
        settings: what rows are made of.
        kept: which columns are wanted; None for all. Values do not depend on it.
    """
    mails, sentences, counts, signs = [], [], [np.zeros(1, np.int64)], []
    for at in range(0, len(documents), _CHUNK):
        read = read_forms([prepare(document) for document in documents[at : at + _CHUNK]])
        blocks = hashed_blocks(read, settings)
        signs.append(np.stack([read_signs(form) for form in read.forms]))
        dense = signs[-1] * np.float32(settings.sign_scale)
        mails.append(_rows(blocks, read.owner, dense, kept.mail if kept else None))
        each = np.arange(len(read.owner), dtype=np.intp)
        marks = _sentence_dense(read)
        sentences.append(_rows(blocks, each, marks, kept.sentence if kept else None))
        counts.append(np.diff(read.first, append=len(read.owner)))
    return Features(
        mails=Rows.joined(mails),
        sentences=Rows.joined(sentences),
        first=np.cumsum(np.concatenate(counts)),
        signs=np.concatenate([np.zeros((0, len(SIGNS)), np.float32), *signs]),
    )


def build_sentence_rows(texts: Sequence[str], settings: FeatureSettings) -> Rows:
    """Rows of sentences by themselves, each whole whatever marks it holds."""
    parts = [Rows.joined([])]
    for at in range(0, len(texts), _CHUNK):
        forms = [_alone(text) for text in texts[at : at + _CHUNK]]
        read = read_forms(forms)
        blocks = hashed_blocks(read, settings)
        each = np.arange(len(read.owner), dtype=np.intp)
        rows = _rows(blocks, each, _sentence_dense(read), None)
        parts.append(rows.chosen(read.first + 1))
    return Rows.joined(parts)


def _alone(text: str) -> Form:
    """A mail of one sentence."""
    return Form(
        document=Document(subject="", body=text),
        body=text,
        folded=fold(text),
        subject="",
        word_count=len(text.split()),
        sentences=(" ".join(text.split()),),
    )


def read_forms(forms: Sequence[Form]) -> Read:
    """The words of all sentences of some mails."""
    counts = np.array([1 + len(form.sentences) for form in forms], dtype=np.intp)
    return Read(
        forms=forms,
        words=tokens.read_words([text for form in forms for text in _texts(form)]),
        owner=np.repeat(np.arange(len(forms), dtype=np.intp), counts),
        first=np.cumsum(counts) - counts,
    )


def _texts(form: Form) -> list[bytes]:
    """The subject and the sentences, normalised; folded together, as that costs a fifth."""
    lines = tokens.normalise_lines(fold("\n".join(form.sentences)))
    return [tokens.normalise(form.subject), *lines[: len(form.sentences)]]


def hashed_blocks(read: Read, settings: FeatureSettings) -> list[tuple[float, list[Occurrences]]]:
    """The scale of each hashed block, and the families of features that it counts."""
    words = read.words
    full = tokens.prefix_hashes(words)
    stems = tokens.prefix_hashes(words, tokens.STEM_LENGTH)
    in_subject = np.flatnonzero(_is_subject(read)[words.text])
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


def _is_subject(read: Read) -> NDArray[np.bool_]:
    """Whether each sentence is a subject."""
    answer = np.zeros(len(read.owner), dtype=np.bool_)
    answer[read.first] = True
    return answer


def _sentence_dense(read: Read) -> NDArray[np.float32]:
    """The signs of each sentence: (sentences, sentence signs)."""
    signs = np.concatenate([read_sentence_signs(form) for form in read.forms])
    return signs * np.float32(_SENTENCE_SIGN_SCALE)


def _rows(
    blocks: Sequence[tuple[float, list[Occurrences]]],
    owner: Positions,
    dense: NDArray[np.float32],
    kept: NDArray[np.bool_] | None,
) -> Rows:
    """A row for each of those that own the texts (mails, or sentences)."""
    counted = [
        _count(families, owner, len(dense), scale)
        for scale, families in blocks
        if scale and families
    ]
    return _sorted_rows([*counted, _listed(dense)], len(dense), kept)


def _listed(dense: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Keys and values of a dense block that stands behind the hashed columns."""
    row, column = np.nonzero(dense)
    return (row << _COLUMN_BITS) + column + BUCKETS, dense[row, column]


def _count(
    families: Sequence[Occurrences], owner: Positions, many: int, scale: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Sorted keys (row, then column) and damped counts; each row's length is `scale`."""
    keys = np.concatenate(
        [(owner[family.text] << _COLUMN_BITS) + family.bucket for family in families]
    )
    keys.sort()
    changes = np.ones(len(keys) + 1, dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=changes[1:-1])
    edges = np.flatnonzero(changes)
    counts, edges = edges[1:] - edges[:-1], edges[:-1]
    values = 1 + np.log(counts.astype(np.float32))
    keys = keys[edges]
    row = keys >> _COLUMN_BITS
    squares = np.bincount(row, weights=values * values, minlength=many)
    return keys, values * (scale / np.sqrt(squares[row])).astype(np.float32)


def _sorted_rows(
    blocks: Sequence[tuple[NDArray[np.int64], NDArray[np.float32]]],
    many: int,
    kept: NDArray[np.bool_] | None,
) -> Rows:
    """Rows in the order of keys; the same column may stand twice (two families, one bucket)."""
    keys = np.concatenate([block[0] for block in blocks])
    values = np.concatenate([block[1] for block in blocks])
    if kept is not None:
        wanted = kept[keys & _COLUMN]
        keys, values = keys[wanted], values[wanted]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    start = np.searchsorted(keys, np.arange(many + 1, dtype=np.int64) << _COLUMN_BITS)
    return Rows(
        start=start,
        columns=(keys & _COLUMN).astype(np.int32),
        values=values[order].astype(np.float32),
    )
