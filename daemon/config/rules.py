"""The tables `[[rules]]`: which mail goes to which queue, and what else is done with it.

The first rule with a queue (or `stop`) that matches decides; one with neither adds what it says,
and the rules after it are asked.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from daemon.config.section import Section
from daemon.config.values import (
    Addresses,
    AddressGlobs,
    Filled,
    Languages,
    Name,
    Regex,
    Share,
    Size,
    Texts,
    listed,
    name_of,
)

KINDS = (
    "bounce", "dsn", "auto-reply", "read-receipt", "pec-receipt", "abuse-report", "own",
)  # fmt: skip
"""The kinds of automatic mail, as in `daemon.records.Automatic`."""


def _kinds(value: object) -> object:
    """`true`: every kind; `false`: none, that is, not automatic; a kind or a list of kinds."""
    if isinstance(value, bool):
        return KINDS if value else ()
    if value == []:
        raise ValueError(f"must be true, false, or a list of: {', '.join(KINDS)}")
    return listed(value)


def _kind(value: str) -> str:
    if value not in KINDS:
        raise ValueError(f"{value!r} is not a kind; allowed: true, false, {', '.join(KINDS)}")
    return value


def _or_none(value: object) -> object:
    return None if value == "" else value


def _letter(value: object) -> object:
    """`false`: none is sent, kept as ""; else the name of a template."""
    if value is False:
        return ""
    if not isinstance(value, str):
        raise ValueError("must be the name of a letter, or false for none")  # noqa: TRY004 - pydantic's
    return name_of(value)


Kind = Annotated[str, AfterValidator(_kind)]
Letter = Annotated[str, BeforeValidator(_letter)]
Priority = Literal["low", "normal", "high", "urgent"]
"""As in `daemon.records.PRIORITIES`."""


class Condition(Section):
    """`when`: all that is written must hold; of a list, one member; nothing written: all mail."""

    label: Texts | None = None  # labels, "unsure" (abstained) or "automatic"
    automatic: Annotated[tuple[Kind, ...] | None, BeforeValidator(_kinds)] = None  # (): is not
    min_confidence: Share | None = None
    max_confidence: Share | None = None
    language: Languages | None = None
    account: Texts | None = None
    sender: AddressGlobs | None = None
    sender_regex: Regex | None = None
    recipient: AddressGlobs | None = None  # of To and Cc
    subject: Texts | None = None  # parts of it; case and accents do not count
    subject_regex: Regex | None = None
    headers: Annotated[dict[Filled, Regex], Field(min_length=1)] | None = None
    min_size: Size | None = None  # of the raw mail
    max_size: Size | None = None
    attachments: bool | None = None
    attachment_name: Texts | None = None  # globs


class Rule(Section):
    """One of `[[rules]]`."""

    name: Filled
    when: Condition
    queue: Annotated[str | None, BeforeValidator(_or_none)] = None
    stop: bool = False  # matched, and left where it is
    priority: Priority | None = None  # None: not said
    owner: Filled | None = None
    deadline: Name | None = None  # a profile in place of the queue's
    acknowledgement: Letter | None = None  # a template's name; "": none; None: as usual
    tags: Annotated[tuple[Filled, ...], BeforeValidator(listed)] = ()
    forward: Addresses = ()
    webhook: Name | None = None

    @property
    def ends(self) -> bool:
        """Whether no rule is asked after it."""
        return self.stop or self.queue is not None
