"""The reports as people see them: three languages of equal quality, harmless in HTML and CSV."""

import csv
import io
import json
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.cli.output import json_of
from daemon.config.plurals import plural
from daemon.quality.complaints import complaints_of
from daemon.quality.period import month_before, month_of, period_of
from daemon.quality.records import Case, Clock, Complaints, Cost, Service, Turn
from daemon.quality.register import entries_of
from daemon.quality.render import as_html, as_text
from daemon.quality.service import service_of
from daemon.quality.sheet import COLUMNS, REGISTER, as_csv, document_of, register_rows, rows_of
from daemon.quality.statistics import Quantile, share_of
from daemon.quality.view import View, complaints_view, one_line, service_view, subject
from daemon.quality.words import LANGUAGES, percent, words
from daemon.triage.rulebook import Rulebook
from tests.contracts.busy_year import settings

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 4, 1, 6, tzinfo=UTC)
MARCH = month_of(2026, 3, ROME, NOW)
BOOK = Rulebook.of(settings())
ATTACK = '=HYPERLINK("http://x.example";"<script>alert(1)</script>")'
VOID = {"meta", "br"}


def case(number: int, **changes: Any) -> Case:
    """Return a complaint of the second of March."""
    received = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(hours=number)
    plain = Case(
        id=number, reference=f"2026-{number:05d}-00", kind="complaint", queue="bills", owner="Ada",
        channel="mail", customer=f"{number}@client.example", profile="phone", severity="high",
        product="gas", remedy="", decision="", recourse="", received_at=received,
    )  # fmt: skip
    return replace(plain, **changes)


def closed(number: int, cause: str, **changes: Any) -> Case:
    """Return a complaint that was answered and closed after some days."""
    done = datetime(2026, 3, 10, 9, tzinfo=UTC)
    clock = Clock("reply", "answer", done + timedelta(days=5), done)
    turns = (Turn(done, closes=True, cause=cause),)
    plain = case(number, acknowledged_at=done, answered_at=done, answered_by="mail", turns=turns)
    return replace(plain, clocks=(clock,), **changes)


def complaints(*cases: Case) -> Complaints:
    """Return the report on complaints of March."""
    return complaints_of(cases, MARCH, BOOK, repeat_days=365)


def service(*cases: Case) -> Service:
    """Return the report on service of March."""
    return service_of(cases, MARCH, BOOK, per_person=True)


def views(language: str, *cases: Case) -> tuple[View, View]:
    """Return both reports in words."""
    said = words(language)
    return complaints_view(complaints(*cases), said), service_view(service(*cases), said)


