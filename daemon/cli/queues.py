"""`queue`: the queues, and how much mail went to each."""

import typer

from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_table
from daemon.intake.views import QueueCount, count_queues

app = typer.Typer()
group = typer.Typer(help="The queues and what waits in them.", no_args_is_help=True)
app.add_typer(group, name="queue")

COLUMNS = ["queue", "account", "folder", "mails", "observed", "moved", "waiting"]


@group.callback()
def _group() -> None:
    """Keep `list` a command of its own."""


@group.command("list")
def list_(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List the queues; the last line is the mail that stays where it came."""
    with open_house(config) as house:
        counts = count_queues(house.store)
        places = dict(house.settings.queues)
    names = [*places, *(name for name in counts if name is not None and name not in places), None]
    rows = []
    for name in names:
        place, count = places.get(name or ""), counts.get(name, _none(name))
        where = (place.account, place.folder) if place else (None, None)
        rows.append([name, *where, count.mails, count.observed, count.moved, count.waiting])
    if as_json:
        print_json({"queues": [dict(zip(COLUMNS, row, strict=True)) for row in rows]})
    else:
        rows[-1][0] = "(none)"
        print_table(COLUMNS, rows)


def _none(name: str | None) -> QueueCount:
    return QueueCount(queue=name, mails=0, observed=0, moved=0, waiting=0)
