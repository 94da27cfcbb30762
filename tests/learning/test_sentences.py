"""What must hold when a mail is cut into sentences, these are marked, and looked at together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classifiers.documents import Document
from classifiers.examples import HEADS, Cue
from classifiers.marking import sentence_heads
from classifiers.pooling import VIEWS, pool, sentence_shares
from classifiers.sentences import MOST, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It broke. Please repair it", ("It broke.", "Please repair it")),
        ("Really?! Yes... I waited", ("Really?!", "Yes...", "I waited")),
        ("Art. 130 of no. 4 on 3.11.2026", ("Art. 130 of no. 4 on 3.11.2026",)),
        (
            "I paid for it. Refund me. It is yours.",
            ("I paid for it.", "Refund me.", "It is yours."),
        ),
        ("Non lo voglio, no. Rivoglio i soldi.", ("Non lo voglio, no.", "Rivoglio i soldi.")),
        ("Sig. Rossi, ul. Długa 3. Dziękuję", ("Sig. Rossi, ul. Długa 3.", "Dziękuję")),
        ("one line\nand   another\n\n", ("one line", "and another")),
        ("Ordine n. 4, ul. Długa 3.", ("Ordine n. 4, ul. Długa 3.",)),
        ("(as agreed.) Now", ("(as agreed.)", "Now")),
        ("", ()),
    ],
)
def test_sentences_end_where_people_see_their_end(text: str, sentences: tuple[str, ...]) -> None:
    """At marks behind words, at line ends, not at the points of short forms and numbers."""
    assert split_sentences(text) == sentences


@given(st.text())
def test_no_word_is_lost_or_made_up(text: str) -> None:
    """All words stand in the sentences in their order, when there are not too many sentences."""
    sentences = split_sentences(text)
    assert len(sentences) <= MOST
    if len(sentences) < MOST:
        assert [word for one in sentences for word in one.split()] == text.split()


def test_a_text_without_full_stops_is_cut_into_even_parts() -> None:
    """Dictated mails have sentences too, if nobody says where they end."""
    parts = split_sentences("and then " * 100)
    assert len(parts) == 8
    assert {len(part.split()) for part in parts} == {25}


def test_of_a_very_long_text_beginning_and_end_are_kept() -> None:
    """What is wanted stands first, how to unsubscribe last."""
    sentences = split_sentences("\n".join(f"line {number}" for number in range(500)))
    assert len(sentences) == MOST
    assert sentences[0] == "line 0"
    assert sentences[-1] == "line 499"


def test_cues_mark_their_sentences_and_no_others() -> None:
    """Case, accents and line ends do not matter; a cue may be a part, or span two sentences."""
    document = Document(
        subject="Sofa",
        body="Good morning.\nThe sofa CAME\nyesterday, without legs! I'd like my money back. Ada",
    )
    cues = [
        Cue(text="the sofa came yesterday without legs", head="grievance"),
        Cue(text="like my money back", head="ask"),
    ]
    found = [HEADS[head] for head in sentence_heads(document, cues)]
    assert found == ["context", "context", "grievance", "grievance", "ask", "context"]


probabilities = arrays(np.float64, (6, 3), elements=st.floats(0, 1))


@given(probabilities)
def test_views_of_a_mail_do_not_depend_on_its_neighbours(heads: np.ndarray) -> None:
    """Two mails of two and four sentences: each is seen as if it were alone."""
    together = pool(heads, np.array([0, 2, 6]))
    assert together.shape == (2, len(VIEWS) * 2)
    assert np.allclose(together[0], pool(heads[:2], np.array([0, 2]))[0])
    assert np.allclose(together[1], pool(heads[2:], np.array([0, 4]))[0])


@given(probabilities, arrays(np.float64, len(VIEWS) * 2, elements=st.floats(-2, 2)))
def test_the_shares_of_the_sentences_are_what_their_views_say(
    heads: np.ndarray, lead: np.ndarray
) -> None:
    """Nothing that the final part hears of the sentences is lost or counted twice."""
    said = pool(heads, np.array([0, len(heads)]))[0] @ lead
    assert sentence_shares(heads, lead).sum() == pytest.approx(said, abs=1e-6)


def test_without_heads_there_is_nothing_to_see() -> None:
    """A model whose corpus marked no sentences has no such columns."""
    assert pool(np.zeros((5, 0)), np.array([0, 2, 5])).shape == (2, 0)