class Outline(HTMLParser):
    """What stands in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def sentences(table: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of a language with its path; forms of one plural share theirs."""
    for key, value in table.items():
        if isinstance(value, dict) and "many" in value:
            yield from ((f"{path}{key}", one) for one in value.values())
        elif isinstance(value, dict):
            yield from sentences(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same(language: str) -> None:
    """The same keys, with the same values to fill in, and every form of its plurals."""

    def holes(name: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for path, text in sentences(dict(words(name).table)):
            inner = {one[1] for one in string.Formatter().parse(text) if one[1]}
            found.setdefault(path, set()).update(inner)
        return found

    mine, theirs = holes(language), holes("en")
    assert {path: one - {"n"} for path, one in mine.items()} == {
        path: one - {"n"} for path, one in theirs.items()
    }
    forms = {"one", "many"} | ({"few"} if language == "pl" else set())
    for one in words(language).table["say"].values():
        assert not isinstance(one, dict) or set(one) == forms


@pytest.mark.parametrize(
    ("language", "number", "says"),
    [
        ("pl", 1, "1 otrzymana reklamacja, 1 zamknięta"),
        ("pl", 3, "3 otrzymane reklamacje, 3 zamknięte"),
        ("pl", 12, "12 otrzymanych reklamacji, 12 zamkniętych"),
        ("pl", 22, "22 otrzymane reklamacje, 22 zamknięte"),
        ("it", 1, "1 reclamo ricevuto, 1 pratica chiusa"),
        ("it", 2, "2 reclami ricevuti, 2 pratiche chiuse"),
        ("en", 1, "1 complaint received, 1 closed"),
        ("en", 0, "0 complaints received, 0 closed"),
    ],
)
def test_numbers_have_their_plurals(language: str, number: int, says: str) -> None:
    """In the first line, and in the subject of the mail."""
    cases = [closed(n, "bill") for n in range(1, number + 1)]
    assert says in views(language, *cases)[0].lines[0]
    assert says in subject(complaints(*cases), words(language))
    assert plural("pl", 22) == "few"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_month_is_a_report(language: str) -> None:
    """It says that there was nothing, in text, HTML, CSV and JSON."""
    both = views(language)
    for shown in (as_text(both), as_html(both)):
        assert words(language).say("empty") in shown
        assert "None" not in shown
    for report in (complaints(), service()):
        rows = list(csv.DictReader(io.StringIO(as_csv(COLUMNS, rows_of(report)), newline="")))
        assert {row["value"] for row in rows} <= {"0", ""}
        assert json.loads(json_of(document_of(report)))["since"] == "2026-03-01"


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_case_is_told_with_its_times(language: str) -> None:
    """Which here are exact; those of an open one are at least so long."""
    done, waiting = closed(1, "bill"), case(1)
    text = as_text(views(language, done))
    assert words(language).time(Quantile(seconds=7 * 86_400 + 23 * 3_600)) in text
    at_least = words(language).say("at_least", time="X").removesuffix("X").strip()
    assert at_least in as_text(views(language, waiting)).split(words(language).say("c_left"))[1]
    (timing,) = (one for one in service(waiting).total.timings if one.measure == "answer")
    open_for = (NOW - waiting.received_at).total_seconds()
    assert timing.wall.median == Quantile(seconds=open_for, at_least=True)


def test_pages_load_nothing_and_are_closed() -> None:
    """One file; what people wrote is text in it, and its bars are within their room."""
    hostile = [closed(n, f"{ATTACK}{n}", product=ATTACK, queue=ATTACK) for n in range(1, 15)]
    page = as_html(views("it", *hostile))
    outline = Outline(page)
    assert outline.open == []
    assert not {"script", "img", "link", "iframe", "a"} & set(outline.elements)
    assert not {"src", "href", "onload"} & {name for name, _ in outline.attributes}
    assert "url(" not in page
    assert "&lt;script&gt;" in page
    widths = [int(one) for one in re.findall(r"width:(\d+)%\"", page)]
    assert widths
    assert max(widths) <= 100
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


@given(st.text())
def test_a_word_of_the_house_is_one_harmless_line(text: str) -> None:
    """No control, no letter that turns the order round."""
    line = one_line(text + "\u202egpj.exe\r\n\x1b[2J")
    assert len(line) <= 60
    assert all(char.isprintable() for char in line)


@given(st.lists(st.text(max_size=20), max_size=5), st.text(max_size=4))
def test_no_cell_of_a_sheet_is_a_formula(texts: list[str], start: str) -> None:
    """Whatever stands in the register; and it comes back whole."""
    cells = [*texts, *(f"{sign}{start}" for sign in "=+-@\t\r\n"), ATTACK]
    columns = [str(n) for n in range(len(cells))]
    sheet = as_csv(columns, [dict(zip(columns, cells, strict=True))])
    _, row = csv.reader(io.StringIO(sheet, newline=""))
    assert [one for one in row if one.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []
    for cell, wanted in zip(row, cells, strict=True):
        assert cell in (wanted, f"'{wanted}")


def test_the_register_is_a_sheet_with_fixed_names() -> None:
    """And without a word of any mail, a name or an address."""
    assert REGISTER == (
        "reference", "received", "channel", "queue", "state", "acknowledged", "severity", "product",
        "remedy", "due", "answered", "decision", "cause", "closed", "recourse", "on_time",
    )  # fmt: skip
    sheet = as_csv(REGISTER, register_rows(entries_of([closed(1, "=bill"), case(2)], MARCH)))
    first, second = csv.DictReader(io.StringIO(sheet, newline=""))
    assert (first["cause"], first["on_time"], first["state"]) == ("'=bill", "yes", "closed")
    assert first["received"] == "2026-03-02T11:00:00+01:00"
    assert (second["closed"], second["on_time"]) == ("", "")
    assert "client.example" not in sheet


def test_the_sheet_of_a_report_has_one_measure_a_row() -> None:
    """Under names that stay; a share with its interval, a time with "at least"."""
    sheet = as_csv(COLUMNS, rows_of(complaints(closed(1, "bill"), case(2))))
    rows = list(csv.DictReader(io.StringIO(sheet, newline="")))
    found = {(one["section"], one["name"], one["measure"]): one for one in rows}
    assert found["causes", "bill", "number"]["value"] == "1"
    assert found["total", "", "kept_share"]["value"] == "1.0"
    assert 0.2 < float(found["total", "", "kept_share"]["low"]) < 0.3
    assert found["total", "", "open"]["value"] == "1"
    sheet = as_csv(COLUMNS, rows_of(service(closed(1, "bill"), case(2), case(3))))
    rows = list(csv.DictReader(io.StringIO(sheet, newline="")))
    times = {one["measure"]: one for one in rows if one["section"] == "total"}
    assert times["answer_p90_s"]["at_least"] == "yes"
    assert times["answer_waiting"]["value"] == "2"


def test_the_first_ten_causes_are_shown_and_the_rest_summed_up() -> None:
    """In a sheet all are."""
    cases = [closed(n, f"cause {n % 12}") for n in range(1, 31)]
    causes = views("en", *cases)[0].tables[0]
    assert len(causes.rows) == 11
    assert causes.rows[-1][0] == "2 others"
    assert sum(int(row[1]) for row in causes.rows) == 30
    assert causes.rows[-1][3] == "100%"
    assert len(complaints(*cases).causes) == 12


def test_sums_of_money_are_written_as_people_write_them() -> None:
    """With the note that a lawyer must check them."""
    cost = Cost(
        profile="it-energy", source="x", currency="EUR", terms=2, amount=Decimal("1250.5"),
        growing=1,
    )  # fmt: skip
    report = replace(complaints(closed(1, "bill")), costs=(cost,))
    for language, amount, lawyer in (
        ("it", "1250,50 EUR", "legale"), ("pl", "1250,50 EUR", "prawnik"),
        ("en", "1250.50 EUR", "lawyer"),
    ):  # fmt: skip
        text = as_text([complaints_view(report, words(language))])
        assert amount in text
        assert lawyer in text
    assert "lawyer" not in as_text(views("en", closed(1, "bill")))


def test_shares_never_look_like_all_or_nothing_when_they_are_not() -> None:
    """999 of 1000 is 99 %."""
    assert [percent(one) for one in (0.0, 0.001, 0.5, 0.999, 1.0)] == [
        "0%", "1%", "50%", "99%", "100%",
    ]  # fmt: skip
    assert words("en").interval(share_of(0, 0)) == ""


def test_months_with_a_change_of_the_clock_are_an_hour_shorter_or_longer() -> None:
    """And the month before that of January is December."""
    hours = {n: month_of(2026, n, ROME, NOW) for n in (3, 6, 10)}
    assert [(one.until - one.since) / timedelta(hours=1) for one in hours.values()] == [
        743, 720, 745,
    ]  # fmt: skip
    before = month_before(date(2027, 1, 15), ROME, NOW)
    assert (before.first, before.last) == (date(2026, 12, 1), date(2026, 12, 31))
    one_day = period_of(date(2026, 3, 29), date(2026, 3, 29), ROME, NOW)
    assert one_day.until - one_day.since == timedelta(hours=23)
