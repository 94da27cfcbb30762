"""What `[[rules]]` say beside their queues, in a parsed document -> what in it cannot work."""

from collections.abc import Iterator
from email.utils import parseaddr

from daemon.config.deadline_agreement import profile_findings
from daemon.config.lines import Path
from daemon.config.raw import Finding, Table, members_of, table_of, tables_of, text_of, texts_of
from daemon.config.values import is_address
from daemon.config.wording import nearest


def order_findings(document: Table) -> Iterator[Finding]:
    """Yield what is wrong with the orders of rules beyond their single values."""
    own = _own_addresses(document)
    for index, rule in members_of(document, "rules"):
        at = ("rules", index)
        yield from profile_findings(document, (*at, "deadline"), text_of(rule, "deadline"))
        yield from _webhook(document, (*at, "webhook"), text_of(rule, "webhook"))
        yield from _owner(document, (*at, "owner"), text_of(rule, "owner"))
        yield from _forward(document, at, rule, own)
        if rule.get("acknowledgement") and not _can_send(document):
            yield (*at, "acknowledgement"), "it cannot be sent: no relay; write [relays.main]"


def _webhook(document: Table, where: Path, name: str) -> Iterator[Finding]:
    known = table_of(document, "webhooks")
    if name and name not in known:
        yield where, f"{name!r} is not a webhook; {nearest(name, known)}"


def _owner(document: Table, where: Path, name: str) -> Iterator[Finding]:
    """Find a name that nobody has, in a house that says who works there."""
    known = table_of(document, "people")
    if name and known and name not in known:
        yield where, f"{name!r} is nobody of [people]; {nearest(name, known)}"


def _forward(
    document: Table, at: tuple[str, int], rule: Table, own: dict[str, str]
) -> Iterator[Finding]:
    addresses = texts_of(rule, "forward")
    if addresses and not _can_send(document):
        yield (*at, "forward"), "it cannot be sent: no relay; write one, as [relays.main]"
    for path, address in addresses:
        if whose := own.get(_untagged(address)):
            yield (*at, *path), f"{address} is an address of the house ({whose}): it would go round"


def _own_addresses(document: Table) -> dict[str, str]:
    """Return each address that this house reads or sends from, with the key that says so."""
    named = [
        *(
            (text_of(table, key), f"accounts.{name}")
            for name, table in tables_of(document, "accounts")
            for key in ("address", "username")
        ),
        *(
            (text_of(one, "username"), f"relays.{name}")
            for name, one in tables_of(document, "relays")
        ),
        (parseaddr(text_of(table_of(document, "digest"), "sender"))[1], "digest.sender"),
    ]
    return {_untagged(address): key for address, key in reversed(named) if is_address(address)}


def _untagged(address: str) -> str:
    """Return the mailbox an address leads to; as in `daemon.triage.acknowledge`."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def _can_send(document: Table) -> bool:
    return any(table.get("pec") is not True for _, table in tables_of(document, "relays"))
