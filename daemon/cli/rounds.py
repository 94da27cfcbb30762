"""`poll` and `reconcile`: every account at once, none disturbed by another's trouble."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer

from daemon import clock
from daemon.cli.exits import (
    DONE,
    INTERNAL,
    NEEDS_PERSON,
    OUTSIDE,
    code_of,
    complain,
    leave,
    lines_of,
)
from daemon.cli.house import AsJson, ConfigFile, chosen_accounts, open_house
from daemon.cli.output import print_json, print_table
from daemon.cli.progress import shown_progress
from daemon.cli.sending import report_sending, report_telling, sent_of
from daemon.errors import BackdeskError
from daemon.jobs import House, call_webhooks, send_due
from daemon.jobs import reconcile as reconcile_account
from daemon.reading.errors import ReadersAway
from daemon.records import FolderCount, RoundCount
from daemon.rounds import poll_once
from daemon.store.leases import account_lease

app = typer.Typer()

AT_ONCE = 8
COUNTS = ("fetched", "stored", "duplicate", "quarantined")

OneAccount = Annotated[
    str | None, typer.Option("--account", metavar="A", help="Only this account.")
]
T = TypeVar("T")
Outcome = tuple[T | None, Exception | None]


@app.command()
def poll(
    once: Annotated[bool, typer.Option("--once", help="One round, then end.")] = False,
    account: OneAccount = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Run one full round in the foreground: fetch, read, decide, settle."""
    if not once:
        raise typer.BadParameter("poll runs one round: say --once (`backdesk run` goes on)")
    begun = clock.monotonic()
    with open_house(config) as house:
        names = chosen_accounts(house.settings, account)
        code = _warm(house)
        started = clock.monotonic()
        with shown_progress("Polling", lambda: _words(house)):
            outcomes = for_each(names, lambda name: _poll_account(house, name))
            sent = send_due(house) if house.settings.relays else None
            told = call_webhooks(house) if house.settings.webhooks else None
        seconds = clock.monotonic() - started
        rounds = _rounds(house, [name for name in names if outcomes[name][1] is None])
    if as_json:
        document = {
            "accounts": [
                {key: asdict(one)[key] for key in ("account", "folder", *COUNTS)} for one in rounds
            ],
            "seconds": round(seconds, 3),
            "startup_seconds": round(started - begun, 3),
            "failed": _failed(outcomes),
            "sent": sent_of(sent),
        }
        print_json(document)
    else:
        _print_rounds(rounds, seconds)
    code = max(code, report_sending(sent) if sent else DONE)
    code = max(code, report_telling(told) if told else DONE)
    leave(max(code, report_failures(outcomes), _report_quarantined(rounds)))


@app.command()
def reconcile(
    account: OneAccount = None, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Compare each folder on the server with the ledger: server = held + quarantined + missing."""
    with open_house(config) as house:
        names = chosen_accounts(house.settings, account)
        outcomes = for_each(names, lambda name: reconcile_account(house, name))
        counts = [count for found, _ in outcomes.values() for count in found or ()]
        closed = _closed(house, outcomes)
    if as_json:
        print_json({"folders": [asdict(count) for count in counts], "failed": _failed(outcomes)})
    else:
        _print_counts(counts)
    for name, folder in closed:
        complain(f"{name}: folder {folder!r} cannot be opened on the server")
    code = OUTSIDE if closed else DONE
    leave(max(code, report_failures(outcomes), _report_missing(counts)))


def for_each(names: Sequence[str], work: Callable[[str], T]) -> dict[str, Outcome[T]]:
    """Do some work for every account, at most `AT_ONCE` at a time; an error is an outcome."""

    def guarded(name: str) -> Outcome[T]:
        try:
            return work(name), None
        except Exception as error:  # noqa: BLE001 - the rim round one account's job (DESIGN 3)
            return None, error

    if not names:
        return {}
    with ThreadPoolExecutor(min(AT_ONCE, len(names)), thread_name_prefix="account") as pool:
        return dict(zip(names, pool.map(guarded, names), strict=True))


def report_failures(outcomes: Mapping[str, Outcome[T]]) -> int:
    """Name each account that failed on stderr; return the exit code of the worst."""
    code = DONE
    for name, (_, error) in outcomes.items():
        if error is None:
            continue
        kind = (
            "" if isinstance(error, BackdeskError) else f"internal error: {type(error).__name__}: "
        )
        complain(*(f"{name}: {kind}{line}" for line in lines_of(error)))
        code = max(code, code_of(error))
    return code


def _failed(outcomes: Mapping[str, Outcome[T]]) -> list[dict[str, str]]:
    return [
        {"account": name, "error": " ".join(lines_of(error))}
        for name, (_, error) in outcomes.items()
        if error is not None
    ]


def _warm(house: House) -> int:
    """Start the readers before the round; without them mail is still taken in."""
    try:
        house.pool.warm()
    except ReadersAway as away:
        complain(f"mail is taken in but not read: {away}")
        return INTERNAL
    return DONE


def _poll_account(house: House, name: str) -> None:
    lease = house.leases.take(account_lease(name))
    try:
        poll_once(house, name, lease)
    finally:
        house.leases.release(lease)


def _words(house: House) -> str:
    return ", ".join(f"{house.tally.total(what)} {what}" for what in COUNTS)


def _rounds(house: House, names: Sequence[str]) -> list[RoundCount]:
    """Return every count, and zeros for the inboxes of `names` where nothing was new."""
    counted = {(one.account, one.folder): one for one in house.tally.rounds()}
    for name in names:
        for folder in house.settings.accounts[name].folders:
            counted.setdefault((name, folder), RoundCount(account=name, folder=folder))
    order = list(house.settings.accounts)
    return sorted(counted.values(), key=lambda one: (order.index(one.account), one.folder))


def _print_rounds(rounds: Sequence[RoundCount], seconds: float) -> None:
    rows = [
        [one.account, one.folder, one.fetched, one.stored, one.duplicate, one.quarantined]
        for one in rounds
    ]
    print_table(["account", "folder", *COUNTS], rows)
    print(f"{seconds:.1f} s")


def _report_quarantined(rounds: Sequence[RoundCount]) -> int:
    number = sum(one.quarantined for one in rounds)
    if number:
        complain(f"{number} could not be read: `backdesk quarantine list`")
    return NEEDS_PERSON if number else DONE


def _closed(
    house: House, outcomes: Mapping[str, Outcome[list[FolderCount]]]
) -> list[tuple[str, str]]:
    """Return the inboxes that a server which did answer would not open."""
    return [
        (name, folder)
        for name, (counts, _) in outcomes.items()
        if counts is not None
        for folder in house.settings.accounts[name].folders
        if folder not in {count.folder for count in counts}
    ]


def _print_counts(counts: Sequence[FolderCount]) -> None:
    columns = ["account", "folder", "uidvalidity", "server", "held", "quarantined", "missing"]
    print_table(columns, [list(asdict(count).values()) for count in counts])


def _report_missing(counts: Sequence[FolderCount]) -> int:
    number = sum(count.missing for count in counts)
    if number:
        complain(f"{number} on the servers are not held: `backdesk poll --once` fetches them")
    return NEEDS_PERSON if number else DONE
