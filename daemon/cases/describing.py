"""What people write into the register about a case: its fields, numbers of others, tags."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select, update

from daemon.cases.records import Act, ActRefused
from daemon.cases.store import Cases, write_events
from daemon.store.engine import Store
from daemon.store.tables import case_numbers, case_tags, cases

FIELDS = ("severity", "remedy", "product", "recourse")
PROTOCOL = "protocol"
"""The kind of a number that the house's own protocol gives."""


def describe(connection: Connection, act: Act, fields: Mapping[str, str]) -> None:
    """Write fields of the register (ISO 10002, 8.1); "" empties one."""
    query = select(cases).where(cases.c.id == act.case_id).with_for_update()
    row = connection.execute(query).mappings().one()
    values = {name: text or None for name, text in fields.items() if (text or None) != row[name]}
    if not values:
        return
    told = {name: [row[name], value] for name, value in values.items()}
    write_events(connection, [(act.case_id, act.event("described", **told))])
    connection.execute(update(cases).where(cases.c.id == act.case_id).values(values))


def number(store: Store, connection: Connection, act: Act, kind: str, value: str) -> None:
    """Keep a number by which others know a case."""
    _lock(connection, act)
    entry = {"case_id": act.case_id, "kind": kind, "value": value}
    if not _is_there(connection, entry):
        store.insert_new(connection, case_numbers, [entry])
        told = act.event("numbered", **{kind: value})
        write_events(connection, [(act.case_id, told)])


def next_protocol(register: Cases, connection: Connection, act: Act) -> str:
    """Return the next number of the house's own protocol, which counts without gaps each year.

    Raises:
        ActRefused: the case has one.
    """
    _lock(connection, act)
    has_one = select(case_numbers.c.value).where(
        case_numbers.c.case_id == act.case_id, case_numbers.c.kind == PROTOCOL
    )
    if (value := connection.scalar(has_one)) is not None:
        raise ActRefused(f"it has the protocol number {value}")
    year, count = register.count_up(connection, PROTOCOL, act.now)
    return f"{count}/{year}"


def tag(store: Store, connection: Connection, act: Act, name: str) -> None:
    """Put a word on a case, by which it is found again."""
    _lock(connection, act)
    here = (case_tags.c.case_id == act.case_id, case_tags.c.tag == name)
    if connection.scalar(select(case_tags.c.tag).where(*here)) is None:
        store.insert_new(connection, case_tags, [{"case_id": act.case_id, "tag": name}])
        write_events(connection, [(act.case_id, act.event("tagged", tag=name))])


def untag(connection: Connection, act: Act, name: str) -> None:
    """Take a word off a case.

    Raises:
        ActRefused: it is not on it.
    """
    _lock(connection, act)
    here = (case_tags.c.case_id == act.case_id, case_tags.c.tag == name)
    if connection.execute(delete(case_tags).where(*here)).rowcount == 0:
        raise ActRefused(f"the tag {name!r} is not on it")
    write_events(connection, [(act.case_id, act.event("untagged", tag=name))])


def _lock(connection: Connection, act: Act) -> None:
    query = select(cases.c.id).where(cases.c.id == act.case_id).with_for_update()
    connection.execute(query).one()


def _is_there(connection: Connection, entry: Mapping[str, object]) -> bool:
    query = select(case_numbers.c.case_id).where(
        *(case_numbers.c[name] == value for name, value in entry.items())
    )
    return connection.scalar(query) is not None
