"""A corpus to a calibrated model, and to honest figures about it.

Three linear parts: one over the whole mail, one over each sentence, and a final one over what the
first two say and the outward signs. The final part learns from what the others say of scenarios
that they have not seen (stacking, Wolpert 1992). The only place with scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags, vstack
from sklearn.model_selection import GroupKFold

from classifiers.errors import ClassifierError
from classifiers.examples import HEADS, Corpus, Sentence, labels_of
from classifiers.features import (
    SENTENCE_WIDTH,
    WIDTH,
    FeatureSettings,
    Rows,
    build_features,
    build_sentence_rows,
)
from classifiers.fitting import Part, fit_even, fit_words, nothing
from classifiers.headers import as_plain, with_headers
from classifiers.marking import sentence_heads
from classifiers.pooling import final_rows, pool
from classifiers.tokens import BUCKETS
from classifiers.weights import Linear, Weights, softmax

_MAIL = {"strength": 20.0, "prior": 1.0}
_SENTENCE = {"strength": 10.0, "prior": 0.3}
_SOFTNESS = 0.5  # of the sentence part's sums, whose answers were learnt apart
_FINAL_STRENGTH = 0.05  # inverse L2 penalty
_FOLDS = 3
_FEWEST_USUAL = 400  # mails that calibration is fitted on; with fewer it is fitted on all
_SHYNESS = 1e-3  # L2 penalty of calibration, so that it does not follow a handful of mails
_SMALL = 1_000_000  # filled cells of a table that is learnt from without other processes
_LEAST_SEEN = 2  # training rows a hashed column must be in, or it is a name or a slip
_LEAST_SPREAD = 0.05  # or what hardly ever varies would be blown up
_NOBODYS = -1  # group of a sentence that no mail shares: it may always be learnt from
_PLACES = slice(BUCKETS, BUCKETS + 3)  # subject, first, last

Array = NDArray[np.float64]
Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A corpus as rows: the mails as they are, behind them their copies with headers.

    Attributes:
        mails: (2 * mails, mail columns). signs: (2 * mails, signs).
        sentences: of the mails and then the written ones, (sentences, sentence columns).
        mail_columns, sentence_columns: the column of a full row of each column here; hashed ones
            that too few rows have are left out.
        first: number of each mail's first sentence, then the number of all sentences of mails.
        heads: number of each sentence's head.
        truth: number of each mail's label. group: its scenario; scenarios are never parted.
        usual: whether each mail is of an inbox as it comes.
        written_group: scenario of each written sentence.
        labels, heads_known: names; the latter empty when no sentence was marked.
    """

    mails: csr_matrix
    signs: NDArray[np.float32]
    sentences: csr_matrix
    mail_columns: Numbers
    sentence_columns: Numbers
    first: NDArray[np.int64]
    heads: Numbers
    truth: Numbers
    group: Numbers
    usual: NDArray[np.bool_]
    written_group: Numbers
    labels: tuple[str, ...]
    heads_known: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A fitted model; the final part has learnt from what the others say out of fold.

    Attributes:
        mail, sentence, final: the parts. temperature: see `Weights`.
        told: probabilities out of fold of the mails it has learnt from, (mails, labels).
    """

    mail: Part
    sentence: Part
    final: Part
    temperature: float
    told: Array


def train(
    corpus: Corpus, *, seed: int = 0, settings: FeatureSettings | None = None
) -> tuple[Weights, Array]:
    """Learns a model; the same corpus and seed give the same model.

    Args:
        corpus: at least two labels and two scenarios.
        seed: of folds and of the headers drawn.
        settings: how rows are built, None for the shipped way.

    Returns:
        The model, and its probabilities for each example out of fold, grouped by scenario,
        (examples, labels). The last part's penalty and the calibration have seen all folds.

    Raises:
        ClassifierError: too few labels or scenarios.
    """
    settings = settings or FeatureSettings()
    table = tabulate(corpus, settings, seed)
    parts = fit(table, np.arange(len(table.truth)), seed)
    weights = Weights(
        labels=table.labels,
        heads=table.heads_known,
        mail=_linear(parts.mail, table.mail_columns),
        sentence=_linear(parts.sentence, table.sentence_columns),
        final=parts.final.slopes.T.astype(np.float32),
        final_intercept=parts.final.intercept.astype(np.float32),
        temperature=parts.temperature,
        settings=settings,
    )
    return weights, parts.told


def tabulate(corpus: Corpus, settings: FeatureSettings, seed: int) -> Table:
    """The corpus as rows.

    Args:
        corpus: mails and sentences.
        settings: how rows are built.
        seed: of the headers drawn.

    Raises:
        ClassifierError: fewer than two labels, or than two scenarios.
    """
    examples, labels = corpus.examples, labels_of(corpus.examples)
    scenarios = sorted({example.scenario for example in examples})
    for what, met in (("label", labels), ("scenario", scenarios)):
        if len(met) < 2:  # noqa: PLR2004 - as the words say
            only = f"; there is only {met[0]!r}" if met else ""
            raise ClassifierError(f"two {what}s at least are wanted{only}")
    numbers = {name: number for number, name in enumerate(scenarios)}
    plain = [as_plain(example.document) for example in examples]
    copies = with_headers(examples, Random(seed))  # noqa: S311 - draws training data
    features = build_features(plain, settings)
    own = [
        head
        for example, document in zip(examples, plain, strict=True)
        for head in sentence_heads(document, example.cues)
    ]
    written, heads = _written(corpus.sentences, settings)
    copied = build_features(copies, settings)
    mails = vstack([_matrix(features.mails, WIDTH), _matrix(copied.mails, WIDTH)]).tocsr()
    sentences = vstack([_matrix(features.sentences, SENTENCE_WIDTH), written]).tocsr()
    mail_columns, sentence_columns = _seen(mails[: len(examples)]), _seen(sentences)
    return Table(
        mails=mails[:, mail_columns],
        signs=np.vstack([features.signs, copied.signs]),
        sentences=sentences[:, sentence_columns],
        mail_columns=mail_columns,
        sentence_columns=sentence_columns,
        first=features.first,
        heads=np.array([*own, *heads], dtype=np.intp),
        truth=np.array([labels.index(example.label) for example in examples], dtype=np.intp),
        group=np.array([numbers[example.scenario] for example in examples], dtype=np.intp),
        usual=np.array([example.is_usual for example in examples]),
        written_group=np.array(
            [numbers.get(sentence.scenario, _NOBODYS) for sentence in corpus.sentences],
            dtype=np.intp,
        ),
        labels=labels,
        heads_known=HEADS if len({*own, *heads}) > 1 else (),
    )


def fit(table: Table, learn: Numbers, seed: int, folds: int = _FOLDS) -> Parts:
    """Learns from some of the mails (their numbers), and from sentences of their scenarios only."""
    groups = np.unique(table.group[learn])
    parting = GroupKFold(min(folds, len(groups)), shuffle=True, random_state=seed)
    many, labels, heads = len(table.truth), len(table.labels), len(table.heads_known)
    sums = np.zeros((2 * many, labels))
    said = np.zeros((int(table.first[-1]), heads))
    parted = list(parting.split(learn, groups=table.group[learn]))
    lessons = [learn, *(learn[known] for known, _ in parted)]
    jobs = 1 if table.mails.nnz < _SMALL else -1
    whole, *others = Parallel(n_jobs=jobs)(delayed(_fit_first)(table, some) for some in lessons)
    for (_, unknown), (mail, sentence) in zip(parted, others, strict=True):
        rows = _twice(learn[unknown], many)
        sums[rows] = mail.sums(table.mails[rows])
        ours = _sentences_of(table, learn[unknown])
        said[ours] = softmax(sentence.sums(table.sentences[ours]))
    rows = _twice(learn, many)
    final_input = final_rows(sums, np.tile(pool(said, table.first), (2, 1)), table.signs)[rows]
    truth, group = np.tile(table.truth[learn], 2), np.tile(table.group[learn], 2)
    final = _fit_final(final_input, truth, labels)
    told = np.zeros((2 * len(learn), labels))
    for known, unknown in parting.split(final_input, groups=group):
        part = _fit_final(final_input[known], truth[known], labels)
        told[unknown] = part.sums(final_input[unknown])
    mail, sentence = whole
    usual = np.tile(table.usual[learn], 2)
    chosen = usual if usual.sum() >= 2 * _FEWEST_USUAL else np.ones_like(usual)
    temperature, lean = _fit_calibration(told[chosen], truth[chosen], labels)
    return Parts(
        mail=mail,
        sentence=sentence,
        final=Part(slopes=final.slopes, intercept=final.intercept + lean),
        temperature=temperature,
        told=softmax((told[: len(learn)] + lean) / temperature),
    )


def predict(table: Table, parts: Parts, mails: Numbers) -> Array:
    """Probabilities of some of the table's mails as plain text, (mails, labels)."""
    heads = len(table.heads_known)
    said = np.zeros((int(table.first[-1]), heads))
    ours = _sentences_of(table, mails)
    said[ours] = softmax(parts.sentence.sums(table.sentences[ours]))
    pooled = pool(said, table.first)[mails]
    final_input = final_rows(parts.mail.sums(table.mails[mails]), pooled, table.signs[mails])
    return softmax(parts.final.sums(final_input) / parts.temperature)


