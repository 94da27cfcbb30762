"""What must hold of the rows that documents are turned into."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import tokens
from classifiers.documents import Document
from classifiers.features import (
    SENTENCE_WIDTH,
    WIDTH,
    FeatureSettings,
    Kept,
    Rows,
    build_features,
    build_sentence_rows,
    prepare,
)
from classifiers.folding import fold
from classifiers.structure import SIGNS, read_signs

TEXTS = st.text(max_size=200)
DOCUMENTS = st.builds(
    Document,
    subject=TEXTS,
    body=TEXTS,
    sender=st.none() | TEXTS,
    headers=st.none() | st.dictionaries(st.sampled_from(["list-id", "precedence"]), TEXTS),
    link_count=st.none() | st.integers(0, 10**6),
)
SETTINGS = FeatureSettings()


def row(rows: Rows, number: int) -> dict[int, float]:
    """One row, values of a column added up."""
    values: dict[int, float] = {}
    for at in range(rows.start[number], rows.start[number + 1]):
        column = int(rows.columns[at])
        values[column] = values.get(column, 0.0) + float(rows.values[at])
    return values


def sign(document: Document, name: str) -> float:
    """The value of one outward sign."""
    return float(read_signs(prepare(document))[list(SIGNS).index(name)])


def assert_sound(rows: Rows, many: int, width: int) -> None:
    """So many rows, every number finite, every column inside the width."""
    assert len(rows.start) == many + 1
    assert rows.start[-1] == len(rows.columns) == len(rows.values)
    assert np.isfinite(rows.values).all()
    assert ((rows.columns >= 0) & (rows.columns < width)).all()


@given(st.lists(DOCUMENTS, max_size=5))
def test_any_document_gives_finite_rows_inside_the_width(documents: list[Document]) -> None:
    """Strangers' text never raises."""
    features = build_features(documents, SETTINGS)
    assert_sound(features.mails, len(documents), WIDTH)
    assert_sound(features.sentences, int(features.first[-1]), SENTENCE_WIDTH)
    assert len(features.first) == len(documents) + 1
    assert (np.diff(features.first) >= 1).all()
    assert features.signs.shape == (len(documents), len(SIGNS))


@given(st.lists(DOCUMENTS, min_size=2, max_size=4))
def test_a_row_does_not_depend_on_its_neighbours(documents: list[Document]) -> None:
    """A batch gives what single mails give: nothing leaks from one mail into another."""
    together = build_features(documents, SETTINGS)
    for number, document in enumerate(documents):
        alone = build_features([document], SETTINGS)
        assert row(together.mails, number) == pytest.approx(row(alone.mails, 0))
        for place in range(int(alone.first[-1])):
            there = int(together.first[number]) + place
            assert row(together.sentences, there) == pytest.approx(row(alone.sentences, place))


@given(TEXTS)
def test_words_are_found_as_splitting_finds_them(text: str) -> None:
    """The array operations see the words that Python's split sees."""
    normal = tokens.normalise(fold(text))
    words = tokens.read_words([normal])
    found = [normal[b - 1 : e - 1] for b, e in zip(words.begin, words.end, strict=True)]
    assert found == normal.split()


@given(st.lists(st.sampled_from(["lamp", "refund", "lampa", "bardzo"]), min_size=1))
def test_equal_words_have_equal_hashes_and_others_do_not(spelled: list[str]) -> None:
    """Wherever the word stands."""
    words = tokens.read_words([" ".join(spelled).encode()])
    hashes = tokens.prefix_hashes(words).tolist()
    assert len(set(hashes)) == len(set(spelled))
    assert len(set(zip(spelled, hashes, strict=True))) == len(set(spelled))


def test_a_lacking_header_is_missing_and_not_no() -> None:
    """A line of JSON without headers differs from a mail that has none of the list's."""
    bare = Document(subject="a", body="b")
    assert sign(bare, "has no headers to look at") == 1
    assert sign(replace(bare, headers={}), "has no headers to look at") == 0
    assert sign(replace(bare, headers={"list-id": "x"}), "carries list headers") == 1


def test_auto_submitted_no_is_no_program() -> None:
    """RFC 3834 5: "no" is what a person's mail may say."""
    for value, wanted in (("no", 0), ("auto-generated", 1)):
        document = Document(subject="a", body="b", headers={"auto-submitted": value})
        assert sign(document, "was sent by a program") == wanted


def test_the_end_of_a_long_text_is_looked_at() -> None:
    """Where newsletters say how to leave."""
    body = "word " * 4000 + "unsubscribe"
    assert "unsubscribe" in prepare(Document(subject="", body=body)).body


def test_an_answer_below_a_very_long_quote_is_read() -> None:
    """Some people answer below; what they quote may be longer than what is searched."""
    quoted = "\n".join(f"> the old letter, line {number}" for number in range(3000))
    body = f"{quoted}\n\nThis is a disgrace, I want a full refund."
    assert prepare(Document(subject="Re: letter", body=body)).body.endswith("a full refund.")


def test_a_written_sentence_is_one_row_whatever_marks_it_holds() -> None:
    """Its head is that of the whole."""
    texts = ["How were your lined walkers? Follow the link.", "", "Ring 5. Ask for Ada"] * 40
    rows = build_sentence_rows(texts, SETTINGS)
    assert_sound(rows, len(texts), SENTENCE_WIDTH)
    assert row(rows, 0) == row(rows, 117)
    assert len(row(rows, 0)) > len(row(rows, 2))


def test_columns_not_kept_leave_the_others_as_they_are() -> None:
    """What a model does not weigh may be left out without changing what it does."""
    document = Document(subject="Lamp", body="My lamp is broken. Refund please.")
    features = build_features([document], SETTINGS)
    whole, sentence = row(features.mails, 0), row(features.sentences, 1)
    some, few = sorted(whole)[::2], sorted(sentence)[::2]
    kept = Kept(mail=np.zeros(WIDTH, np.bool_), sentence=np.zeros(SENTENCE_WIDTH, np.bool_))
    kept.mail[some], kept.sentence[few] = True, True
    part = build_features([document], SETTINGS, kept)
    assert row(part.mails, 0) == pytest.approx({column: whole[column] for column in some})
    assert row(part.sentences, 1) == pytest.approx({column: sentence[column] for column in few})
