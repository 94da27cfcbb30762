"""Matters that start a clock of their own: told in people's words, not in what is near them."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.matters import _RULES, MATTERS, _plain, matters_of
from daemon.reading.draft import reading_of
from daemon.records import Automatic, Mail
from tests.stages.matter_mails import OF_A_MATTER, OF_NONE, mails

_BREACH = "otrzymałam w kopercie wyniki badań innej pacjentki"
_ERASURE = "Please delete my account and all my data."


_OF_A_MATTER = [
    (matter, subject, text)
    for matter, table in OF_A_MATTER.items()
    for subject, text in mails(table)
]


@pytest.mark.parametrize(("matter", "subject", "text"), _OF_A_MATTER)
def test_what_starts_a_clock_is_told(matter: str, subject: str, text: str) -> None:
    """In Italian, Polish and English, with and without the law's name; it is about no other."""
    assert matters_of(subject, text) == (matter,)


@pytest.mark.parametrize(("matter", "subject", "text"), _OF_A_MATTER)
def test_case_accents_and_line_breaks_hide_nothing(matter: str, subject: str, text: str) -> None:
    """People shout, leave the accents out, and mail programs break lines."""
    assert matters_of(subject.upper(), text.upper()) == (matter,)
    assert matters_of(subject, text.replace(" ", "\n")) == (matter,)
    assert matters_of(subject, text.replace(" ", "\u00a0 ")) == (matter,)
    assert matters_of(subject, text.replace("'", "\u2019")) == (matter,)


@pytest.mark.parametrize(("subject", "text"), mails(OF_NONE))
def test_near_misses_start_none(subject: str, text: str) -> None:
    """Footers, notices, questions about the terms, notice given, complaints and requests."""
    assert matters_of(subject, text) == ()


def test_every_matter_and_language_has_its_examples() -> None:
    """The tables are not emptied by accident."""
    assert tuple(OF_A_MATTER) == MATTERS
    assert all(len(mails(table)) >= 15 for table in OF_A_MATTER.values())
    assert len(mails(OF_NONE)) >= 60


def test_several_matters_come_in_a_fixed_order() -> None:
    """Whatever their order in the mail."""
    said = f"{_BREACH.capitalize()}. {_ERASURE}"
    assert matters_of("", said) == ("data-subject", "data-breach")


def test_the_subject_counts_too() -> None:
    """Many write nothing below it; what begins there does not go on in the text."""
    assert matters_of(_ERASURE, "") == ("data-subject",)
    assert matters_of("Please delete", "my data are below") == ()


def test_only_the_head_is_looked_at() -> None:
    """What stands after 6,000 characters is not looked at."""
    assert matters_of("", "x " * 2_900 + _ERASURE) == ("data-subject",)
    assert matters_of("", "x " * 3_000 + _ERASURE) == ()


@pytest.mark.parametrize(("matter", "subject", "text"), _OF_A_MATTER)
def test_stems_hide_nothing(matter: str, subject: str, text: str) -> None:
    """A rule's stems save time only: where its words stand, one of them stands too."""
    said = _plain(subject, text)
    for rules in _RULES.values():
        for rule in rules:
            assert not rule.says.search(said) or any(stem in said for stem in rule.stems)


_WORDS = sorted({word for _, _, text in _OF_A_MATTER for word in text.split()})


@given(
    st.text(), st.lists(st.sampled_from(_WORDS) | st.text(max_size=5), max_size=300).map(" ".join)
)
def test_any_text_has_matters_in_order(subject: str, text: str) -> None:
    """Nothing raises; an answer is some of the four, in their order, each once."""
    told = matters_of(subject, text)
    assert told == tuple(matter for matter in MATTERS if matter in told)


@pytest.mark.parametrize(
    "text",
    [
        "vorrei che i miei dati " * 100_000,
        "please delete my copy of " * 100_000,
        "proszę o usunięcie z listy " * 100_000,
        "i wish to cancel within the 14 days " * 100_000,
        "\ufdfa" * 1_000_000,
        "\ud800 \x00" * 1_000_000,
        "se " * 1_000_000,
    ],
)
def test_no_text_makes_it_run_away(text: str) -> None:
    """However long, and however often its words nearly say something."""
    start = time.perf_counter()
    matters_of(text, text)
    assert time.perf_counter() - start < 2


_MAIL = Mail(
    content_digest=bytes(32),
    message_id=None,
    in_reply_to=None,
    references=(),
    subject="",
    sender=None,
    reply_to=(),
    to=(),
    cc=(),
    sent_at=None,
    headers=(("subject", ""),),
    text=_ERASURE,
    attachments=(),
    automatic=None,
    is_html=False,
    link_count=0,
    image_count=0,
)


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (_MAIL, ("data-subject",)),
        (replace(_MAIL, automatic=Automatic.AUTO_REPLY), ()),
        (replace(_MAIL, headers=(("list-unsubscribe", "<mailto:a@b.example>"),)), ()),
        (replace(_MAIL, headers=(("list-id", "<a.b.example>"),)), ()),
        (replace(_MAIL, text="Thank you."), ()),
        (replace(_MAIL, text="Thank you.", subject=_ERASURE), ("data-subject",)),
    ],
)
def test_a_reading_has_the_matters_of_what_people_wrote(
    mail: Mail, expected: tuple[str, ...]
) -> None:
    """Machines and lists start no clock; the text given counts, not the whole mail."""
    assert reading_of(mail, mail.text, frozenset(), None).matters == expected
    assert reading_of(mail, "", frozenset(), None).matters == matters_of(mail.subject, "")
