"""`quarantine`: mails that could not be read."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from daemon import clock
from daemon.cli.exits import DONE, NEEDS_PERSON, complain, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house, read_unread
from daemon.cli.output import print_json, print_lines, print_pairs, print_table, safe
from daemon.intake.importing import ACCOUNT
from daemon.intake.quarantine import Quarantine, SetAside
from daemon.jobs import House
from daemon.store.leases import Lease, account_lease

app = typer.Typer()
group = typer.Typer(help="Mails that could not be read.", no_args_is_help=True)
app.add_typer(group, name="quarantine")

WAIT = timedelta(seconds=2)  # for a holder that is about to let go

OneId = Annotated[int, typer.Argument(metavar="ID", help="The mail's id, as listed.")]


@group.command("list")
def list_(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List the mails that are set aside, oldest first."""
    with open_house(config) as house:
        aside = Quarantine(house.store).open()
    if as_json:
        print_json({"mails": [_document(one) for one in aside]})
        return
    columns = ["id", "account", "since", "reason", "detail", "size"]
    rows = [[one.id, one.account, one.since, one.reason, one.detail, one.size] for one in aside]
    print_table(columns, rows)


@group.command()
def show(mail: OneId, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show why a mail was set aside; its bytes come with `backdesk show ID --raw`."""
    with open_house(config) as house:
        one = _chosen(house, [mail])[0]
    if as_json:
        print_json({**_document(one), "traceback": one.traceback})
        return
    pairs = [(name, value) for name, value in _document(one).items() if name != "id"]
    print_pairs(f"mail {one.id}", pairs)
    print_lines([safe(line) for line in one.traceback.splitlines()])


@group.command()
def replay(
    mails: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="Mails; all when none is named.")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Read mails again, and say which can be read now."""
    with open_house(config) as house:
        chosen = _chosen(house, mails or [])
        _with_leases(house, chosen, lambda lease, part: _replay(house, lease, part))
        if not mails:
            _finish_imports(house)
        still = {one.id: one for one in Quarantine(house.store).open([one.id for one in chosen])}
    if as_json:
        document = {
            "replayed": len(chosen),
            "readable": [one.id for one in chosen if one.id not in still],
            "quarantined": [_document(one) for one in still.values()],
        }
        print_json(document)
    else:
        rows = [[one.id, *_outcome(still.get(one.id))] for one in chosen]
        print_table(["id", "now", "reason", "detail"], rows)
    if still:
        complain(f"{len(still)} still cannot be read")
    leave(NEEDS_PERSON if still else DONE)


@group.command()
def release(mail: OneId, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Let a mail go as it is: kept, but unread and unsorted."""
    with open_house(config) as house:
        chosen, table = _chosen(house, [mail]), Quarantine(house.store)
        _with_leases(house, chosen, lambda lease, part: table.release(lease, part, clock.now()))
    if as_json:
        print_json({"released": [mail]})
    else:
        print_lines([f"mail {mail} is released"])


def _chosen(house: House, ids: Sequence[int]) -> tuple[SetAside, ...]:
    """Return the named mails, or all; end with wrong usage where one is not set aside."""
    found = Quarantine(house.store).open(ids)
    if missing := set(ids) - {one.id for one in found}:
        refuse(f"not in quarantine: {', '.join(map(str, sorted(missing)))}")
    return found


def _with_leases(
    house: House, chosen: Sequence[SetAside], work: Callable[[Lease, Sequence[int]], None]
) -> None:
    """Do some work for the mails of each account under its lease."""
    by_account = defaultdict(list)
    for one in chosen:
        by_account[one.account].append(one.id)
    for account, ids in by_account.items():
        lease = house.leases.take(account_lease(account), WAIT)
        try:
            work(lease, ids)
        finally:
            house.leases.release(lease)


def _replay(house: House, lease: Lease, ids: Sequence[int]) -> None:
    Quarantine(house.store).replay(lease, ids, clock.now())
    read_unread(house, lease, lease.name.partition(":")[2])


def _finish_imports(house: House) -> None:
    """Read what a broken off import or replay left: no account's round does it."""
    if house.ledger.unread(ACCOUNT):
        lease = house.leases.take(account_lease(ACCOUNT), WAIT)
        read_unread(house, lease, ACCOUNT)
        house.leases.release(lease)


def _outcome(still: SetAside | None) -> tuple[str, str, str]:
    return ("read", "", "") if still is None else ("quarantined", still.reason, still.detail)


def _document(one: SetAside) -> dict[str, object]:
    document = asdict(one)
    del document["traceback"]
    return document
