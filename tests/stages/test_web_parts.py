"""The small parts of the public pages: who asks, how often, in which language; and calendars."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.digest.words import LANGUAGES
from daemon.web.addresses import Proxies, is_here, site_of
from daemon.web.ics import Due, calendar
from daemon.web.rates import ALL, Rates
from daemon.web.sheets import Button, Sheet, reply_of
from daemon.web.tongues import page_words, tongue_of
from tests.builders import MORNING
from tests.stages.digest_texts import VOID, Outline
from tests.stages.test_digest_words import shape

ROME = ZoneInfo("Europe/Rome")
HERE = Proxies(("127.0.0.1", "::1"))
AFAR = Proxies(("10.0.0.0/8", "127.0.0.1"))


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "client"),
    [
        (HERE, "127.0.0.1", [], "127.0.0.1"),
        (HERE, "127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        (HERE, "127.0.0.1", ["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        (HERE, "127.0.0.1", ["6.6.6.6", "192.0.2.7"], "192.0.2.7"),
        (HERE, "127.0.0.1", ["192.0.2.7, 127.0.0.1"], "192.0.2.7"),
        (AFAR, "127.0.0.1", ["192.0.2.7, 10.1.2.3"], "192.0.2.7"),
        (HERE, "192.0.2.9", ["192.0.2.7"], "192.0.2.9"),
        (HERE, "::ffff:127.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        (HERE, "127.0.0.1", ["192.0.2.7:80"], "192.0.2.7"),
        (HERE, "127.0.0.1", ["192.0.2.7, nonsense"], "127.0.0.1"),
        (HERE, "127.0.0.1", [",,,"], "127.0.0.1"),
        (HERE, "", ["192.0.2.7"], ""),
    ],
)
def test_only_a_trusted_proxy_names_the_client(
    proxies: Proxies, peer: str, forwarded: list[str], client: str
) -> None:
    """What stands left of the first address that is no proxy is the client's own claim."""
    assert proxies.client_of(peer, forwarded) == client


@given(st.lists(st.text(max_size=30), max_size=5))
def test_no_header_makes_an_error(forwarded: list[str]) -> None:
    """Whatever is claimed, somebody is the client."""
    assert HERE.client_of("127.0.0.1", forwarded)


def test_who_may_enter() -> None:
    """This machine and the proxies."""
    assert HERE.may_enter("127.0.0.1")
    assert HERE.may_enter("127.1.2.3")
    assert not HERE.may_enter("10.0.0.1")
    assert AFAR.may_enter("10.0.0.1")
    assert not AFAR.may_enter("a socket")
    assert is_here("::1")
    assert not is_here("192.0.2.7")


def test_one_customer_is_one_client() -> None:
    """Who has an IPv6 network has one limit, not 2^64."""
    assert site_of("2001:db8:1:2::7") == site_of("2001:db8:1:2:ffff::1") != site_of("2001:db8:1::1")
    assert site_of("192.0.2.7") == "192.0.2.7"


@given(
    st.integers(1, 200),
    st.lists(st.floats(0, 5, allow_subnormal=False), min_size=1, max_size=400),
)
def test_nobody_gets_more_than_the_limit(per_minute: int, pauses: list[float]) -> None:
    """In no minute more than twice the limit (a rush, then the pace), on the whole the pace."""
    rates, now_s, admitted = Rates(per_minute), 1_000.0, list[float]()
    for pause in pauses:
        now_s += pause
        if rates.admit("a", now_s) == 0:
            admitted.append(now_s)
    for start in admitted:
        assert sum(start <= one < start + 60 for one in admitted) <= 2 * per_minute + 1
    assert len(admitted) <= per_minute * (1 + (now_s - 1_000) / 60) + 1


def test_waiting_as_long_as_told_helps() -> None:
    """A refused request costs nothing."""
    rates = Rates(3)
    assert [rates.admit("a", 0) for _ in range(3)] == [0, 0, 0]
    waits = [rates.admit("a", 0) for _ in range(50)]
    assert set(waits) == {waits[0]}
    assert rates.admit("b", 0) == 0
    assert rates.admit("a", waits[0]) == 0


def test_all_together_have_a_limit_and_few_are_remembered() -> None:
    """A thousand addresses get no more than ten, in bounded memory."""
    rates = Rates(5, most_clients=20)
    admitted = sum(rates.admit(f"192.0.2.{n}", 0) == 0 for n in range(1_000))
    assert admitted == 5 * ALL
    assert len(rates._free_at) == 20


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "it"),
        ("pl", "pl"),
        ("en-GB,en;q=0.9", "en"),
        ("de, pl;q=0.5, en;q=0.7", "en"),
        ("fr", "it"),
        ("*", "it"),
        ("pl;q=0, en;q=0.1", "en"),
        ("pl;q=nan", "it"),
        ("pl;q=x,PL-pl", "pl"),
        ("," * 10_000 + "pl", "it"),
    ],
)
def test_the_reader_says_in_which_language(accepted: str, language: str) -> None:
    """By weight; else the language of the house."""
    assert tongue_of(accepted, "it") == language


