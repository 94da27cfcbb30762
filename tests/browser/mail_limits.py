"""The HTML of a mail -> what of it Gmail or Outlook would drop, clip or break.

Gmail cuts a mail at 102 kB, a `<style>` of more than 8192 characters and one it cannot read, and
everything that scripts, loads or positions. Outlook for Windows lays out with Word: tables, not
boxes (Microsoft, "Word 2007 HTML and CSS rendering capabilities in Outlook"; caniemail.com).
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

MOST_BYTES = 100_000
MOST_STYLE = 8_192

TAGS = frozenset(
    {
        *("html", "head", "meta", "title", "style", "body"),
        *("table", "tr", "td", "h1", "h2", "div"),
        *("strong", "span", "br", "a"),
    }
)
"""All that a digest needs; each is known everywhere."""

PROPERTIES = frozenset(
    {
        *("margin", "padding", "color", "background-color", "border", "border-top"),
        *("border-left", "font-family", "font-size", "font-weight", "line-height", "text-align"),
        *("table-layout", "word-wrap", "overflow-wrap", "max-width", "display", "max-height"),
        *("overflow", "mso-hide"),
    }
)
"""Of inline styles; those that Word lacks (from `table-layout` on) only refine."""

_LOADS = ("src", "srcset", "background", "poster", "data", "action", "ping")
_BOXED = re.compile(r"(?<!v)\d(?:px|em|%)?\s*-\d|-\d")  # a negative length


class _Page(HTMLParser):
    """Collects what is wrong while it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.style = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        given = {name: value or "" for name, value in attrs}
        if tag not in TAGS:
            self.wrong.append(f"<{tag}> is not known everywhere")
        self.wrong += _attributes(tag, given)
        self.wrong += _inline(given.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data

    def handle_comment(self, data: str) -> None:
        if "<v:" in data or "<o:" in data:
            self.wrong.append("VML")


def problems(page: str) -> list[str]:
    """Return everything that is wrong, in words; empty when nothing is."""
    read = _Page()
    read.feed(page)
    return [*_whole(page), *read.wrong, *_sheet(read.style)]


def _whole(page: str) -> Iterator[str]:
    size = len(page.encode())
    if size > MOST_BYTES:
        yield f"{size} bytes: Gmail clips it"
    if not page.startswith("<!DOCTYPE html>"):
        yield "no doctype: browsers fall back to quirks"
    if not re.search(r'<html lang="[a-z]{2}" dir="(?:ltr|rtl)">', page):
        yield "no language or direction"
    if '<meta name="viewport"' not in page:
        yield "no viewport: phones show it small"


def _attributes(tag: str, given: dict[str, str]) -> Iterator[str]:
    for name in given:
        if name.startswith("on"):
            yield f"{name}: scripts are dropped"
        if name in _LOADS:
            yield f"{name}: something is loaded"
    if tag == "a" and not re.match(r"https?://[^/]", given.get("href", "")):
        yield f"a link that leads nowhere: {given.get('href', '')!r}"
    if tag == "table":
        if given.get("role") != "presentation":
            yield "a table that screen readers announce"
        if (given.get("cellpadding"), given.get("cellspacing")) != ("0", "0"):
            yield "a table with gaps of the client's own"


def _inline(style: str) -> Iterator[str]:
    for declaration in filter(None, (part.strip() for part in style.split(";"))):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name not in PROPERTIES:
            yield f"{name}: not known to Word, or dropped by Gmail"
        if "url(" in value or "expression(" in value or "var(" in value:
            yield f"{declaration}: loads or computes"
        if name == "display" and value != "none":
            yield f"{declaration}: Word has no boxes"
        if name in ("margin", "padding") and _BOXED.search(value):
            yield f"{declaration}: negative lengths are dropped"


def _sheet(style: str) -> Iterator[str]:
    if len(style) > MOST_STYLE:
        yield f"a sheet of {len(style)} characters: Gmail drops it"
    if style.count("{") != style.count("}"):
        yield "a sheet that is not closed: Gmail drops all of it"
    for word in ("@import", "@font-face", "url(", "position", "flex", "grid", "float", "var("):
        if word in style:
            yield f"{word} in the sheet"
