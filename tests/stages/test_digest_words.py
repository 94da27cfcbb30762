"""The words of the digest: three languages of equal quality, and strangers kept harmless."""

import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import clock
from daemon.config.plurals import plural
from daemon.digest.daily import SENTENCES_S, with_sentences
from daemon.digest.fold import WIDTH, columns
from daemon.digest.layout import View
from daemon.digest.legible import legible
from daemon.digest.records import (
    Deadlines,
    Senders,
    Unfetchable,
)
from daemon.digest.render import render
from daemon.digest.view import view_of
from daemon.digest.words import LANGUAGES, words
from daemon.errors import StoreError
from daemon.records import Automatic
from daemon.sending.store import ALONE, NOWHERE
from tests.builders import MORNING
from tests.stages.digest_texts import (
    CLOSED,
    EMPTY,
    FULL,
    LATE,
    LINKED,
    LINKS,
    REFUSED,
    ROME,
    SICK,
    UNSURE,
    Outline,
)


@pytest.mark.parametrize(
    ("number", "form"),
    [
        *((1, "one"), (2, "few"), (4, "few"), (5, "many"), (11, "many"), (12, "many")),
        *((14, "many"), (21, "many"), (22, "few"), (25, "many"), (112, "many"), (0, "many")),
        *((101, "many"), (102, "few"), (1004, "few")),
    ],
)
def test_polish_has_three_plurals(number: int, form: str) -> None:
    """1 wiadomość, 2-4 (also 22, 102) wiadomości są, the teens and the rest: jest."""
    assert plural("pl", number) == form


def test_italian_and_english_have_two_plurals() -> None:
    """Only one thing is in the singular; nothing is not."""
    for language in ("it", "en"):
        assert [plural(language, n) for n in (0, 1, 2, 22)] == ["many", "one", "many", "many"]


def shape(value: Any) -> Any:
    """Return keys and placeholders of a table of words, without the words."""
    if isinstance(value, dict) and set(value) <= {"one", "few", "many"}:
        fields = (placeholders(text) for form, text in value.items() if form != "one")
        return frozenset().union(*fields)
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return len(value) if isinstance(value, list) else placeholders(value)


def placeholders(text: str) -> frozenset[str]:
    """Return the names of what is filled in."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: str) -> None:
    """Same keys, same values filled in, and every plural form of the language."""
    table, english = words(language).table, words("en").table
    assert shape(table) == shape(english)
    forms = {"one", "few", "many"} if language == "pl" else {"one", "many"}
    assert all(set(v) == forms for v in table["say"].values() if isinstance(v, dict))
    assert set(table["automatic"]) == {kind.value for kind in Automatic}


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "Backdesk, Mon 23 Nov: 3 unsure, 1 quarantined, nothing missing"),
        ("it", "Backdesk, lun 23 nov: 3 incerte, 1 in quarantena, nessuna mancante"),
        ("pl", "Backdesk, pon. 23 lis: 3 niepewne, 1 w kwarantannie, niczego nie brakuje"),
    ],
)
def test_the_subject_says_it_all(language: str, subject: str) -> None:
    """Whoever reads only the subject knows what waits, and that nothing is missing."""
    digest = replace(EMPTY, unsure_total=3, quarantined_total=1)
    assert render(digest, language).subject == subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_digest_is_calm(language: str) -> None:
    """Without anything to do it says so, and has no empty lists."""
    rendered = render(EMPTY, language)
    assert not EMPTY.needs_people
    assert words(language).say("all_well") in rendered.text
    assert words(language).say("h_unsure") not in rendered.text
    assert "None" not in rendered.text + rendered.html


def said(value: Any) -> Iterator[str]:
    """Yield every text that a view holds, but for the subject and what only a mailbox shows."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from said(one)
    elif is_dataclass(value):
        left_out = {"subject", "preview", "language", "link", "block", "short"}
        for one in fields(value):
            if one.name not in left_out:
                yield from said(getattr(value, one.name))


