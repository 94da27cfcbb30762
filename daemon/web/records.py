"""The records of the public pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from daemon.jobs import House
from daemon.mail.links import Link, Purpose

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody with a link that is good."""

    link: Link
    tongue: str  # that the visitor's program asks for: it, pl, en
    form: Mapping[str, str] | None  # what was sent; None: somebody only looks
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a page answers."""

    body: bytes
    status: int = 200
    media_type: str = HTML
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One kind of page. Without a form in the visit `answer` must change nothing."""

    path: str  # with {token} in it
    purpose: Purpose
    takes_forms: bool
    answer: Callable[[House, Visit], Reply]
