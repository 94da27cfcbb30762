"""The starter corpus teaches what mails say, and nothing that merely goes with it."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from classifiers.folding import fold

CORPUS = Path(__file__).parents[2] / "classifiers" / "corpus"
LANGUAGES = ("it", "pl", "en")
LABELS = {"complaint", "request", "newsletter", "other"}
HEADS = {"grievance", "ask", "promotion", "solved", "notice", "else"}
FIELDS = ["id", "scenario", "lang", "label", "subject", "body", "from", "writer", "hard", "pair"]
WHOLE = tuple(f"whole-{language}" for language in LANGUAGES)
PARTS = ("", "broad-", "inbox-", "rounds-", "long-", "calm-", "strangers-")
ENGLISH = ("accounts-en", "mailings-en", "short-en")
MOST_FROM_OUTSIDE = 0.40
"""Macro-F1 that a model of outward things alone may reach; chance is 0.25."""

Mail = dict[str, Any]
deep = pytest.mark.parametrize("language", LANGUAGES)
"""The mails whose scenarios are told by two hands and more."""
ONE_HAND = tuple(f"{kind}-{language}" for kind in ("broad", "inbox") for language in LANGUAGES)
one_hand = pytest.mark.parametrize("language", ONE_HAND)
"""The mails of one hand a scenario, of many more scenarios."""
each = pytest.mark.parametrize("language", [*LANGUAGES, *ONE_HAND])
every = pytest.mark.parametrize(
    "language",
    [*(f"{kind}{language}" for kind in PARTS for language in LANGUAGES), *ENGLISH],
)
outside = pytest.mark.parametrize(
    "language", [*LANGUAGES, *(f"broad-{language}" for language in LANGUAGES), *WHOLE]
)
"""Those written by lot, and all of a language together."""


@cache
def corpus(name: str) -> tuple[Mail, ...]:
    """Return the mails of a file, or of all files of a language together."""
    if name in WHOLE:
        language = name.removeprefix("whole-")
        names = [*(part + language for part in PARTS), *(ENGLISH if language == "en" else ())]
        return tuple(mail for name in names for mail in corpus(name))
    lines = (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def scenarios(language: str) -> dict[str, Mail]:
    """Return the scenarios of a language by id: house, goods, people, words."""
    lines = (CORPUS / "scenarios" / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    return {card["id"]: card for card in map(json.loads, lines)}


def by(mails: Sequence[Mail], *names: str) -> dict[tuple[str, ...], list[Mail]]:
    """Return the mails by the values of fields."""
    groups: dict[tuple[str, ...], list[Mail]] = defaultdict(list)
    for mail in mails:
        groups[tuple(mail[name] for name in names)].append(mail)
    return groups


@deep
def test_every_scenario_is_told_in_every_label_by_two_hands(language: str) -> None:
    """So that goods, names and words say nothing about the label."""
    cells = by(corpus(language), "scenario", "label")
    assert len(scenarios(language)) >= 150
    assert {name for name, _ in cells} == set(scenarios(language))
    for name in scenarios(language):
        for label in LABELS:
            assert len({mail["writer"] for mail in cells[name, label]}) >= 2, (name, label)


@every
def test_every_mail_is_complete(language: str) -> None:
    """Fields in their order, an id of its own, cues that stand in the mail, a sender nowhere."""
    ids = Counter(mail["id"] for mail in corpus(language))
    assert max(ids.values()) == 1
    for mail in corpus(language):
        assert list(mail)[:10] == FIELDS, mail["id"]
        assert mail["lang"] == language.rpartition("-")[2]
        assert mail["label"] in LABELS
        assert mail["subject"].strip() or mail["body"].strip()
        assert re.search(r"@[\w.-]+\.example\b", mail["from"]), mail["id"]
        text = f"{mail['subject']}\n{mail['body']}"
        for cue in mail["cues"]:
            assert cue["text"] in text, mail["id"]
            assert cue["head"] in HEADS, mail["id"]


@each
def test_every_label_has_hard_mails_and_pairs(language: str) -> None:
    """Many are hard, many stand in pairs: one sentence other, and the label."""
    mails, kind = corpus(language), language.partition("-")[0]
    hard = 0.15 if kind == "inbox" else 0.2
    for group in by(mails, "label").values():
        assert hard <= sum(bool(mail["hard"]) for mail in group) / len(group) <= 0.5
    paired = {pair: group for (pair,), group in by(mails, "pair").items() if pair}
    least = {"broad": 0.1, "inbox": 0.6}.get(kind, 0.25)
    assert sum(map(len, paired.values())) >= least * len(mails)
    for pair, group in paired.items():
        assert len({mail["label"] for mail in group}) == len(group) >= 2, pair
        for one, other in combinations(group, 2):
            assert len(shared(one["body"], other["body"])) >= 2, pair


def shared(one: str, other: str) -> set[str]:
    """Return the words of four letters and more that stand in both texts."""
    return set(re.findall(r"\w{4,}", one)) & set(re.findall(r"\w{4,}", other))


@deep
def test_a_third_is_hard_and_a_third_stands_in_pairs(language: str) -> None:
    """Of all files together: an inbox is easier than what a model must stand."""
    mails = corpus(f"whole-{language}")
    for label, group in by(mails, "label").items():
        assert 3 * sum(bool(mail["hard"]) for mail in group) >= len(group), label
    assert sum(bool(mail["pair"]) for mail in mails) >= 0.3 * len(mails)


@each
def test_no_opening_and_no_closing_is_a_habit(language: str) -> None:
    """Five words at the beginning: half a per cent at most; a last line: three."""
    mails = corpus(language)
    openings = Counter(" ".join(fold(mail["body"]).split()[:5]) for mail in singles(mails))
    closings = Counter(closing(mail["body"]) for mail in singles(mails))
    closings.pop("", None)
    assert openings.most_common(1)[0][1] <= 0.005 * len(mails), openings.most_common(3)
    assert closings.most_common(1)[0][1] <= 0.03 * len(mails), closings.most_common(3)


def singles(mails: Sequence[Mail]) -> list[Mail]:
    """Return the mails, of each pair only the first."""
    seen: set[str] = set()
    return [m for m in mails if not m["pair"] or not (m["pair"] in seen or seen.add(m["pair"]))]


def closing(body: str) -> str:
    """Return the words of a short line near the end that is no name, folded."""
    lines = [line for line in fold(body).splitlines() if line.strip()][1:][-3:]
    for line in lines:
        if 1 <= len(line.split()) <= 5 and line.rstrip().endswith((",", "!")):
            return line.strip(" ,!.")
    return ""


@one_hand
def test_a_scenario_of_one_hand_is_told_in_every_label(language: str) -> None:
    """One hand's habits belong to its scenarios, and say nothing of the label either."""
    for (name,), mails in by(corpus(language), "scenario").items():
        assert len({mail["writer"] for mail in mails}) == 1, name
        assert {mail["label"] for mail in mails} == LABELS, name