def shown(view: View) -> list[str]:
    """Return the texts of all that a view shows: empty lists have headings that are not."""
    lists = tuple(one for one in view.lists if one.rows)
    counts = tuple(one for one in view.counts if one.rows or one.total)
    return list(said(replace(view, lists=lists, counts=counts)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_and_html_say_the_same(language: str) -> None:
    """Whatever the view says stands in both, and nothing is left unfilled."""
    rendered = render(LINKED, language)
    page = " ".join(Outline(rendered.html).text.split())
    text = " ".join(rendered.text.split())
    for sentence in filter(None, shown(view_of(LINKED, words(language)))):
        assert sentence in page, sentence
        assert sentence in text, sentence
    for link in LINKS:
        assert f"       {link}\n" in rendered.text
        assert f'href="{link}"' in rendered.html
    assert not re.search(r"[{}]|None|Undefined", rendered.text + page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_nothing_and_nests(language: str) -> None:
    """Tables and inline styles only: no image or script from anywhere, no link but ours."""
    outline = Outline(render(LINKED, language).html)
    assert outline.open == []
    assert outline.sources == list(LINKS)
    assert outline.elements <= {
        *("html", "head", "meta", "title", "style", "body", "table", "tr", "td"),
        *("h1", "h2", "div", "strong", "span", "br", "a"),
    }
    assert "url(" not in render(LINKED, language).html.replace("url=no", "")


@given(text=st.text(min_size=1), name=st.text())
def test_strangers_words_stay_words(text: str, name: str) -> None:
    """Whatever a subject, a sender, a folder or an error holds: the page has the same elements."""
    attack = f"{text}<script>x</script>\"'><img src=//bad.example>{{{{ 7*7 }}}}{{% x %}}{{0}}"
    mail = replace(UNSURE, subject=attack, sender=attack, sender_name=name, reason=attack)
    line = replace(FULL.folders[0], folder=attack)
    sick = replace(SICK, last_error=attack, paused=attack)
    lost = Unfetchable(account="info", folder=attack, number=1)
    digest = replace(FULL, unsure=(mail,), folders=(line,), accounts=(sick,), unfetchable=(lost,))
    case = replace(LATE, subject=attack, customer=attack, customer_name=name, owner=attack)
    digest = replace(
        digest,
        deadlines=Deadlines(overdue=(case,), overdue_total=1),
        closed=(replace(CLOSED, subject=attack, customer=name, customer_name=attack),),
        unsent=(replace(REFUSED, recipient=attack, why=attack),),
        newsletters=Senders(rows=((attack, name, 1),), total=1, senders=1),
    )
    rendered = render(digest, "en")
    outline = Outline(rendered.html)
    assert outline.sources == []
    assert "script" not in outline.elements
    assert "img" not in outline.elements
    assert outline.open == []
    assert max(map(columns, render(digest, "en").text.splitlines())) <= WIDTH


@given(text=st.text(), most=st.integers(1, 200))
def test_a_legible_line_is_short_and_hides_nothing(text: str, most: int) -> None:
    """No control, no line end, no letter that turns the order round; never over the length."""
    line = legible(text + "\u202egnp.exe\u2066\r\n\ud800", most)
    assert len(line) <= most
    assert not {unicodedata.bidirectional(c) for c in line} & {
        *("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"),
    }
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in line)
    assert line == legible(line, most)


def test_a_long_subject_is_cut_at_120_characters() -> None:
    """The cut shows."""
    long = render(replace(FULL, unsure=(replace(UNSURE, subject="x" * 300),)), "en")
    assert "x" * 119 + "…" in long.html
    assert "x" * 120 not in long.html
    assert "x" * 119 + "…" in "".join(long.text.split())


@pytest.mark.parametrize(
    ("reason", "polish"),
    [
        (
            "unsure: complaint 0.35 or request 0.33",
            "reklamacja (35%) albo prośba (33%)",
        ),
        (
            "unsure: other 0.35",
            "najbardziej prawdopodobna kategoria to inne, ale tylko 35%",
        ),
        ("no model", "brak ważnego modelu"),
        ("unsure: something new", "something new"),
    ],
)
def test_reasons_are_said_in_the_readers_language(reason: str, polish: str) -> None:
    """The verdict's own reasons are known; one that is not stays as it is."""
    assert words("pl").why_unsure(reason) == polish


def test_moments_are_those_of_the_house() -> None:
    """06:30 in UTC is 07:30 in Rome in winter and 08:30 in summer."""
    assert words("it").moment(MORNING, ROME) == "lun 23 nov, 07:30"
    assert words("en").moment(MORNING.replace(month=7), ROME) == "Thu 23 Jul, 08:30"
    assert words("pl").day(date(2026, 11, 23), "long") == "poniedziałek, 23 listopada 2026"


def test_the_sentence_that_tells_most_stands_below_an_unsure_mail() -> None:
    """Asked for by the likeliest label; what only names words, or nothing, is left out."""
    asked = []

    def tell(digest: bytes, label: str) -> list[str]:
        asked.append((digest, label))
        return ['says what went wrong: "Never came, said "sorry"."']

    told = with_sentences(replace(FULL, unsure=(replace(UNSURE, digest=b"1"),)), tell)
    assert asked == [(b"1", "complaint")]
    assert told.unsure[0].sentence == 'Never came, said "sorry".'
    assert '«Never came, said "sorry".»' in render(told, "en").text

    for nothing in ([], ['"refund"'], ["carries list headers"]):
        assert with_sentences(FULL, lambda *_, said=nothing: said) == FULL


def test_a_mail_that_cannot_be_read_again_is_listed_all_the_same() -> None:
    """The digest must come out, whatever the packs and the children do."""

    def fail(_digest: bytes, _label: str) -> list[str]:
        raise StoreError("the record is damaged")

    assert with_sentences(FULL, fail) == FULL
    assert with_sentences(FULL, lambda *_: 1 / 0) == FULL  # whatever it is
    without_model = replace(FULL, unsure=(replace(UNSURE, reason="no model"),))
    assert with_sentences(without_model, fail) == without_model


def test_sentences_are_not_asked_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure, or when the time is up, the digest goes out with what it has."""
    three = replace(
        FULL, unsure=tuple(replace(UNSURE, mail_id=n, digest=bytes([n])) for n in range(3))
    )
    asked = []

    def fail_at_two(digest: bytes, _label: str) -> list[str]:
        asked.append(digest[0])
        if digest[0]:
            raise StoreError("no children")
        return ['asks: "How much?"']

    told = with_sentences(three, fail_at_two)
    assert asked == [0, 1]
    assert [mail.sentence for mail in told.unsure] == ["How much?", "", ""]

    now = 0.0

    def slow(digest: bytes, _label: str) -> list[str]:
        nonlocal now
        now += SENTENCES_S * 0.6
        return ['asks: "How much?"']

    monkeypatch.setattr(clock, "monotonic", lambda: now)
    told = with_sentences(three, slow)
    assert [mail.sentence for mail in told.unsure] == ["How much?", "How much?", ""]


def test_cases_past_their_term_come_first() -> None:
    """In the subject, among what needs people, and in the lists; with who has them."""
    rendered = render(FULL, "it")
    assert rendered.subject.split(": ", 1)[1].startswith("5 scaduti, 1 in scadenza, 3 ")
    first, second = rendered.text.index("Oltre il termine"), rendered.text.index("In scadenza")
    assert first < second < rendered.text.index("Incerte (")
    text = " ".join(rendered.text.split())
    assert "2 giorni di ritardo Bolletta doppia Ugo Verdi <ugo@client.example>" in text
    assert "2026-00042-74 · reclamo · complaints · assegnata a Bruno · gravità critica" in text
    assert "incerto · non ancora assegnata" in text


def test_what_a_stranger_calls_himself_steers_no_case_line() -> None:
    """Subject, name and address are legible text on one line."""
    hostile = replace(LATE, subject="a\nb\u202ec", customer_name="\x1b[31m", customer="<b>@x")
    digest = replace(FULL, deadlines=Deadlines(overdue=(hostile,), overdue_total=1))
    rendered = render(digest, "en")
    assert "late\n       a bc\n" in rendered.text
    assert "\x1b" not in rendered.text
    assert "<b>@x" not in rendered.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("why", "holds"),
    [
        (f"{ALONE}DOT: 554 5.7.1 spam {{x}}", "DOT: 554 5.7.1 spam {x}"),
        (f"{NOWHERE}RCPT: no answer", "RCPT: no answer"),
        ("one went to this address within 7 days, its case is open", "7"),
        ("20 went to this domain within an hour", "20"),
    ],
)
def test_why_a_mail_did_not_leave(language: str, why: str, holds: str) -> None:
    """In the reader's language; only a relay's own words stay as they are."""
    said = words(language).why_unsent(why)
    assert holds in said
    assert language == "en" or said != why
