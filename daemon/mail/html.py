"""HTML -> readable text, with what a sender hides left out, and counts of links and images."""

import html as entities
import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from daemon.mail.limits import MailLimits

_DROPPED = ["script", "style", "head", "template", "noscript", "object", "svg", "select", "title"]
_HIDDEN = (
    '[hidden], [style*="display:none" i], [style*="display: none" i], '
    '[style*="visibility:hidden" i], [style*="visibility: hidden" i], [style*="mso-hide:all" i]'
)
_BLOCK = re.compile(
    r"<(?=br\b|/?(?:p|div|tr|li|ul|ol|table|h[1-6]|blockquote|pre|hr|dt|dd|center|section|article)"
    r"[\s/>])",
    re.IGNORECASE,
)
_CELL = re.compile(r"<(?=/t[dh]\b)", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
_ANY_TAG = re.compile(r"<[^<>]*>")
# Elements that are void, or that a parser closes by itself, so that they do not nest.
_FLAT = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "tbody",
        "thead",
        "tfoot",
        "option",
        "dt",
        "dd",
        "html",
        "head",
        "body",
    }
)
# Preheaders are padded with characters that show nothing.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u034f\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_INVISIBLE |= {0xA0: " ", 0x2007: " ", 0x202F: " "}
_GAPS = re.compile(r"\n{3,}")
# A parser compares each attribute of a tag with all before it: 130,000 of them took 88 s. What it
# may cost in all goes with names times characters.
_NAMES = 8_000
_NAMES_TIMES_CHARS = 2_000_000_000
_BETWEEN = re.compile(r"[\s/\"'<>]+")
_UNSEEN = (("<!--", "-->"), ("<style", "</style"), ("<script", "</script"))


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlCount:
    """What was counted in HTML, and the limit because of which no parser saw it."""

    links: int
    images: int
    cut: str | None = None


def html_text(html: str, limits: MailLimits) -> tuple[str, HtmlCount]:
    """Return the visible text of `html`, a line per block element, and its counts.

    Beyond `html_bytes` or `html_depth` (counted in characters and elements), or with thousands of
    attribute names (`html_attributes`), no parser sees the HTML: its first `html_bytes`
    characters are stripped of tags, and the cut is named.
    """
    cut = _reached_limit(html, limits)
    count = count_html(html, cut)
    if cut:
        return _tidy(_stripped(html[: limits.html_bytes])), count
    marked = _CELL.sub(" <", _BLOCK.sub("\n<", " ".join(html.split())))
    tree = LexborHTMLParser(marked)
    tree.strip_tags(_DROPPED)
    if "none" in html or "hid" in html:
        for node in tree.css(_HIDDEN):
            node.decompose()
    body = tree.body
    return _tidy(body.text() if body else ""), count


def count_html(html: str, cut: str | None = None) -> HtmlCount:
    """Count links (`<a ... href`) and images (`<img`) without parsing."""
    lowered = html.lower()
    return HtmlCount(links=lowered.count("<a "), images=lowered.count("<img"), cut=cut)


def _reached_limit(html: str, limits: MailLimits) -> str | None:
    if len(html) > limits.html_bytes:
        return "html_bytes"
    if html.count("<") > limits.html_depth and _depth(html) > limits.html_depth:
        return "html_depth"
    return "html_attributes" if len(html) > 4 * _NAMES and _has_many_names(html) else None


def _has_many_names(html: str) -> bool:
    """Say whether there are more different words than one tag may have attributes.

    Values and text count too: which quotes belong together only a parser could tell.
    """
    names = len({word.partition("=")[0] for word in _BETWEEN.split(html)})
    return names > _NAMES or names * len(html) > _NAMES_TIMES_CHARS


def _depth(html: str) -> int:
    """Return the greatest depth of nested elements, as if none were closed by the parser."""
    depth = deepest = 0
    for match in _TAG.finditer(html):
        closes, name = match.groups()
        if name.lower() in _FLAT:
            continue
        depth = max(0, depth - 1) if closes else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _stripped(html: str) -> str:
    for opening, closing in _UNSEEN:
        html = _without(html, opening, closing)
    return entities.unescape(_ANY_TAG.sub(" ", html))


def _without(html: str, opening: str, closing: str) -> str:
    """Return `html` without what stands between the two, linear also when they do not match."""
    lowered = html.lower()
    if len(lowered) != len(html):  # a letter whose lower case is two: offsets would not fit
        return html
    kept, done = [], 0
    start = lowered.find(opening)
    while start >= 0:
        end = lowered.find(closing, start)
        if end < 0:
            break
        kept.append(html[done:start])
        done = end + len(closing)
        start = lowered.find(opening, done)
    return " ".join((*kept, html[done:]))


def _tidy(text: str) -> str:
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()
