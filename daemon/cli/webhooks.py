"""`webhook`: what other systems are told, and how they take it."""

import secrets
from dataclasses import asdict
from typing import Annotated

import typer

from daemon import clock
from daemon.cli.exits import DONE, NEEDS_PERSON, OUTSIDE, complain, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_lines, print_pairs, print_table
from daemon.cli.webhook_states import webhook_problems, webhook_states
from daemon.jobs import House
from daemon.webhooks.errors import ServerAway
from daemon.webhooks.events import body_of_test
from daemon.webhooks.records import Endpoint
from daemon.webhooks.store import Deliveries
from daemon.webhooks.views import list_deliveries

app = typer.Typer()
group = typer.Typer(help="What other systems are told.", no_args_is_help=True)
app.add_typer(group, name="webhook")

Name = Annotated[str, typer.Argument(metavar="NAME", help="As in [webhooks.NAME].")]


@group.command("list")
def list_(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="What this one was told, newest first.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say how each webhook does, or what one was told."""
    with open_house(config) as house:
        states = webhook_states(house)
        if name is not None:
            _print_deliveries(house, [one["name"] for one in states], name, limit, as_json)
            return
    if as_json:
        print_json({"webhooks": states})
    else:
        columns = ["name", "waiting", "given_up", "sent", "failures", "disabled_at", "last_error"]
        print_table(columns, [[one[column] for column in columns] for one in states])
    problems = [line for one in states for line in webhook_problems(one)]
    complain(*problems)
    leave(NEEDS_PERSON if problems else DONE)


def _print_deliveries(house: House, names: list[str], name: str, limit: int, as_json: bool) -> None:
    if name not in names:
        refuse(f"no webhook {name!r}; allowed: {', '.join(names) or 'none is configured'}")
    with house.store.read() as connection:
        rows = list_deliveries(connection, name, limit)
    if as_json:
        print_json({"deliveries": [asdict(row) for row in rows]})
        return
    columns = ["id", "kind", "state", "attempts", "created_at", "finished_at", "status", "reply"]
    print_table(columns, [[getattr(row, column) for column in columns] for row in rows])


@group.command()
def retry(name: Name, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Call a webhook again, at once: also one that was disabled, and what was given up."""
    with open_house(config) as house:
        names = [one["name"] for one in webhook_states(house)]
        if name not in names:
            refuse(f"no webhook {name!r}; allowed: {', '.join(names) or 'none is configured'}")
        waiting = Deliveries(house.store).retry(name)
    if as_json:
        print_json({"name": name, "waiting": waiting})
    else:
        print_lines([f"webhook {name} is called again; {waiting} events wait"])


@group.command("test")
def call_once(name: Name, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Call a webhook now, with an event that tells nothing, and say what its server answers."""
    with open_house(config) as house:
        endpoint = _endpoint(house, name)
        message_id, body = f"msg_{secrets.token_hex(12)}", body_of_test(clock.now()).encode()
        try:
            answer = endpoint.caller.call(message_id, body)
        except ServerAway as away:
            complain(f"webhook {name}: {away}")
            leave(OUTSIDE)
            return
    taken = answer.status // 100 == 2  # noqa: PLR2004 - 200 to 299
    if as_json:
        print_json({"name": name, "id": message_id, "status": answer.status, "taken": taken})
    else:
        pairs = [("id", message_id), ("status", answer.status), ("says", answer.words)]
        print_pairs(f"webhook {name}", pairs)
    if not taken:
        complain(f"webhook {name}: HTTP {answer.status} {answer.words}".strip())
    leave(DONE if taken else OUTSIDE)


def _endpoint(house: House, name: str) -> Endpoint:
    found = {one.name: one for one in house.endpoints()}
    if name not in found:
        refuse(f"no webhook {name!r}; allowed: {', '.join(found) or 'none is configured'}")
    return found[name]
