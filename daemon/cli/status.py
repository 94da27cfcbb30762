"""`status`: the health of the house, from its tables and disk; no server is asked."""

import shutil
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import typer

from daemon import clock
from daemon.cli.exits import DONE, NEEDS_PERSON, complain, leave
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.model import model_state
from daemon.cli.output import print_json, print_pairs, print_table
from daemon.cli.webhook_states import webhook_problems, webhook_states
from daemon.config.settings import Settings
from daemon.intake.quarantine import Quarantine
from daemon.intake.views import AccountState, account_states, count_mails
from daemon.jobs import House
from daemon.sending.records import RelayState
from daemon.sending.relays import Relays
from daemon.sending.store import Outgoing
from daemon.store.engine import choose_sqlite

app = typer.Typer()

STALE_POLLS = 10  # rounds missed before an account counts as stale,
STALE_AT_LEAST = timedelta(minutes=15)  # and this long at least


@app.callback()
def _group() -> None:
    """Keep `status` a command of a group."""


@app.command()
def status(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Say how each account, the backlog, the quarantine, the model and the disk are."""
    with open_house(config) as house:
        document = _document(house, clock.now())
    if as_json:
        print_json(document)
    else:
        _print(document)
    complain(*document["problems"])
    leave(DONE if document["healthy"] else NEEDS_PERSON)


def _document(house: House, now: datetime) -> dict[str, Any]:
    settings, states = house.settings, account_states(house.store)
    accounts = [
        _account(settings, name, states.get(name) or _unseen(name), now)
        for name in settings.accounts
    ]
    set_aside, oldest = Quarantine(house.store).count()
    model, model_error = model_state(settings)
    outgoing = Outgoing(house.store).count_states()
    document: dict[str, Any] = {
        "accounts": accounts,
        "backlog": count_mails(house.store).get("received", 0),
        "mails": sum(count_mails(house.store).values()),
        "quarantine": set_aside,
        "quarantine_oldest": oldest,
        "model": model,
        "model_error": model_error,
        "outgoing": outgoing,
        "webhooks": webhook_states(house),
        "relays_away": [asdict(one) for one in _away(house)],
        "disk_free_bytes": shutil.disk_usage(settings.service.data_dir).free,
        "pack_bytes": house.packs.size(),
        "store": _store(house),
    }
    problems = list(_problems(settings, document))
    return {"healthy": not problems, **document, "problems": problems}


def _account(
    settings: Settings, name: str, state: AccountState, now: datetime
) -> dict[str, object]:
    poll_s = settings.accounts[name].poll_s or settings.intake.poll_s
    patience = max(STALE_AT_LEAST, timedelta(seconds=STALE_POLLS * poll_s))
    last = state.last_success_at
    return {
        **asdict(state),
        "age_s": None if last is None else round((now - last).total_seconds()),
        "stale": last is None or now - last > patience,
        "go_live": settings.accounts[name].go_live,
    }


def _unseen(name: str) -> AccountState:
    return AccountState(
        account=name,
        first_seen_at=None,
        last_success_at=None,
        last_error=None,
        last_error_at=None,
        failures=0,
        paused=None,
    )


def _store(house: House) -> dict[str, str]:
    if house.store.dialect != "sqlite":
        return {"dialect": house.store.dialect}
    choice = choose_sqlite()
    return {"dialect": "sqlite", "version": choice.version, "journal": choice.journal}


def _away(house: House) -> list[RelayState]:
    """Return the relays of the configuration that take no mail."""
    return [one for one in Relays(house.store).away() if one.name in house.settings.relays]


def _problems(settings: Settings, document: dict[str, Any]) -> Iterator[str]:
    for account in document["accounts"]:
        yield from _account_problems(account)
    if document["model_error"]:
        yield f"no valid model, mail goes to people unsorted: {document['model_error']}"
    free = document["disk_free_bytes"]
    if free < settings.intake.free_disk_bytes:
        yield f"disk: {free // 1_000_000} MB free, intake stops"
    for relay in document["relays_away"]:
        since = relay["away_since"].astimezone(settings.service.zone)
        yield f"relay {relay['name']} takes no mail since {since:%Y-%m-%d %H:%M}: {relay['said']}"
    for state in ("failed", "held"):
        if number := document["outgoing"].get(state):
            yield f"{number} outgoing mails {state}: `backdesk outbox list`"
    for webhook in document["webhooks"]:
        yield from webhook_problems(webhook)


def _account_problems(account: dict[str, Any]) -> Iterator[str]:
    name = account["account"]
    if account["paused"]:
        yield f"{name}: reading is paused: {account['paused']}"
    if account["failures"]:
        yield f"{name}: {account['failures']} rounds in a row failed: {account['last_error']}"
    elif account["stale"]:
        age = account["age_s"]
        yield f"{name}: no round yet" if age is None else f"{name}: last round {age // 60} min ago"


def _print(document: dict[str, Any]) -> None:
    columns = ["account", "last_success_at", "failures", "paused", "last_error"]
    rows = [[account[name] for name in columns] for account in document["accounts"]]
    print_table(columns, rows)
    names = ("mails", "backlog", "quarantine", "quarantine_oldest", "model", "pack_bytes")
    pairs = [(name, document[name]) for name in names]
    store = " ".join(document["store"].values())
    outgoing = ", ".join(f"{n} {state}" for state, n in document["outgoing"].items()) or "none"
    free = f"{document['disk_free_bytes'] / 1e9:.1f} GB"
    pairs += [("outgoing", outgoing), ("disk free", free), ("store", store)]
    print_pairs("healthy" if document["healthy"] else "needs a person", pairs)
