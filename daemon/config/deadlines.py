"""The tables `[calendars.*]`, `[hours.*]` and `[deadlines.*]`: when an answer is due.

A profile says what a statute, a regulator or a promise of the house asks for; nothing here counts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
)

from daemon.config.section import Section, named
from daemon.config.values import Filled, Name, listed, time_of, zone_name

UNITS = ("hours", "business hours", "days", "working days", "months")
"""The units of a term, as they are written."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

HOUSE = "house"
"""The name of the calendar and of the hours that are meant where none is named."""

RECEIPT = "receipt"
"""What starts a clock that no other clock starts."""

_LONGEST = {"hours": 8_760, "business hours": 2_000, "days": 3_660, "working days": 2_500,
            "months": 120}  # fmt: skip
_TERM = re.compile(r"(\d{1,5}) ([a-z]+(?: [a-z]+)?)")
_SPAN = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_EVERY_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LEAP_YEAR = 2000
_EXAMPLE = '"monday-friday 09:00-13:00 14:00-18:00"'

Spans = tuple[tuple[time, time], ...]
Week = tuple[Spans, ...]
"""The open spans of each day, from Monday to Sunday."""


@dataclass(frozen=True, slots=True)
class Term:
    """How long: `amount` of one of `UNITS`."""

    amount: int
    unit: str

    def __str__(self) -> str:
        """Return it as it is written: `15 working days`, `1 month`."""
        return f"{self.amount} {self.unit[:-1] if self.amount == 1 else self.unit}"


def term_of(value: object) -> Term:
    """Return a term from text such as `"30 days"` or `"1 month"`."""
    match = _TERM.fullmatch(value) if isinstance(value, str) else None
    unit = f"{match[2].removesuffix('s')}s" if match else ""
    if match is None or unit not in UNITS:
        raise ValueError(
            'must be a term such as "30 days"; allowed: a whole number and one of '
            f"{', '.join(UNITS)}"
        )
    if not 1 <= int(match[1]) <= _LONGEST[unit]:
        raise ValueError(f"{value!r} is out of range; allowed: 1 to {_LONGEST[unit]} {unit}")
    return Term(int(match[1]), unit)


def week_of(value: object) -> Week:
    """Return the open spans from Monday to Sunday from lines as `"monday-friday 09:00-17:00"`."""
    lines = listed(value)
    if not isinstance(lines, tuple) or not lines:
        raise ValueError(f"must be a list of days with spans, such as [{_EXAMPLE}]")
    week: list[Spans] = [()] * len(WEEKDAYS)
    for line in lines:
        words = line.split() if isinstance(line, str) else []
        spans = tuple(_span(word) for word in words[1:])
        ends = [moment for span in spans for moment in span]
        if not spans or ends != sorted(set(ends)):
            raise ValueError(f"{line!r} has no spans in order; allowed: lines such as {_EXAMPLE}")
        for day in _days(words[0]):
            if week[day]:
                raise ValueError(f"{WEEKDAYS[day]} is in two lines; allowed: all its spans in one")
            week[day] = spans
    return tuple(week)


def _days(word: str) -> range:
    first, _, last = word.partition("-")
    ends = [WEEKDAYS.index(_weekday(day)) for day in (first, last or first)]
    if ends[1] < ends[0]:
        raise ValueError(f"{word!r} goes backwards; allowed: monday-friday")
    return range(ends[0], ends[1] + 1)


def _span(text: str) -> tuple[time, time]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is not a span; allowed: "09:00-13:00"')
    return time_of(match[1]), time_of(match[2])


def _free_day(value: object) -> date | tuple[int, int]:
    """Return a date, or (month, day) of every year from `"12-07"`."""
    match = _EVERY_YEAR.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        month, day = int(match[1]), int(match[2])
        try:
            date(_LEAP_YEAR, month, day)
        except ValueError:
            raise ValueError(f"{value!r} is not a day of the year") from None
        return month, day
    if type(value) is date:
        return value
    raise ValueError('must be a date such as 2026-12-07, or "12-07" for every year')


def _weekday(value: str) -> str:
    if value not in WEEKDAYS:
        raise ValueError(f"{value!r} is not a day of the week; allowed: {', '.join(WEEKDAYS)}")
    return value


def country_of(value: str) -> str:
    """Return the code of a country whose public holidays are known."""
    if value not in _countries():
        raise ValueError(f"{value!r} is not a country; allowed: ISO 3166-1 codes such as IT, PL")
    return value


