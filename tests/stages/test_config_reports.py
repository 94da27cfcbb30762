"""`[reports]` and compensation: what is refused, and what the shipped sums are."""

import pytest

from daemon import config
from daemon.config.terms import shipped_terms
from tests.stages.test_config_deadlines import PROFILE
from tests.stages.test_config_problems import FILE, SMALL, problems

REPORTS = '[reports]\nto = ["direction@example.org"]\n'
PAYS = '[deadlines.ours.compensation]\ncurrency = "EUR"\nsource = "x"\n'


def said(text: str) -> str:
    """Return the one problem of a configuration: key: message."""
    ((_, key, message),) = problems(text)
    return f"{key}: {message}"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("monthly_day = 0", "reports.monthly_day: must be 1 or more"),
        ("monthly_day = 29", "reports.monthly_day: must be 28 or less"),
        ('at = "02:30"', "reports.at: at 02:30 the clock is put forward or back"),
        ('language = "de"', "reports.language: must be one of"),
        ("repeat_days = 1", "reports.repeat_days: must be 2 or more"),
        ('per_person = "yes"', "reports.per_person: must be true or false"),
        (
            'languages = { "directoin@example.org" = "pl" }',
            "is not in reports.to; did you mean direction@example.org?",
        ),
        ('to_whom = "x"', "reports.to_whom: unknown key"),
    ],
)
def test_mistakes_are_named(more: str, message: str) -> None:
    """With the key, and what is allowed."""
    assert message in said(f"{SMALL}\n{REPORTS}{more}\n")


def test_a_report_needs_a_relay() -> None:
    """Otherwise nobody would notice that it never comes."""
    start, end = SMALL.index("[relays"), SMALL.index("[digest]")
    without = SMALL[:start] + SMALL[end:].replace("[digest]", "[digest]\nto = []\n#")
    without = without[: without.index("[digest]")] + without[without.index("[web]") :]
    config.parse(without, FILE)
    assert "reports.to: a report cannot be sent: no relay" in said(f"{without}\n{REPORTS}")


def test_a_report_needs_a_sender() -> None:
    """That of the digest, also where there is no digest."""
    text = SMALL.replace(
        'host = "smtp.example.org"\nusername = "info@example.org"',
        'host = "smtp.example.org"\nusername = "u1234"',
    )
    text = text[: text.index("[digest]")] + text[text.index("[web]") :]
    config.parse(text, FILE)
    assert said(f"{text}\n{REPORTS}").startswith("digest.sender: is missing")


@pytest.mark.parametrize(
    ("pays", "message"),
    [
        ("", "deadlines.ours.compensation: names no sum; write base, per_term or per_day"),
        ("base = 30\nmost = 20", "deadlines.ours.compensation.most: is less than base"),
        ("base = -1", "deadlines.ours.compensation.base: must be 0 or more"),
        ('base = "30"', "deadlines.ours.compensation.base: must be a number"),
    ],
)
def test_wrong_sums_are_named(pays: str, message: str) -> None:
    """Each with its key."""
    assert message in said(f"{SMALL}{PROFILE}{PAYS}{pays}\n")


def test_a_currency_is_a_code() -> None:
    """Of three letters."""
    wrong = PAYS.replace("EUR", "euro")
    assert "'euro' is not a currency" in said(f"{SMALL}{PROFILE}{wrong}base = 1\n")
    assert "currency: is missing" in said(
        f'{SMALL}{PROFILE}[deadlines.ours.compensation]\nsource = "x"\nbase = 1\n'
    )


def test_the_shipped_sums_name_their_source() -> None:
    """Only where the regime itself has a sum."""
    paid = {
        name: one.compensation
        for name, one in shipped_terms().deadlines.items()
        if one.compensation
    }
    assert {
        name: (one.base, one.per_term, one.per_day, one.most) for name, one in paid.items()
    } == {
        "it-energy": (25, 25, 0, 75),
        "it-energy-2025": (25, 25, 0, 75),
        "it-water": (30, 30, 0, 90),
        "it-telecom": (0, 0, 2.5, 300),
    }
    assert all(len(one.source) > 40 for one in paid.values())
