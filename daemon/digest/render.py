"""A digest in words -> its text and its HTML, by the shipped templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from daemon.config.shipped import shipped
from daemon.digest.records import Digest
from daemon.digest.view import NO_LINKS, view_of
from daemon.digest.words import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A digest that can be sent or shown."""

    subject: str
    text: str
    html: str


def render(digest: Digest, language: str, links: Mapping[int, str] = NO_LINKS) -> Rendered:
    """Return the digest in it, pl or en; strangers' words are escaped in the HTML.

    Args:
        digest: of a day.
        language: of its reader.
        links: id of an unsure mail -> where this reader may decide what it is.
    """
    view = view_of(digest, words(language), links)
    fields = {name: getattr(view, name) for name in view.__dataclass_fields__}
    text, html = _templates()
    return Rendered(
        subject=view.subject,
        text=text.get_template("digest.txt.j2").render(fields),
        html=html.get_template("digest.html.j2").render(fields),
    )


@cache
def _templates() -> tuple[ImmutableSandboxedEnvironment, ImmutableSandboxedEnvironment]:
    """The environments of text and HTML; they share the folder, not the escaping."""
    return _environment(escape=False), _environment(escape=True)


def _environment(*, escape: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
