"""The digest in a real Chromium: on a desk and on a phone, in the light and in the dark."""

from collections.abc import Iterator

import pytest

from daemon.digest.layout import View
from daemon.digest.records import Digest
from daemon.digest.render import render
from daemon.digest.view import view_of
from daemon.digest.words import words
from tests.browser.scenes import busy, calm, hostile, personal
from tests.servers.chromium import Chromium, Look

pytestmark = [pytest.mark.server, pytest.mark.slow]

SCENES: tuple[tuple[Digest, str], ...] = (
    (busy(5), "it"),
    (busy(5), "pl"),
    (busy(5), "en"),
    (calm(), "pl"),
    (personal(), "en"),
    (hostile("W" * 10_000, 2), "it"),
    (hostile("שלום <b>עולם</b> \u202eabc", 2), "it"),
)
VIEWS = [(width, scheme) for width in (390, 1200) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def looks(chromium: Chromium) -> dict[tuple[int, str], list[Look]]:
    """Give how each scene looks in each view."""
    pages = [render(digest, language).html for digest, language in SCENES]
    return {view: chromium.look_at(pages, *view) for view in VIEWS}


def entries(view: View) -> Iterator[str]:
    """Yield the texts of all entries, counts and findings."""
    for listing in view.lists:
        for row in listing.rows:
            yield from filter(None, (row.mark, row.unit, row.title, *row.lines))
    for numbers in view.counts:
        yield from (row.name for row in numbers.rows)
    for chart in view.charts.rows:
        yield from (str(bar.short) for bar in chart.bars)
    for health in view.health:
        yield from (row.line for row in health.rows)


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_runs_out_of_the_window(
    looks: dict[tuple[int, str], list[Look]], view: tuple[int, str]
) -> None:
    """No side scrolling at 390 and 1200 pixels, whatever strangers write."""
    for look in looks[view]:
        assert look.width == view[0]
        assert look.scroll_width <= look.width
        assert look.outside == ()


@pytest.mark.parametrize("view", VIEWS)
def test_every_text_can_be_read(
    looks: dict[tuple[int, str], list[Look]], view: tuple[int, str]
) -> None:
    """The contrast of all text is at least 4.5 to 1 (WCAG AA), in both schemes."""
    for look in looks[view]:
        assert look.faint == ()


@pytest.mark.parametrize("view", VIEWS)
def test_every_item_is_seen(
    looks: dict[tuple[int, str], list[Look]], view: tuple[int, str]
) -> None:
    """Each entry stands in what is visible, in full."""
    for look, (digest, language) in zip(looks[view], SCENES, strict=True):
        visible = "".join(look.text.split())
        for text in entries(view_of(digest, words(language))):
            assert "".join(text.split()) in visible


def test_the_dark_is_dark(looks: dict[tuple[int, str], list[Look]]) -> None:
    """The reader's scheme decides."""
    assert {look.background for look in looks[390, "light"]} == {"rgb(241, 243, 245)"}
    assert {look.background for look in looks[390, "dark"]} == {"rgb(18, 22, 27)"}


def test_what_is_faint_or_outside_is_noticed(chromium: Chromium) -> None:
    """The measure itself: a page with one fault of each kind."""
    page = (
        '<!DOCTYPE html><body style="margin:0"><p style="color:#aaa">faint</p>'
        '<p style="color:#000;width:900px;text-align:right">wide</p></body>'
    )
    (look,) = chromium.look_at([page], 390, "light")
    assert look.faint == ("2.32 faint",)
    assert look.outside == ("wide",)
    assert look.scroll_width == 900
