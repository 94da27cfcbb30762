"""What of a parsed mail goes into its reading, and what the model sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.reading.draft import SNIPPET, document_of_plain, has_words, list_id, snippet
from daemon.reading.language import LanguageTeller, has_letters
from daemon.reading.records import PlainMail


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Amici del porto <Amici.porto.example>", "amici.porto.example"),
        ("<amici.porto.example>", "amici.porto.example"),
        ("amici.porto.example", "amici.porto.example"),
        ("A <b> list <amici.porto.example> ", "amici.porto.example"),
        ("  ", None),
    ],
)
def test_the_list_identifier_is_what_stands_in_angle_brackets(
    value: str, expected: str | None
) -> None:
    """RFC 2919: a phrase may come before it; some lists leave the brackets out."""
    assert list_id((("subject", "x"), ("list-id", value))) == expected


def test_mail_of_no_list_has_no_list_identifier() -> None:
    """Other list headers do not make one up."""
    assert list_id((("list-unsubscribe", "<mailto:a@b.example>"),)) is None


@given(st.text(max_size=2_000))
def test_a_snippet_is_one_short_line(text: str) -> None:
    """Whatever the text: no line break, no blank ends, 200 characters at most."""
    short = snippet(text)
    assert len(short) <= SNIPPET
    assert short == " ".join(short.split())[:SNIPPET] or short.endswith(" ")
    assert len(short.splitlines()) <= 1


def test_words_are_counted_up_to_fifteen() -> None:
    """Fourteen words are too few to judge a mail by, fifteen are not; blanks do not count."""
    assert not has_words("parola " * 14)
    assert not has_words(" " * 500)
    assert has_words("parola " * 15)


def test_headers_unknown_stay_unknown() -> None:
    """No headers given is not the same as given without the ones looked for."""
    assert document_of_plain(PlainMail(subject="", body="")).headers is None
    bare = PlainMail(subject="", body="", headers=(("x-a", "1"),))
    assert document_of_plain(bare).headers == {}


def test_the_first_of_several_headers_counts() -> None:
    """As mail programs read it."""
    twice = PlainMail(subject="", body="", headers=(("list-id", "a"), ("list-id", "b")))
    assert document_of_plain(twice).headers == {"list-id": "a"}


@pytest.fixture(scope="module")
def teller() -> LanguageTeller:
    """Load the language model once."""
    return LanguageTeller(("it", "pl", "en", "de", "fr", "es", "xx"))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("it", "Vorrei sapere quando arriva la merce che ho ordinato la settimana scorsa."),
        ("pl", "Chciałabym wiedzieć, kiedy dotrze towar zamówiony w zeszłym tygodniu."),
        ("pl", "Prosze o pilna odpowiedz w sprawie reklamacji zlozonej dwa tygodnie temu."),
        ("en", "I would like to know when the goods I ordered last week will arrive."),
        ("de", "Ich möchte gerne wissen, wann die letzte Woche bestellte Ware eintrifft."),
        ("fr", "Je voudrais savoir quand arrivera la marchandise commandée la semaine dernière."),
        ("es", "Quisiera saber cuándo llegará la mercancía que pedí la semana pasada."),
    ],
)
def test_the_language_of_a_sentence_is_told(
    teller: LanguageTeller, language: str, text: str
) -> None:
    """One sentence is enough, also without its accents."""
    assert teller.tell(text) == language
    assert teller.tell(f"{text} " * 40) == language


def test_too_few_letters_tell_no_language(teller: LanguageTeller) -> None:
    """Nineteen letters are none, whatever surrounds them; figures are not letters."""
    assert teller.tell("0123456789 " * 50) is None
    assert teller.tell("abcdefghijklmnopqrs" + " 1 " * 50) is None
    assert teller.tell("") is None


def test_without_languages_none_is_told() -> None:
    """Neither with none given nor with none that is known; nothing fails."""
    text = "Vorrei sapere quando arriva la merce."
    assert LanguageTeller(()).tell(text) is None
    assert LanguageTeller(("xx",)).tell(text) is None


@given(st.text(max_size=300))
def test_any_text_has_a_language_or_none(teller: LanguageTeller, text: str) -> None:
    """Nothing raises; an answer is one of the languages asked for."""
    told = teller.tell(text)
    assert (told is not None) == has_letters(text)
    assert told in {None, "it", "pl", "en", "de", "fr", "es"}