@deep
def test_long_mails_are_long(language: str) -> None:
    """Issues of newsletters, and long accounts: their length is what they are there for."""
    assert min(len(mail["body"].split()) for mail in corpus(f"long-{language}")) >= 100


@deep
def test_strangers_mail_is_marked_as_usual(language: str) -> None:
    """Shown probabilities are fitted on it; of each label there is about a quarter."""
    mails = corpus(f"strangers-{language}")
    assert all(mail["usual"] is True for mail in mails)
    for label, group in by(mails, "label").items():
        assert 0.2 <= len(group) / len(mails) <= 0.3, label


@deep
def test_no_house_has_two_scenarios(language: str) -> None:
    """Each firm, domain and customer is met in one scenario."""
    cards = scenarios(language).values()
    for name in ("firm", "domain"):
        assert max(Counter(card[name] for card in cards).values()) == 1
    people = Counter(person for card in cards for person in card["people"])
    assert people.most_common(1)[0][1] == 1


@each
def test_no_mail_is_written_twice(language: str) -> None:
    """Two mails that are no pair share less than half of their runs of four words."""
    mails = corpus(language)
    counter = CountVectorizer(ngram_range=(4, 4), binary=True, token_pattern=r"\w+")
    runs = counter.fit_transform([fold(mail["body"]) for mail in mails]).astype(np.float32)
    sizes = np.maximum(np.asarray(runs.sum(axis=1)).ravel(), 1)
    both = csr_matrix(runs @ runs.T).tocoo()
    alike = [
        (mails[a]["id"], mails[b]["id"])
        for a, b, count in zip(both.row, both.col, both.data, strict=True)
        if a < b
        and count > 0.5 * min(sizes[a], sizes[b])
        and min(sizes[a], sizes[b]) >= 8
        and not (mails[a]["pair"] and mails[a]["pair"] == mails[b]["pair"])
    ]
    assert alike == []


def outward(learn: Callable[[Sequence[Mail]], tuple[Any, Any]], language: str) -> float:
    """Return the macro-F1 of a model that sees only what `learn` shows it, out of fold."""
    mails = corpus(language)
    model, shown = learn(mails)
    truth = [mail["label"] for mail in mails]
    groups = [mail["scenario"] for mail in mails]
    guess = cross_val_predict(model, shown, truth, groups=groups, cv=GroupKFold(5))
    return float(f1_score(truth, guess, average="macro"))


def words_model() -> Any:
    """Return a model of letters in a row."""
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    each = LogisticRegression(C=10, solver="liblinear", dual=True, tol=0.01)
    return make_pipeline(letters, OneVsRestClassifier(each))


@outside
def test_the_sender_does_not_give_the_label_away(language: str) -> None:
    """Names, addresses and kinds of sender are spread over the labels."""
    assert (
        outward(lambda mails: (words_model(), [mail["from"] for mail in mails]), language)
        <= MOST_FROM_OUTSIDE
    )


@outside
def test_length_and_punctuation_do_not_give_the_label_away(language: str) -> None:
    """Long or short, asked or exclaimed: any of it stands in any label."""

    def learn(mails: Sequence[Mail]) -> tuple[Any, Any]:
        rows = [[np.log1p(count) for count in outward_counts(mail)] for mail in mails]
        return make_pipeline(StandardScaler(), LogisticRegression()), np.array(rows)

    assert outward(learn, language) <= MOST_FROM_OUTSIDE


def outward_counts(mail: Mail) -> list[int]:
    """Return how long a mail is, and how often each mark stands in it."""
    text = f"{mail['subject']}\n{mail['body']}"
    counts = [text.count(mark) for mark in "?!.,:;-()\n"]
    return [len(text.split()), len(mail["subject"]), *counts]


@outside
def test_greeting_and_signature_do_not_give_the_label_away(language: str) -> None:
    """The first and the last lines alone say little."""

    def frame(mail: Mail) -> str:
        lines = [line for line in mail["body"].splitlines() if line.strip()]
        short = [line for line in (*lines[:1], *lines[-2:]) if len(line.split()) <= 5]
        return " | ".join(short)

    assert (
        outward(lambda mails: (words_model(), [frame(mail) for mail in mails]), language)
        <= MOST_FROM_OUTSIDE
    )
