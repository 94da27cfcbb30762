"""What the model is worth: beside other ways to learn from the same mails, and on spoilt text.

    python -m tests.bench.bench_model [--folds 1]

Each way learns from four fifths of the scenarios of the starter corpus and is judged by the rest;
with more folds the figures are their mean. Takes some four minutes a fold.
"""

import argparse
import sys
import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a file, the packages are not importable before this

# ruff: noqa: E402 - for the reason above
import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import ComplementNB

from classifiers.documents import Document
from classifiers.examples import Corpus, Example, labels_of, read_corpus
from classifiers.features import prepare
from classifiers.fitting import fit_words
from classifiers.folding import fold
from classifiers.headers import as_plain
from classifiers.predict import Model
from classifiers.structure import read_signs
from classifiers.train import train

CORPUS = ROOT / "classifiers" / "corpus"
LANGUAGES = ("it", "pl", "en")

Numbers = np.ndarray[tuple[int], np.dtype[np.intp]]
Guess = Callable[[Sequence[Example], Sequence[Example]], Numbers]


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=1, help="of five")
    wanted = parser.parse_args()
    corpus = read_corpus(sorted(CORPUS.glob("*.jsonl")))
    mails, labels = corpus.examples, labels_of(corpus.examples)
    scenarios = [mail.scenario for mail in mails]
    figures: dict[str, list[list[float]]] = defaultdict(list)
    splits = list(GroupKFold(5, shuffle=True, random_state=1).split(mails, groups=scenarios))
    for known, unknown in splits[: wanted.folds]:
        learn, test = [mails[n] for n in known], [mails[n] for n in unknown]
        truth = numbers(test, labels)
        for name, way in OTHERS.items():
            figures[name].append(macro_f1(test, truth, way(learn, test)))
        model = Model(train(without(corpus, test))[0], {})
        for name, spoil in SPOILT.items():
            shown = [spoil(mail) for mail in test]
            figures[name].append(macro_f1(test, truth, model.matrix(shown).argmax(axis=1)))
    print(f"{'macro F1':34}" + "".join(f"{name:>9}" for name in ("all", *LANGUAGES, "hard")))
    for name, rows in figures.items():
        print(f"{name:34}" + "".join(f"{one:9.3f}" for one in np.mean(rows, axis=0)))


def numbers(mails: Sequence[Example], labels: Sequence[str]) -> Numbers:
    """The number of each mail's label."""
    return np.array([labels.index(mail.label) for mail in mails], dtype=np.intp)


def macro_f1(mails: Sequence[Example], truth: Numbers, guess: Numbers) -> list[float]:
    """Of all mails, of each language, and of the hard ones."""
    every = np.ones(len(mails), dtype=np.bool_)
    groups = [np.array([mail.lang == language for mail in mails]) for language in LANGUAGES]
    hard = np.array([mail.is_hard for mail in mails])
    return [
        float(f1_score(truth[which], guess[which], average="macro", labels=range(4)))
        for which in (every, *groups, hard)
    ]


def without(corpus: Corpus, test: Sequence[Example]) -> Corpus:
    """The corpus without the scenarios of some mails."""
    told = {mail.scenario for mail in test}
    return Corpus(
        examples=tuple(mail for mail in corpus.examples if mail.scenario not in told),
        sentences=tuple(one for one in corpus.sentences if one.scenario not in told),
    )


def text(mail: Example) -> str:
    """Subject and newest text."""
    return f"{mail.document.subject}\n{prepare(mail.document).body}"


def words_and_letters(mails: Sequence[Example], test: Sequence[Example]) -> tuple[csr_matrix, ...]:
    """Words and pairs of them, and two to five letters in a row, by tf-idf."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    learnt, seen = [fold(text(mail)) for mail in mails], [fold(text(mail)) for mail in test]
    return tuple(
        hstack(pair).tocsr()
        for pair in (
            (words.fit_transform(learnt), letters.fit_transform(learnt)),
            (words.transform(seen), letters.transform(seen)),
        )
    )


def by_language(way: Guess) -> Guess:
    """A model for each language."""

    def guess(learn: Sequence[Example], test: Sequence[Example]) -> Numbers:
        answer = np.zeros(len(test), dtype=np.intp)
        for language in LANGUAGES:
            at = [n for n, mail in enumerate(test) if mail.lang == language]
            own = [mail for mail in learn if mail.lang == language]
            answer[at] = way(own, [test[n] for n in at])
        return answer

    return guess


def logistic(learn: Sequence[Example], test: Sequence[Example]) -> Numbers:
    """Logistic regression on words and letters."""
    rows, seen = words_and_letters(learn, test)
    truth = numbers(learn, labels_of(learn))
    model = LogisticRegression(C=20, max_iter=300, tol=1e-3, class_weight="balanced")
    return np.asarray(model.fit(rows, truth).predict(seen), dtype=np.intp)


def nb_svm(learn: Sequence[Example], test: Sequence[Example]) -> Numbers:
    """Words and pairs of them, weighed by log-count ratios (Wang and Manning 2012)."""
    counter = CountVectorizer(ngram_range=(1, 2), min_df=2, binary=True)
    rows = counter.fit_transform([fold(text(mail)) for mail in learn]).astype(np.float64)
    part = fit_words(rows, numbers(learn, labels_of(learn)), 4, strength=1.0, prior=1.0)
    seen = counter.transform([fold(text(mail)) for mail in test])
    return np.asarray(part.sums(seen).argmax(axis=1), dtype=np.intp)


def complement(learn: Sequence[Example], test: Sequence[Example]) -> Numbers:
    """Complement naive Bayes on words and letters."""
    rows, seen = words_and_letters(learn, test)
    model = ComplementNB(alpha=0.3).fit(rows, numbers(learn, labels_of(learn)))
    return np.asarray(model.predict(seen), dtype=np.intp)


def boosting(learn: Sequence[Example], test: Sequence[Example]) -> Numbers:
    """Gradient boosting on outward signs."""
    model = HistGradientBoostingClassifier(max_iter=200, random_state=0)
    model.fit(signs(learn), numbers(learn, labels_of(learn)))
    return np.asarray(model.predict(signs(test)), dtype=np.intp)


def signs(mails: Sequence[Example]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """The outward signs of plain mails."""
    return np.stack([read_signs(prepare(as_plain(mail.document))) for mail in mails])


OTHERS: dict[str, Guess] = {
    "boosting on outward signs": boosting,
    "complement naive Bayes": by_language(complement),
    "logistic regression, tf-idf": by_language(logistic),
    "NB-SVM on words and pairs": by_language(nb_svm),
}


def unaccented(text: str) -> str:
    """As people type without the marks of their language."""
    plain = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def respelt(spell: Callable[[str], str]) -> Callable[[Example], Document]:
    """A plain mail, its subject and body spelt in another way."""

    def spoil(mail: Example) -> Document:
        plain = as_plain(mail.document)
        return replace(plain, subject=spell(plain.subject), body=spell(plain.body))

    return spoil


SPOILT: dict[str, Callable[[Example], Document]] = {
    "this model": lambda mail: as_plain(mail.document),
    "this model, no sender": lambda mail: replace(as_plain(mail.document), sender=None),
    "this model, headers where known": lambda mail: mail.document,
    "this model, no accents": respelt(unaccented),
    "this model, all capitals": respelt(str.upper),
    "this model, no subject": lambda mail: replace(as_plain(mail.document), subject=""),
}


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
