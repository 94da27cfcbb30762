"""The tables `[people.*]`: who works here, what each reads, and who stands in for whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from daemon.config.section import Section
from daemon.config.values import Addresses, EmailAddress, Name, TimeOfDay, Tongue, Zone, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Days on which somebody is away, both included."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Tell whether a day is one of them."""
        return self.first <= day <= self.last


def _absences(value: object) -> object:
    return tuple(map(_absence, value)) if isinstance(value, list) else value


def _absence(value: object) -> object:
    """Return the days of "2026-12-21/2027-01-06"; a date alone is one day."""
    if isinstance(value, date):
        return Absence(first=value, last=value)
    first, slash, last = value.partition("/") if isinstance(value, str) else ("", "", "")
    try:
        days = Absence(
            first=date.fromisoformat(first), last=date.fromisoformat(last if slash else first)
        )
    except ValueError:
        days = None
    if days is None or days.last < days.first:
        raise ValueError(
            f"{value!r} is not a span of days; allowed: "
            '"2026-12-21/2027-01-06", both included, or one day as "2026-12-21"'
        )
    return days


class Person(Section):
    """`[people.NAME]`: one who works with the queues."""

    name: Name
    address: EmailAddress
    aliases: Addresses = ()  # from which he writes as well
    queues: Annotated[tuple[Name, ...], BeforeValidator(listed)] = ()  # empty: all
    digest: bool = True
    digest_at: TimeOfDay | None = None  # None: as in [digest]
    timezone: Zone = ""  # of `digest_at`; empty: as in [service]
    language: Tongue | None = None  # None: as in [digest]
    deputy: str = ""  # gets the digest and new work while he is away
    absences: Annotated[tuple[Absence, ...], BeforeValidator(_absences)] = Field(
        default=(), strict=False
    )

    @property
    def addresses(self) -> frozenset[str]:
        """All addresses that are his, in lower case."""
        return frozenset(one.lower() for one in (self.address, *self.aliases))

    def is_away(self, day: date) -> bool:
        """Tell whether he is away on a local day."""
        return any(one.covers(day) for one in self.absences)


def stand_in(people: Mapping[str, Person], name: str, day: date) -> str | None:
    """Return who does the work of a person on a day: himself, or the first deputy who is there.

    None where nobody is: his deputies are away as well, or he has none.
    """
    seen: set[str] = set()
    while name in people and name not in seen:
        person = people[name]
        if not person.is_away(day):
            return name
        seen.add(name)
        name = person.deputy
    return None
