"""What the commands on cases share: whose it is, which clocks run, how it is told."""

import getpass
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from daemon import clock
from daemon.cases import papers
from daemon.cases.acts import Act, ActRefused
from daemon.cases.papers import Paper
from daemon.cases.records import CaseEvent, CaseFile, CaseLine
from daemon.cases.views import find_case
from daemon.cli.exits import complain, refuse
from daemon.cli.output import print_json, print_pairs
from daemon.jobs import House
from daemon.records import ClockDue
from daemon.triage.casework import CaseRules, clocks_for
from daemon.triage.deadlines import Course

app = typer.Typer()
group = typer.Typer(help="The register of complaints and requests.", no_args_is_help=True)
app.add_typer(group, name="case")

_FIRST_YEAR = 1990

CaseName = Annotated[str, typer.Argument(metavar="ID", help="Its reference or its id.")]
Queue = Annotated[str | None, typer.Option("--queue", metavar="Q", help="A queue.")]
Who = Annotated[
    str, typer.Option("--by", metavar="WHO", help="Who does it (default: the user's name).")
]
PaperFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, metavar="FILE", help="Is kept with the case."),
]


def user() -> str:
    """Return the name of who types."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "somebody"


def do_on(house: House, case: str, by: str, do: Callable[[Connection, Act], None]) -> None:
    """Let somebody act on a case, in one transaction; a refusal ends the command."""
    with refusals(), house.store.write() as connection:
        line = the_case(connection, case)
        do(connection, Act(case_id=line.id, actor=by or user(), now=clock.now()))


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with the register's words where it refuses."""
    try:
        yield
    except ActRefused as refused:
        refuse(str(refused))


def tell(house: House, case: str, as_json: bool) -> CaseLine:
    """Print how a case stands now."""
    with house.store.read() as connection:
        line = the_case(connection, case)
    if as_json:
        print_json(document(line, clock.now()))
    else:
        pairs = [("kind", line.kind), ("state", line.state), ("queue", line.queue)]
        more = [("owner", line.owner), ("in hand", line.claimed_by), ("due", line.due_at)]
        more.append(("cause", line.cause))
        print_pairs(f"case {line.reference}", [*pairs, *more])
    return line


def the_case(connection: Connection, name: str) -> CaseLine:
    """Return a case by its reference or id; the command ends where there is none."""
    line = find_case(connection, name)
    if line is None:
        refuse(f"no case {name!r}: give its reference or its id, as `backdesk case list` has them")
    return line


def known_queue(house: House, queue: str | None) -> None:
    """End the command where the configuration has no such queue."""
    known = house.settings.queues
    if queue is not None and queue not in known:
        refuse(f"no queue {queue!r}; allowed: {', '.join(known) or 'none is configured'}")


def clocks_of(
    house: House,
    queue: str | None,
    received: datetime,
    matters: Collection[str] = (),
    ordered: str | None = None,
) -> tuple[str | None, tuple[ClockDue, ...]]:
    """Return the profile of a queue for what was received then, and its clocks.

    `ordered` is the profile that a rule has given a mail in place of the queue's.
    """
    rules: CaseRules = house.pipeline.policy.cases
    name = ordered or rules.profiles.get(queue or "")
    profile, clocks, why = clocks_for(rules, name, Course(received=received), matters)
    if why:
        complain(f"no clock runs: {why}")
    return profile, clocks


def day_of(
    house: House, text: str, option: str, now: datetime, *, is_end: bool = False
) -> datetime:
    """Return a date's first moment, or with `is_end` its last that is not yet to come."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year < _FIRST_YEAR:
        refuse(f"{option}: {text!r} is not a date; write it as 2026-10-31")
    zone = house.settings.service.zone
    first = datetime.combine(day, time(), zone)
    if first > now:
        refuse(f"{option}: {text} is still to come")
    return min(datetime.combine(day, time(23, 59, 59), zone), now) if is_end else first


def paper_of(house: House, file: Path | None) -> Paper | None:
    """Pack a file that is to be kept with a case."""
    if file is None:
        return None
    most = house.settings.limits.mail_bytes
    if file.stat().st_size > most:
        refuse(f"{file} is larger than limits.mail_bytes, {most}")
    return papers.pack(house.store, house.packs, file.name, file.read_bytes())


def document(line: CaseLine, now: datetime) -> dict[str, object]:
    """Return a case in a list, for JSON."""
    return {**asdict(line), "overdue": bool(line.due_at and line.due_at < now)}


def whole(file: CaseFile) -> dict[str, object]:
    """Return all that is known of a case, for JSON."""
    return {
        **document(file.line, clock.now()),
        "clocks": [asdict(one) for one in file.clocks],
        "events": [asdict(one) for one in file.events],
        "mails": list(file.mails),
        "numbers": [{"kind": kind, "value": value} for kind, value in file.numbers],
        "tags": list(file.tags),
        "merged": list(file.merged),
        "pauses": list(file.course.pauses),
        "extended": file.course.is_extended,
        "matters": list(file.course.matters),
    }


def words(event: CaseEvent) -> str:
    """Return what an event says, on one line."""
    told = (f"{key}: {_plain(value)}" for key, value in event.detail.items() if key not in _INNER)
    return ", ".join(one for one in told if not one.endswith(": "))


_INNER = frozenset({"was", "parts", "changed", "clocks", "sha256"})
"""What events keep for undoing them, and not for people."""


def _plain(value: object) -> str:
    """Return a value of an event in words; a change as what it is now."""
    if isinstance(value, dict):
        return "; ".join(f"{key} {_plain(one)}" for key, one in value.items() if _plain(one))
    if isinstance(value, list):
        return ", ".join(filter(None, map(_plain, value)))
    return "" if value is None or value is False else str(value)
