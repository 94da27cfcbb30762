"""`[people.*]` of a parsed document -> what in it does not fit the rest."""

from collections.abc import Iterator

from daemon.config.raw import Finding, Table, table_of, tables_of, text_of, texts_of
from daemon.config.wording import nearest


def people_findings(document: Table) -> Iterator[Finding]:
    """Yield what is wrong with people beyond their single values."""
    yield from _addresses(document)
    for name, person in tables_of(document, "people"):
        at = ("people", name)
        yield from _deputy(document, name, person)
        queues = table_of(document, "queues")
        for path, queue in texts_of(person, "queues"):
            if queue not in queues:
                yield (*at, *path), f"{queue!r} is not a queue; {nearest(queue, queues)}"
        if "name" in person:
            yield (*at, "name"), f"unknown key; the name is {name}, as in the header"


def _deputy(document: Table, name: str, person: Table) -> Iterator[Finding]:
    deputy, at = text_of(person, "deputy"), ("people", name, "deputy")
    others = tuple(other for other, _ in tables_of(document, "people") if other != name)
    if deputy and deputy not in others:
        yield at, f"{deputy!r} is not another of [people.*]; {nearest(deputy, others)}"


def _addresses(document: Table) -> Iterator[Finding]:
    """An address leads to one person, and nobody gets two digests."""
    taken: dict[str, str] = {}
    for name, person in tables_of(document, "people"):
        for key in ("address", "aliases"):
            for path, address in texts_of(person, key):
                other = taken.setdefault(address.lower(), name)
                if other != name:
                    yield ("people", name, *path), f"is an address of people.{other} already"
    for path, reader in texts_of(table_of(document, "digest"), "to"):
        if holder := taken.get(reader.lower()):
            yield (
                ("digest", *path),
                f"people.{holder} gets a digest already; allowed: who is not in [people.*]",
            )