@given(st.text())
def test_any_wish_for_a_language_has_an_answer(accepted: str) -> None:
    """A stranger's header is never an error."""
    assert tongue_of(accepted, "it") in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_on_pages(language: str) -> None:
    """Same keys, same values filled in."""
    assert shape(page_words(language).table) == shape(page_words("en").table)


@given(st.text(), st.text())
def test_strangers_words_stay_words(subject: str, label: str) -> None:
    """Nothing of a mail or of the configuration becomes an element or an attribute."""
    sheet = Sheet(
        language="it",
        title="t",
        lines=("x",),
        facts=(("Oggetto", subject + '"><script>alert(1)</script><!--'),),
        legend="l",
        buttons=(Button(name="label", value=label + '" onclick="x', text=label + "<b>"),),
    )
    page = reply_of(sheet).body.decode()
    outline = Outline(page)
    assert not outline.elements & {"script", "b", "img", "link", "iframe"}
    assert outline.elements - VOID <= {
        "html", "head", "title", "style", "body", "main", "h1", "p", "dl", "dt", "dd", "form",
        "fieldset", "legend", "button",
    }  # fmt: skip
    assert " onclick=" not in re.sub(r'"[^"]*"', '""', page)


def due(title: str = "x", at: datetime = MORNING, uid: str = "1") -> Due:
    """Return a clock."""
    return Due(uid=uid, title=title, at=at)


def unfolded(made: bytes) -> list[tuple[str, str, str]]:
    """Read iCalendar as RFC 5545 3.1 says: name, parameters, value; nothing of ours is used."""
    assert made.endswith(b"\r\n")
    assert not re.search(rb"[^\r]\n|\r[^\n]", made)
    assert max(map(len, made.split(b"\r\n"))) <= 75
    for line in made.split(b"\r\n"):
        line.decode()  # no character is cut in two
    lines = made.decode().replace("\r\n ", "").split("\r\n")[:-1]
    found = [re.fullmatch(r"([A-Z-]+)((?:;[A-Z-]+=[^;:]*)*):(.*)", line) for line in lines]
    return [(one[1], one[2], one[3]) for one in found if one]


def plain(value: str) -> str:
    """Undo the escapes of a text (3.3.11)."""
    return re.sub(r"\\(.)", lambda one: "\n" if one[1] in "nN" else one[1], value)


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])), max_size=4))
def test_a_calendar_reads_back(titles: list[str]) -> None:
    """Lines of 75 octets at most, each text as it was, one event for each clock."""
    made = calendar("Scadenze; di \\ tutti, €", [due(title) for title in titles], ROME, MORNING)
    read = unfolded(made)
    assert [plain(value) for name, _, value in read if name == "SUMMARY"] == titles
    assert [plain(v) for n, _, v in read if n == "X-WR-CALNAME"] == ["Scadenze; di \\ tutti, €"]
    blocks = [value for name, _, value in read if name in ("BEGIN", "END")]
    assert blocks == ["VCALENDAR", *["VEVENT"] * 2 * len(titles), "VCALENDAR"]
    assert ("METHOD", "", "PUBLISH") in read
    assert sum(name == "DTSTAMP" for name, _, _ in read) == len(titles)
    assert b"VALARM" not in made


@given(st.text())
def test_no_title_adds_a_line(title: str) -> None:
    """A line break in a name is no property, and no control character gets out."""
    read = unfolded(calendar("x", [due(title + "\r\nATTENDEE:mailto:x@y.example")], ROME, MORNING))
    assert not [name for name, _, _ in read if name == "ATTENDEE"]


@pytest.mark.parametrize(
    ("at", "start"),
    [
        (datetime(2026, 12, 23, 23, 59, 59, tzinfo=ROME), (";VALUE=DATE", "20261223")),
        (datetime(2026, 12, 23, 22, 59, 59, tzinfo=UTC), (";VALUE=DATE", "20261223")),
        (datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC), (";VALUE=DATE", "20260701")),
        (datetime(2026, 12, 23, 12, 30, tzinfo=ROME), ("", "20261223T113000Z")),
    ],
)
def test_a_clock_stands_where_it_ends(at: datetime, start: tuple[str, str]) -> None:
    """The end of a day is that day; a term in hours is a moment in UTC."""
    read = unfolded(calendar("x", [due(at=at)], ROME, MORNING))
    assert [(how, value) for name, how, value in read if name == "DTSTART"] == [start]
    ends = [value for name, _, value in read if name == "DTEND"]
    day = f"{at.astimezone(ROME).date() + timedelta(days=1):%Y%m%d}"
    assert ends == ([day] if start[0] else [])
