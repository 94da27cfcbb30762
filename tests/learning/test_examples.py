"""What must hold of examples in files, and of figures about predictions."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.errors import ClassifierError, CorpusError
from classifiers.examples import read_corpus
from classifiers.figures import judge
from tests.learning.small import lines_file

LABELS = ("complaint", "request", "newsletter", "other")


def test_figures_count_what_a_hand_counts() -> None:
    """Four mails, two labels, one silent."""
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.45, 0.55], [0.4, 0.6]])
    figures = judge(
        np.array([0, 1, 1, 1]), scores, ("a", "b"), {"language": ["it", "it", "pl", ""]}, 0.58
    )
    assert figures["confusion"] == {"a": {"a": 1, "b": 0}, "b": {"a": 1, "b": 2}}
    assert figures["per_class"]["b"] == {"precision": 1.0, "recall": 0.6667, "f1": 0.8, "n": 3}
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 0.8) / 2, abs=1e-4)
    assert figures["coverage"] == 0.75
    assert figures["precision_at_coverage"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["ece"] == pytest.approx((0.1 + 0.8 + 0.45 + 0.4) / 4, abs=1e-4)
    assert figures["by_language"]["pl"]["n"] == 1
    assert set(figures["by_language"]) == {"it", "pl"}


def test_no_mail_above_the_threshold_gives_no_precision() -> None:
    """None, not zero: nothing was said, nothing was wrong."""
    figures = judge(np.array([0]), np.array([[0.6, 0.4]]), ("a", "b"), {}, 0.9)
    assert figures["coverage"] == 0
    assert figures["precision_at_coverage"] is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "no JSON"),
        (b"[1]", "no JSON object"),
        (b'{"subject": "a", "body": "b"}', "label"),
        (b'{"body": 3, "label": "other"}', "texts"),
        (b'{"label": "other"}', "both empty"),
        (b"\xff", "no JSON"),
        (b'{"head": "ask"}', "a sentence"),
        (b'{"head": "rant", "text": "a"}', "grievance, ask"),
        (b'{"label": "other", "body": "b", "cues": [{"text": "b", "head": "x"}]}', "head"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path: Path, line: bytes, reason: str) -> None:
    """A person can go there and mend it."""
    file = tmp_path / "mails.jsonl"
    file.write_bytes(b'{"body": "b", "label": "other"}\n' + line)
    with pytest.raises(CorpusError, match=reason) as caught:
        read_corpus([file])
    assert (caught.value.file, caught.value.line) == (str(file), 2)


@given(st.binary(max_size=200))
def test_any_file_gives_examples_or_our_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Also a broken gzip."""
    for name in ("a.jsonl", "a.jsonl.gz"):
        file = tmp_path_factory.mktemp("corpus") / name
        file.write_bytes(content)
        with pytest.raises(ClassifierError):
            read_corpus([file])


def test_a_gzip_broken_inside_is_our_error(tmp_path: Path) -> None:
    """The head is sound, the rest is not."""
    file = lines_file(
        tmp_path, [{"subject": "x", "body": "y" * 400, "label": "request"}] * 3, "mails.jsonl.gz"
    )
    whole = file.read_bytes()
    for broken in (whole[:40], whole[:20] + b"\xff" * 40 + whole[60:]):
        file.write_bytes(broken)
        with pytest.raises(ClassifierError, match="cannot be read"):
            read_corpus([file])


def test_headers_are_read_as_object_and_as_pairs(tmp_path: Path) -> None:
    """Names in lower case, the first of several; without the field they are missing."""
    line = {"body": "b", "label": "other"}
    file = lines_file(
        tmp_path,
        [line, line | {"headers": {"List-Id": "x"}}, line | {"headers": [["A", "1"], ["a", "2"]]}],
        "mails.jsonl.gz",
    )
    found = [example.document.headers for example in read_corpus([file]).examples]
    assert found == [None, {"list-id": "x"}, {"a": "1"}]


def test_mails_and_sentences_may_stand_in_one_file(tmp_path: Path) -> None:
    """A line with a head is a sentence; cues, writer and difficulty of a mail are kept."""
    cue = {"text": "it broke", "head": "grievance"}
    mail = {"body": "it broke", "label": "complaint", "writer": "A", "hard": True, "cues": [cue]}
    sentence = {"text": "please send one", "head": "ask", "scenario": "s1", "writer": "B"}
    corpus = read_corpus([lines_file(tmp_path, [mail, sentence])])
    (example,), (alone,) = corpus.examples, corpus.sentences
    assert (example.writer, example.is_hard, example.cues[0].head) == ("A", True, "grievance")
    assert (alone.text, alone.head, alone.scenario) == ("please send one", "ask", "s1")


def test_links_and_images_of_html_are_counted(tmp_path: Path) -> None:
    """What a source without HTML lacks is missing, not none."""
    html = '<p><a href="https://a.example">a</a> <A class="b" HREF=x>b</A><img src="c"></p><a>d</a>'
    lines = [{"body": "b", "label": "other", "html": html}, {"body": "b", "label": "other"}]
    drawn, plain = read_corpus([lines_file(tmp_path, lines)]).examples
    assert (drawn.document.link_count, drawn.document.image_count) == (2, 1)
    assert (plain.document.link_count, plain.document.image_count) == (None, None)
