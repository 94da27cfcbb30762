"""A sheet of words -> a page of HTML that reads on a phone and needs nothing from elsewhere."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from daemon.config.shipped import shipped
from daemon.web.records import Reply
from daemon.web.tongues import page_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One answer that can be given."""

    name: str  # of the form's field
    value: str
    text: str
    is_now: bool = False  # it is so already


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A page in words; strangers' words are escaped when it is rendered."""

    language: str
    title: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    legend: str = ""  # above the buttons
    buttons: tuple[Button, ...] = ()


def reply_of(sheet: Sheet, status: int = 200) -> Reply:
    """Return a sheet as an answer."""
    words = page_words(sheet.language)
    fields = {name: getattr(sheet, name) for name in Sheet.__dataclass_fields__}
    page = _template().get_template("page.html.j2")
    text = page.render(fields, style=_style(), now=words.say("now"))
    return Reply(body=text.encode("utf-8", "replace"), status=status)


def short_reply(kind: str, language: str, status: int) -> Reply:
    """Return a page that only says something: gone, refused, busy, trouble."""
    words = page_words(language)
    title, line = words.say(f"{kind}_title"), words.say(kind)
    return reply_of(Sheet(language=language, title=title, lines=(line,)), status)


@cache
def style_hash() -> str:
    """Return what a Content-Security-Policy knows our style by (CSP 3, 2.3.1)."""
    digest = hashlib.sha256(_style().encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


@cache
def _style() -> str:
    return shipped("templates/page.css").read_text(encoding="utf-8")


@cache
def _template() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