def subdivision_of(value: str, info: ValidationInfo) -> str:
    """Return a part of the country that has public holidays of its own, or the empty text."""
    country = info.data.get("country", "")
    known = _countries().get(country)
    if value and known is not None and value not in known:
        allowed = ", ".join(known) or "none"
        raise ValueError(f"{value!r} is not a part of {country}; allowed: {allowed}")
    return value


@cache
def _countries() -> Mapping[str, Sequence[str]]:
    # half a second that a configuration without calendars need not wait for
    from holidays import list_supported_countries  # noqa: PLC0415

    return list_supported_countries()


def currency_of(value: str) -> str:
    """Return the code of a currency."""
    if not _CURRENCY.fullmatch(value):
        raise ValueError(f"{value!r} is not a currency; allowed: ISO 4217 codes such as EUR, PLN")
    return value


FreeDay = Annotated[date | tuple[int, int], PlainValidator(_free_day)]
Money = Annotated[float, Field(ge=0, le=1_000_000)]
ATerm = Annotated[Term, PlainValidator(term_of), PlainSerializer(str)]


class Calendar(Section):
    """`[calendars.NAME]`: which days are worked."""

    name: Name
    country: Annotated[str, AfterValidator(country_of)]  # ISO 3166-1
    subdivision: Annotated[str, AfterValidator(subdivision_of)] = ""  # in Italy the province
    holidays: Annotated[tuple[FreeDay, ...], BeforeValidator(listed)] = ()  # more of them
    weekend: Annotated[
        tuple[Annotated[str, AfterValidator(_weekday)], ...], BeforeValidator(listed)
    ] = Field(default=("saturday", "sunday"), max_length=6)  # somebody must work some day


class Hours(Section):
    """`[hours.NAME]`: when a desk is open."""

    name: Name
    calendar: Name = HOUSE
    timezone: Annotated[str, AfterValidator(zone_name)] | None = None  # None: as in [service]
    open: Annotated[Week, PlainValidator(week_of)]


class Clock(Section):
    """`[deadlines.NAME.clocks.NAME]`: one term that runs."""

    name: Name
    term: ATerm
    extended: ATerm | None = None  # the whole term when it is extended, from the same start
    interim_reply: bool = False  # who extends must say so within `term`
    first: Literal["next", "same"] = "next"  # is the day (hour) of the start counted
    starts: Name = RECEIPT  # or a clock: when that one is met, at the latest when it is due
    only_if: str = ""  # a matter; the clock runs only where the mail is about it
    met_by: Literal["answer", "acknowledgement", "decision", "closing"] = "answer"
    met_when: Literal["sent", "delivered"] = "sent"


class Compensation(Section):
    """`[deadlines.NAME.compensation]`: what a customer is owed for an answer that comes late."""

    currency: Annotated[str, AfterValidator(currency_of)]  # ISO 4217
    source: Filled  # statute, article, date
    base: Money = 0.0  # as soon as it is late
    per_term: Money = 0.0  # each time the whole term has passed again
    per_day: Money = 0.0  # of delay
    most: Money = 0.0  # altogether; 0: no limit

    def sum_of(self, key: str) -> Decimal:
        """Return one of the sums as it is written, without the error of a float."""
        return Decimal(str(getattr(self, key)))


class Profile(Section):
    """`[deadlines.NAME]`: the terms under one regime."""

    name: Name
    title: Filled
    source: Filled  # statute, article, date
    calendar: Name = HOUSE
    hours: Name = HOUSE
    rolls_over: Literal["no", "holidays", "holidays and saturdays"] = "no"
    pauses: Annotated[tuple[Filled, ...], BeforeValidator(listed)] = ()  # reasons the regime knows
    pause_days: Annotated[int, Field(ge=0, le=3_660)] = 0  # in all, at most; 0: any number
    pause_times: Annotated[int, Field(ge=0, le=100)] = 0  # pauses at most; 0: any number
    silence: Literal["", "accepted", "refused"] = ""  # what no answer in time means
    channel: Literal["any", "as received", "durable", "paper unless asked"] = "any"
    approval: bool = False  # a second person must approve answers under it
    valid_from: date | None = None
    valid_until: date | None = None
    earlier: Name | None = None  # the profile for what was received before `valid_from`
    compensation: Compensation | None = None  # None: lateness costs nothing that is known
    clocks: Annotated[dict[Name, Clock], BeforeValidator(named), Field(min_length=1)]


class Terms(Section):
    """What may stand in the shipped `deadlines.toml`."""

    calendars: Annotated[dict[Name, Calendar], BeforeValidator(named)] = Field(default_factory=dict)
    deadlines: Annotated[dict[Name, Profile], BeforeValidator(named)] = Field(default_factory=dict)