def _sentences_of(table: Table, mails: Numbers) -> Numbers:
    """The numbers of the sentences of some mails."""
    return np.concatenate([np.arange(table.first[one], table.first[one + 1]) for one in mails])


def _written(
    sentences: Sequence[Sentence], settings: FeatureSettings
) -> tuple[csr_matrix, list[int]]:
    """Rows and heads of sentences that stand alone, in no place of a mail."""
    rows = _matrix(build_sentence_rows([one.text for one in sentences], settings), SENTENCE_WIDTH)
    placeless = np.ones(SENTENCE_WIDTH)
    placeless[_PLACES] = 0.0
    return rows @ diags(placeless), [HEADS.index(sentence.head) for sentence in sentences]


def _twice(mails: Numbers, many: int) -> Numbers:
    """The rows of some mails and of their copies."""
    return np.concatenate([mails, mails + many])


def _fit_first(table: Table, learn: Numbers) -> tuple[Part, Part]:
    """The mail part and the sentence part, from some mails."""
    rows = _twice(learn, len(table.truth))
    truth = np.tile(table.truth[learn], 2)
    mail = fit_words(table.mails[rows], truth, len(table.labels), **_MAIL)
    if not table.heads_known:
        return mail, nothing(0, table.sentences.shape[1])
    scenarios = np.append(np.unique(table.group[learn]), _NOBODYS)
    written = np.flatnonzero(np.isin(table.written_group, scenarios)) + table.first[-1]
    ours = np.concatenate([_sentences_of(table, learn), written])
    heads, many = table.heads[ours], len(table.heads_known)
    sentence = fit_words(table.sentences[ours], heads, many, **_SENTENCE)
    return mail, sentence.scaled(_SOFTNESS)


