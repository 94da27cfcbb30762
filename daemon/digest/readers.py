"""The settings and a moment -> who gets a digest, when, about what, and who reads it instead."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from daemon.config.people import Person, stand_in
from daemon.config.settings import Settings
from daemon.digest.records import Scope

KIND = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One who gets a digest each day."""

    address: str  # whose it is; with the local date the key of its row
    at: time
    zone: ZoneInfo  # of `at`, and in which its days are counted
    language: str
    scope: Scope = field(default_factory=Scope)
    person: str = ""  # of [people.*]; "": only an address

    @property
    def schedule(self) -> str:
        """The name of its daily job."""
        return f"{KIND}:{self.address.lower()}"

    def key(self, day: date) -> str:
        """Return the key of the digest of a local date."""
        return f"{KIND}:{day.isoformat()}:{self.address.lower()}"

    def is_due(self, now: datetime) -> bool:
        """Tell whether its time of this local day has come."""
        return now.astimezone(self.zone).time().replace(tzinfo=None) >= self.at


def readers_of(settings: Settings) -> tuple[Reader, ...]:
    """Return everybody who gets a digest: addresses of `digest.to`, then people."""
    chosen = settings.digest
    house = tuple(
        Reader(
            address=address,
            at=chosen.at,
            zone=settings.service.zone,
            language=language_for(settings, address),
        )
        for address in chosen.to
    )
    return (*house, *_people(settings))


def language_for(settings: Settings, address: str) -> str:
    """Return the language of who reads at an address: it, pl or en."""
    person, chosen = settings.person_at(address), settings.digest
    own = person.language if person else chosen.languages.get(address)
    return own or chosen.language or settings.service.language


def recipient_of(settings: Settings, reader: Reader, day: date) -> tuple[str, str]:
    """Return the address to which a digest of a day goes, and the language of who reads it there.

    That of whoever stands in while a person is away; where nobody is there, the person's own.
    """
    who = stand_in(settings.people, reader.person, day)
    if not reader.person or who in (None, reader.person):
        return reader.address, reader.language
    deputy = settings.people[str(who)].address
    return deputy, language_for(settings, deputy)


def _people(settings: Settings) -> Iterator[Reader]:
    for name, person in settings.people.items():
        if person.digest:
            yield Reader(
                address=person.address,
                at=person.digest_at or settings.digest.at,
                zone=ZoneInfo(person.timezone) if person.timezone else settings.service.zone,
                language=language_for(settings, person.address),
                scope=_scope(person),
                person=name,
            )


def _scope(person: Person) -> Scope:
    """Return what concerns a person: all, or their cases and what nobody has in their queues."""
    if not person.queues:
        return Scope(name=person.name)
    return Scope(queues=frozenset(person.queues), owner=person.name, name=person.name)
