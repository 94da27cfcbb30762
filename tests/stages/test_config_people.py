"""What the configuration says of people: who is who, who is there, what does not fit together."""

from datetime import date

import pytest

from daemon import config
from daemon.config.people import stand_in
from tests.stages.test_config_problems import FILE, SMALL, only, problems

HOUSE = f"""{SMALL}
[people.anna]
address = "Anna@Example.org"
aliases = ["a.nowak@example.org"]
queues = ["complaints"]
deputy = "bruno"
absences = ["2026-12-21/2027-01-06", "2027-03-19", 2027-05-03]

[people.bruno]
address = "bruno@example.org"
deputy = "carla"
absences = ["2027-01-04/2027-01-08"]

[people.carla]
address = "carla@example.com"
deputy = "anna"
"""


@pytest.mark.parametrize(
    ("more", "key", "message"),
    [
        ('address = "anna"', "people.a.address", "is not an e-mail address"),
        ("", "people.a.address", "is missing"),
        ('address = "a@b.org"\nqueues = ["complain"]', "people.a.queues[0]", "mean complaints?"),
        ('address = "a@b.org"\ndeputy = "a"', "people.a.deputy", "'a' is not another of"),
        ('address = "a@b.org"\ndeputy = "bruno"', "people.a.deputy", "'bruno' is not another"),
        ('address = "a@b.org"\nname = "a"', "people.a.name", "the name is a, as in the header"),
        ('address = "a@b.org"\ntimezone = "Rome"', "people.a.timezone", "not a known time zone"),
        ('address = "a@b.org"\nlanguage = "de"', "people.a.language", "must be one of"),
        ('address = "a@b.org"\ndigest_at = "02:30"', "people.a.digest_at", "may come"),
        (
            'address = "a@b.org"\ntimezone = "Atlantic/Azores"\ndigest_at = "00:30"',
            "people.a.digest_at",
            "the hour of change of the zone",
        ),
        ('address = "a@b.org"\nabsences = ["2027-01-06/2027-01-02"]', "people.a.absences", "span"),
        ('address = "a@b.org"\nabsences = ["yule"]', "people.a.absences", "is not a span of days"),
        ('address = "a@b.org"\nabsences = [7]', "people.a.absences", "is not a span of days"),
        (
            'address = "a@b.org"\n[people.b]\naddress = "b@b.org"\naliases = ["A@b.org"]',
            "people.b.aliases[0]",
            "is an address of people.a already",
        ),
        ('address = "TEAM@example.org"', "digest.to[0]", "people.a gets a digest already"),
    ],
)
def test_what_does_not_fit_is_named(more: str, key: str, message: str) -> None:
    """Each finding has its key, and says what is allowed."""
    _, named, said = only(f"{SMALL}[people.a]\n{more}\n")
    assert named == key
    assert message in said


def test_people_without_a_relay_cannot_get_a_digest() -> None:
    """A digest that nobody can send is found before the service starts."""
    start = SMALL.index("[relays.main]")
    alone = f"{SMALL[:start]}[people.a]\naddress = 'a@b.org'\n"
    assert [key for _, key, _ in problems(alone)] == ["people"]
    assert not config.parse(f"{alone}digest = false\n", FILE).people["a"].digest


def test_a_domain_of_the_house_is_one() -> None:
    """An address in place of a domain is refused; capitals do not count."""
    wrong = SMALL.replace("[accounts.info]", 'domains = ["a@example.org"]\n[accounts.info]')
    assert only(wrong)[1] == "service.domains[0]"
    right = SMALL.replace("[accounts.info]", 'domains = ["Example.NET"]\n[accounts.info]')
    assert config.parse(right, FILE).is_staff("somebody@EXAMPLE.net")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("anna@example.org", "anna"),
        ("A.NOWAK@example.org", "anna"),
        ("carla@example.com", "carla"),
        ("carla@example.org", None),
    ],
)
def test_an_address_leads_to_its_person(address: str, name: str | None) -> None:
    """By the address and each alias, whatever the case of letters."""
    found = config.parse(HOUSE, FILE).person_at(address)
    assert (found and found.name) == name


def test_staff_are_people_and_accounts() -> None:
    """The mailbox that is watched is no customer either; a stranger is."""
    settings = config.parse(HOUSE, FILE)
    assert settings.is_staff("INFO@example.org")
    assert settings.is_staff("bruno@example.org")
    assert not settings.is_staff("customer@example.org")


@pytest.mark.parametrize(
    ("day", "who"),
    [
        (date(2026, 12, 20), "anna"),
        (date(2026, 12, 21), "bruno"),
        (date(2027, 1, 4), "carla"),
        (date(2027, 1, 6), "carla"),
        (date(2027, 1, 7), "anna"),
        (date(2027, 3, 19), "bruno"),
        (date(2027, 3, 20), "anna"),
        (date(2027, 5, 3), "bruno"),
    ],
)
def test_the_first_deputy_who_is_there_stands_in(day: date, who: str) -> None:
    """A deputy who is away has a deputy too; both ends of an absence are included."""
    assert stand_in(config.parse(HOUSE, FILE).people, "anna", day) == who


def test_when_all_are_away_nobody_stands_in() -> None:
    """Deputies in a circle end the search."""
    away = HOUSE.replace("[people.carla]", '[people.carla]\nabsences = ["2027-01-05"]')
    people = config.parse(away, FILE).people
    assert stand_in(people, "anna", date(2027, 1, 5)) is None
    assert stand_in(people, "nobody", date(2027, 1, 5)) is None
