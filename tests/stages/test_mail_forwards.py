"""Whose mail a colleague passes on: the customer's, or nobody can tell; a colleague's never."""

import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.forward_blocks import addresses_in, blocks_in
from daemon.mail.forward_dates import moment_in
from daemon.mail.forwards import HEADERS, ForwardRules, passed_on
from daemon.mail.limits import MailLimits
from daemon.mail.parse import read_mail
from daemon.mail.staff import Staff
from daemon.records import Forwarded
from tests.stages.forward_oddities import BRUNO, CARLA, DARIO, odd
from tests.stages.forward_shapes import (
    ANNA,
    ASK,
    HERE,
    OWN,
    STAFF,
    WHO,
    Shape,
    by_program,
    gmail,
    mail_of,
    outlook,
)
from tests.stages.mail_builders import SETS, development_mails

ROME = ZoneInfo("Europe/Rome")
RULES = ForwardRules(staff=STAFF, limits=MailLimits(), zone=ROME)
SENT = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
PLAIN = tuple(by_program())
ODD = tuple(odd())


def found(raw: bytes, rules: ForwardRules = RULES) -> Forwarded | None:
    """Return what a mail passes on."""
    passed = passed_on(read_mail(raw, rules.limits), raw, rules)
    return passed and passed.forwarded


def told(forward: Forwarded | None) -> str:
    """Return whose it is, as the shapes say it."""
    if forward is None:
        return OWN
    return forward.customer.email.lower() if forward.customer else ASK


@pytest.mark.parametrize("shape", PLAIN, ids=lambda one: one.name)
def test_each_program_in_each_language(shape: Shape) -> None:
    """The customer with her name, the date of her mail and its subject."""
    forward = found(mail_of(shape))
    assert told(forward) == shape.customer
    assert (forward.customer.name, forward.how, forward.why) == ("Anna Rossi", HEADERS, "")
    assert forward.sent_at == SENT
    assert forward.subject


@pytest.mark.parametrize("shape", ODD, ids=lambda one: one.name.replace(" ", "-"))
def test_what_is_not_as_simple_as_it_looks(shape: Shape) -> None:
    """Where two answers are possible a person is asked, with a reason, and with who it may be."""
    forward = found(mail_of(shape))
    assert told(forward) == shape.customer
    if forward is not None:
        assert bool(forward.why) == (shape.customer == ASK)
        assert not any(STAFF.has(one.email) for one in forward.proposed)


def test_there_are_shapes_enough() -> None:
    """Forty were asked for."""
    assert len({one.name for one in PLAIN}) == len(PLAIN) >= 40
    assert {one.customer for one in ODD} >= {ANNA, ASK, OWN}


def test_a_staff_address_with_a_tag_is_of_the_house() -> None:
    """The address of a case, as in info+c12.x@; another's mailbox in the same domain is not."""
    staff = Staff(addresses=frozenset({"info@desk.example"}), separators="+-")
    for ours in ("INFO@desk.example", "info+c12.abc@Desk.example", "info-c12.abc@desk.example"):
        assert staff.has(ours)
    assert not staff.has("information@desk.example")
    assert not staff.has("anna@desk.example")
    dashes = Staff(addresses=frozenset({"ada-maria@desk.example"}), separators="+")
    assert dashes.has("ada-maria+x@desk.example")
    assert not dashes.has("ada@desk.example")


PIECES = st.sampled_from(
    [
        outlook("it"), outlook("fr", BRUNO), gmail("pl"), gmail("de", HERE), f"From: {CARLA}\n",
        f"Da: {DARIO}\nInviato: ieri\nA: {WHO}\nOggetto: x\n", "> ", "\n", "*From:* ", "\u00a0",
        "Begin forwarded message:\n", "-----Original Message-----\n", f"{BRUNO} ha scritto:\n",
        "<", "mailto:", "@example.org ", "info@example.org", "From:\nSent:\nTo:\n",
        "Forwarded by x -----\n", "posta-certificata@x.example per conto di ",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=30), max_size=25).map("".join)


@given(TEXTS, st.sampled_from(["Fwd: x", "Re: x", "x", "I: R: x"]), st.booleans())
def test_whatever_the_text_a_colleague_is_never_the_customer(
    text: str, subject: str, is_html: bool
) -> None:
    """Nor proposed as one; and who is sure has no reason to be asked about."""
    shape = Shape(name="", subject=subject, text=text.replace("\r", "\n"), is_html=is_html)
    forward = found(mail_of(shape))
    if forward is None:
        return
    named = [*forward.proposed, *filter(None, (forward.customer,))]
    assert not any(STAFF.has(one.email) for one in named)
    assert forward.is_sure == (forward.why == "")
    assert not (forward.is_sure and forward.proposed)


class Steps:
    """Counts the lines of Python that run."""

    def __init__(self) -> None:
        self.count = 0

    def trace(self, frame: object, event: str, _: object) -> object:
        """Count one."""
        self.count += 1
        return self.trace


