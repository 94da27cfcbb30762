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
from daemon.cases.ending import Named
from daemon.cases.papers import Paper
from daemon.cases.records import Act, ActRefused, CaseFile, CaseLine
from daemon.cases.views import case_file, find_case, silences
from daemon.cli.case_words import changes, in_words
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
_BY_MAIL = ("mail", "pec")

CaseName = Annotated[str, typer.Argument(metavar="ID", help="Its reference or its id.")]
Queue = Annotated[str | None, typer.Option("--queue", metavar="Q", help="A queue.")]
Who = Annotated[
    str, typer.Option("--by", metavar="WHO", help="Who does it (default: the user's name).")
]
PaperFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, metavar="FILE", help="Is kept with the case."),
]

Clocks = Annotated[
    list[str] | None,
    typer.Option("--clock", metavar="NAME", help="It ends this clock; may be given again."),
]
Matters = Annotated[
    list[str] | None,
    typer.Option("--matter", metavar="M", help="It ends the clocks of this matter; again."),
]
ItsMatter = Annotated[
    str, typer.Option("--matter", metavar="M", help="The clocks of this matter, not the case's.")
]

IsInterim = Annotated[
    bool, typer.Option("--interim", help="Only the interim reply that an extension owes.")
]
IsAsked = Annotated[
    bool, typer.Option("--asked", help="The customer asked for an answer this way.")
]


def named(clocks: list[str] | None, matters: list[str] | None) -> Named:
    """Return which clocks a person means."""
    return Named(clocks=tuple(clocks or ()), matters=tuple(matters or ()))


def user() -> str:
    """Return the name of who types."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "somebody"


def act_on(
    house: House, case: str, by: str, as_json: bool, do: Callable[[Connection, Act], None]
) -> CaseLine:
    """Let somebody act on a case, print what that changed, and return the case as it is then."""
    before = do_on(house, case, by, do)
    return tell(house, case, as_json, before)


def do_on(house: House, case: str, by: str, do: Callable[[Connection, Act], None]) -> CaseFile:
    """Let somebody act on a case, in one transaction; a refusal ends the command.

    Returns:
        The case as it was before.
    """
    rules = house.pipeline.policy.cases
    with refusals(), house.store.write() as connection:
        before = case_file(connection, the_case(connection, case))
        act = Act(case_id=before.line.id, actor=by or user(), now=clock.now(), rules=rules)
        do(connection, act)
    return before


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with the register's words where it refuses."""
    try:
        yield
    except ActRefused as refused:
        refuse(str(refused))


def tell(house: House, case: str, as_json: bool, before: CaseFile | None = None) -> CaseLine:
    """Print how a case stands now, and what is otherwise than before."""
    now, zone = clock.now(), house.settings.service.zone
    with house.store.read() as connection:
        file = case_file(connection, the_case(connection, case))
        silence = silences(connection, [file.line], now).get(file.line.id, "")
    line = file.line
    if as_json:
        print_json(document(line, now, silence))
        return line
    due = in_words(line.due_at, zone) if line.due_at else None
    pairs = [("kind", line.kind), ("state", line.state), ("queue", line.queue)]
    more = [("owner", line.owner), ("in hand", line.claimed_by), ("due", due)]
    changed = [("changed", one) for one in changes(before, file, zone)] if before else []
    print_pairs(f"case {line.reference}", [*pairs, *more, ("cause", line.cause), *changed])
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


def last_of(house: House, text: str, option: str) -> datetime:
    """Return the last moment of a date that is not yet to come."""
    return day_of(house, text, option, clock.now(), is_end=True)


def paper_of(house: House, file: Path | None) -> Paper | None:
    """Pack a file that is to be kept with a case."""
    if file is None:
        return None
    most = house.settings.limits.mail_bytes
    if file.stat().st_size > most:
        refuse(f"{file} is larger than limits.mail_bytes, {most}")
    return papers.pack(house.store, house.packs, file.name, file.read_bytes())


def document(line: CaseLine, now: datetime, silence: str) -> dict[str, object]:
    """Return a case in a list, for JSON; `silence` is what it means that nobody has answered."""
    overdue = bool(line.due_at and line.due_at < now)
    more = {"overdue": overdue, "silence": silence or None, "asks_customer": asks_customer(line)}
    return {**asdict(line), **more}


def asks_customer(line: CaseLine) -> bool:
    """Tell whether a person must say whose a case is: it came by mail, and from nobody known."""
    return line.customer is None and line.channel in _BY_MAIL


def whole(file: CaseFile, silence: str) -> dict[str, object]:
    """Return all that is known of a case, for JSON."""
    course = file.course
    return {
        **document(file.line, clock.now(), silence),
        "clocks": [asdict(one) for one in file.clocks],
        "events": [asdict(one) for one in file.events],
        "mails": list(file.mails),
        "numbers": [{"kind": kind, "value": value} for kind, value in file.numbers],
        "tags": list(file.tags),
        "merged": list(file.merged),
        "pauses": list(course.of("").pauses),
        "extended": any(one.is_extended for one in file.clocks),
        "matters": list(course.matters),
        "matter_pauses": {part: asdict(one) for part, one in course.parts.items() if part},
    }
