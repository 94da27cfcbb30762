"""The linter of mail's HTML: it finds each fault, and none in a digest."""

from dataclasses import replace

import pytest

from daemon.digest.fold import WIDTH, columns
from daemon.digest.records import Undone
from daemon.digest.render import render
from daemon.digest.words import LANGUAGES
from tests.browser.mail_limits import problems
from tests.browser.scenes import NOW, busy, calm, hostile, personal

HEAD = '<!DOCTYPE html><html lang="it" dir="ltr"><head><meta name="viewport"></head>'


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("<!DOCTYPE html><p>x</p>", "no language"),
        ("<html></html>", "no doctype"),
        ('<!DOCTYPE html><html lang="it" dir="ltr">', "no viewport"),
        (HEAD + "x" * 100_000, "Gmail clips it"),
        (HEAD + "<script>x</script>", "<script>"),
        (HEAD + "<svg></svg>", "<svg>"),
        (HEAD + '<td onclick="x">', "scripts"),
        (HEAD + '<img src="https://x.example/y.png">', "src"),
        (HEAD + '<td background="x.png">', "background"),
        (HEAD + '<a href="/label">x</a>', "leads nowhere"),
        (HEAD + "<a>x</a>", "leads nowhere"),
        (HEAD + "<table>", "screen readers"),
        (HEAD + '<table role="presentation">', "gaps"),
        (HEAD + '<div style="display:flex">', "no boxes"),
        (HEAD + '<td style="position:absolute">', "position"),
        (HEAD + '<td style="border-radius:4px">', "border-radius"),
        (HEAD + '<td style="background-color:url(x)">', "loads"),
        (HEAD + '<td style="margin:-4px 0">', "negative"),
        (HEAD + "<style>@import 'x';</style>", "@import"),
        (HEAD + "<style>td{</style>", "not closed"),
        (HEAD + f"<style>{'a{}' * 3000}</style>", "Gmail drops it"),
        (HEAD + "<!--[if mso]><v:rect><![endif]-->", "VML"),
    ],
)
def test_each_fault_is_found(page: str, fault: str) -> None:
    """A page that Gmail or Outlook would spoil is told why."""
    assert any(fault in problem for problem in problems(page)), problems(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_digest_is_dropped_clipped_or_broken(language: str) -> None:
    """Calm, busy, of one person with links, and with sixty items."""
    for digest in (calm(), busy(4), personal(), busy(20)):
        assert problems(render(digest, language).html) == []


def test_sixty_items_are_all_there() -> None:
    """Nothing of three lists of twenty is left out for want of room, links included."""
    page = render(busy(20), "it").html
    assert len(page.encode()) < 100_000
    assert all(f">{one.item}</strong>" in page for one in busy(20).unsure)
    for case in (*busy(20).deadlines.overdue, *busy(20).deadlines.soon):
        assert case.reference in page


@pytest.mark.parametrize(
    "words",
    [
        '"' * 10_000,
        "W" * 10_000,
        "&<>" * 3_000,
        "<script>alert(1)</script><img src=x onerror=y>" * 200,
        "\u202egnp.exe\u2066\u200f" * 1_000,
        "שלום עולם " * 1_000,
        "件名" * 5_000,
        "\U0001f600" * 5_000,
        "a\u0301\u0302\u0303" * 3_000,
        "http://evil.example/" + "x" * 9_000,
    ],
)
def test_strangers_neither_break_nor_clip_a_digest(words: str) -> None:
    """Whatever they write, in all lists: the page keeps its size, its tags and its links."""
    rendered = render(hostile(words), "en")
    assert problems(rendered.html) == []
    assert "\u202e" not in rendered.html + rendered.text
    assert rendered.html.count("<a ") == 0
    assert max(map(columns, rendered.text.splitlines())) <= WIDTH


def test_an_endless_answer_does_not_clip_the_digest() -> None:
    """Of a reply only the first lines that were not understood are told."""
    undone = Undone(
        mail_id=1,
        sender="x@client.example",
        received_at=NOW,
        lines=tuple((f"no.{number} " + "&" * 500, "word") for number in range(10_000)),
    )
    rendered = render(replace(busy(20), undone=(undone,) * 10), "en")
    assert problems(rendered.html) == []
    told = rendered.text.split()
    assert "no.4" in told
    assert "no.5" not in told