def _fit_final(rows: Array, truth: Numbers, many: int) -> Part:
    """The final part; its columns are brought to one spread, and the slopes back."""
    spread = rows.std(axis=0) + _LEAST_SPREAD
    part = fit_even(rows / spread, truth, many, strength=_FINAL_STRENGTH)
    return Part(slopes=part.slopes / spread, intercept=part.intercept)


def _seen(rows: csr_matrix) -> Numbers:
    """The columns that enough rows have, and the dense block."""
    seen = np.bincount(rows.indices, minlength=rows.shape[1]) >= _LEAST_SEEN
    seen[BUCKETS:] = True
    return np.flatnonzero(seen)


def _linear(part: Part, columns: Numbers) -> Linear:
    """A part over full rows."""
    return Linear(
        columns=columns.astype(np.int32),
        weights=part.slopes.T.astype(np.float32),
        intercept=part.intercept.astype(np.float32),
    )


def _matrix(rows: Rows, width: int) -> csr_matrix:
    """Rows as scipy's sparse matrix, doubled columns added up."""
    shape = (len(rows.start) - 1, width)
    matrix = csr_matrix((rows.values.astype(np.float64), rows.columns, rows.start), shape=shape)
    matrix.sum_duplicates()
    return matrix


def _fit_calibration(sums: Array, truth: Numbers, many: int) -> tuple[float, Array]:
    """The divisor, and what is added to each label's sum, under which the truth is likeliest.

    Temperature and bias (Guo et al. 2017, bias-corrected): mails that differ in a sentence teach
    what decides, but they are not what comes, so a text that reads like a complaint is one more
    often than among them.
    """

    def surprise(unknown: Array) -> float:
        lean, logarithm = unknown[:many], unknown[many]
        chosen = softmax((sums + lean) / np.exp(logarithm))[np.arange(len(truth)), truth]
        return float(-np.mean(np.log(np.maximum(chosen, 1e-12))) + _SHYNESS * (unknown @ unknown))

    bounds = [(-3.0, 3.0)] * many + [(-2.0, 3.0)]
    found = minimize(surprise, np.zeros(many + 1), method="L-BFGS-B", bounds=bounds)
    return float(np.exp(found.x[many])), np.asarray(found.x[:many], dtype=np.float64)