HOSTILE = {
    "keys": "From:\n",
    "headers": "From: a@b.example\nSent: x\nTo: y\nSubject: z\n",
    "marks": "-- Forwarded message\n",
    "attributions": "On 1 wrote:\n",
    "addresses": "a@b.example ",
    "signs": "@" * 100,
    "quotes": "> " * 400 + "\n",
    "letters": "a" * 1000,
    "dates": "Date: 1.1.1.1.1.1.1\nFrom: x\nTo: y\n",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_read_in_bounded_steps(kind: str) -> None:
    """Beyond the first 65,536 characters more text costs nothing; up to there no square of it."""
    counts = []
    for size in (30_000, 60_000, 600_000):
        text, steps = HOSTILE[kind] * (size // len(HOSTILE[kind])), Steps()
        before = sys.gettrace()
        sys.settrace(steps.trace)
        try:
            assert len(blocks_in(text, ROME)) <= 20
        finally:
            sys.settrace(before)
        counts.append(steps.count)
    assert counts[1] < 3 * counts[0] + 1000
    assert counts[2] < 1.5 * counts[1] + 1000


@given(st.text(max_size=400))
def test_any_line_is_read_for_a_date_and_addresses(line: str) -> None:
    """Nothing is raised; a moment is in UTC, an address has two parts."""
    moment = moment_in(line, ROME)
    assert moment is None or moment.tzinfo is UTC
    for one in addresses_in(line):
        assert one.email.count("@") == 1
        assert one.email.isprintable()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("lundi 23 novembre 2026 à 10h15", SENT),
        ("Mon, 23 Nov 2026 01:15:00 -0800", SENT),
        ("11/23/2026 10:15:00 AM", SENT),
        ("23-Nov-2026 10:15", SENT),
        ("10:15 23/11/2026", SENT),
        ("03/04/2026 10:15", datetime(2026, 4, 3, 8, 15, tzinfo=UTC)),
        ("1er décembre 2026 à 09:15:00 UTC+1", datetime(2026, 12, 1, 8, 15, tzinfo=UTC)),
        ("Monday, November 23, 2026 12:30 AM", datetime(2026, 11, 22, 23, 30, tzinfo=UTC)),
        ("31 febbraio 2026 10:15", None),
        ("domani", None),
        ("", None),
    ],
)
def test_dates_as_people_read_them(line: str, wanted: datetime | None) -> None:
    """Without a zone they are of the house; where day and month cannot be told apart, none."""
    assert moment_in(line, ROME) == wanted


def test_an_english_date_in_figures_may_be_either() -> None:
    """The third of April, or the fourth of March."""
    assert moment_in("03/04/2026 10:15", ROME, is_english=True) is None
    assert moment_in("23/11/2026 10:15", ROME, is_english=True) == SENT


needs_data = pytest.mark.skipif(not SETS.is_dir(), reason="no development data here")


@needs_data
def test_real_texts_give_the_writer_of_their_first_headers_or_ask() -> None:
    """Passed on by a colleague, as they stand; judged by the first line that begins with From."""
    answers: dict[str, list[str]] = {"right": [], "ask": [], "wrong": []}
    for path, raw in development_mails("reply_quotes"):
        if any(part in path for part in ("emails__", "before__", "fixtures__email_")):
            text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
            answer = told(found(mail_of(Shape(name=path, subject="Fwd: x", text=text))))
            judged = "right" if answer in _first_from(text) else "wrong"
            answers["ask" if answer == ASK else judged].append(path)
    figures = {name: len(paths) for name, paths in answers.items()}
    assert answers["wrong"] == []
    assert figures["right"] >= 18, figures


def _first_from(text: str) -> str:
    """Return the first line that begins with a From, and the one below it, in lower case."""
    keys = ("from", "da", "od", "von", "de", "fra", "från", "van")
    lines = [line.lstrip("> *\t").lower() for line in text.split("\n")]
    for number, line in enumerate(lines):
        key, colon, _ = line.partition(":")
        if colon and key.strip(" \u00a0*") in keys:
            return " ".join(lines[number : number + 2])
    return ""


FIRM = ("enron.com", "ect.enron.com", "ei.enron.com", "mailman.enron.com")


@needs_data
def test_real_forwards_of_a_firm_never_give_one_of_the_firm() -> None:
    """Of a firm's own mail of 2000, mostly by Notes, whose names have no addresses."""
    rules = ForwardRules(staff=Staff(domains=frozenset(FIRM)), limits=MailLimits(), zone=ROME)
    sure, asked = 0, 0
    for path, raw in development_mails("enron_categories"):
        forward = found(raw, rules)
        if forward is None:
            continue
        sure, asked = sure + forward.is_sure, asked + (not forward.is_sure)
        named = [*forward.proposed, *filter(None, (forward.customer,))]
        assert not any(one.email.endswith("enron.com") for one in named), path
        if forward.customer:
            text = read_mail(raw, RULES.limits).text.lower()
            above = text[: text.index(forward.customer.email.lower())].splitlines()[-9:]
            assert any("forwarded" in line or "from:" in line for line in above), path
    assert sure >= 50, (sure, asked)
