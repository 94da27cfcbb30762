"""A digest in words -> its text and its HTML, by the shipped templates."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from daemon.config.shipped import shipped
from daemon.digest.fold import columns, fold
from daemon.digest.layout import View
from daemon.digest.records import Digest
from daemon.digest.view import MOST, view_of
from daemon.digest.words import Words, words

HTML_BYTES = 100_000
"""Of the page at most; Gmail shows no more than 102 kB of a mail."""

NO_LINKS: Mapping[int, str] = MappingProxyType({})

_FEWER = (17, 14, 12, 10, 8, 6, 4, 2, 1)  # entries of a list, until the page is small enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A digest that can be sent or shown."""

    subject: str
    text: str
    html: str


def render(digest: Digest, language: str, links: Mapping[int, str] = NO_LINKS) -> Rendered:
    """Return the digest in it, pl or en; strangers' words are escaped in the HTML.

    Where long subjects make the page larger than mailboxes show, its lists are cut sooner.

    Args:
        digest: of a day.
        language: of its reader.
        links: id of an unsure mail -> where this reader may decide what it is.
    """
    digest = _linked(digest, links)
    chosen = words(language)
    view, page = _page(digest, chosen, MOST)
    for most in _FEWER:
        if len(page.encode()) <= HTML_BYTES:
            break
        view, page = _page(digest, chosen, most)
    plain = _templates()[0].get_template("digest.txt.j2").render(_fields(view))
    return Rendered(subject=view.subject, text=plain, html=page)


def _linked(digest: Digest, links: Mapping[int, str]) -> Digest:
    if not links:
        return digest
    unsure = (replace(one, link=links.get(one.mail_id, one.link)) for one in digest.unsure)
    return replace(digest, unsure=tuple(unsure))


def _page(digest: Digest, chosen: Words, most: int) -> tuple[View, str]:
    view = view_of(digest, chosen, most)
    return view, _templates()[1].get_template("digest.html.j2").render(_fields(view))


def _fields(view: View) -> dict[str, object]:
    return {name: getattr(view, name) for name in view.__dataclass_fields__}


@cache
def _templates() -> tuple[ImmutableSandboxedEnvironment, ImmutableSandboxedEnvironment]:
    """The environments of text and HTML; they share the folder, not the escaping."""
    return _environment(escape=False), _environment(escape=True)


def _environment(*, escape: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["fold"] = fold
    environment.filters["columns"] = columns
    return environment
