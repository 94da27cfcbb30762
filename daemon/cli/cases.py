"""`case`: the register of complaints and requests, and what people do with a case."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy import Connection

from daemon import clock
from daemon.cases import acts, papers
from daemon.cases.acts import Act, ActRefused
from daemon.cases.papers import Paper
from daemon.cases.records import CaseEvent, CaseFile, CaseLine, NewCase
from daemon.cases.views import Wanted, case_file, count_cases, find_case, list_cases
from daemon.cli.exits import NEEDS_PERSON, complain, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_pairs, print_table
from daemon.jobs import House, acknowledge
from daemon.records import LABELS, ClockDue
from daemon.sending.store import Outgoing
from daemon.triage.casework import UNSURE, CaseRules, clocks_for

app = typer.Typer()
group = typer.Typer(help="The register of complaints and requests.", no_args_is_help=True)
app.add_typer(group, name="case")

_FIRST_YEAR = 1990
COLUMNS = ["reference", "kind", "state", "due", "queue", "owner", "customer", "subject"]

CaseName = Annotated[str, typer.Argument(metavar="ID", help="Its reference or its id.")]
Queue = Annotated[str | None, typer.Option("--queue", metavar="Q", help="A queue.")]
Who = Annotated[
    str, typer.Option("--by", metavar="WHO", help="Who does it (default: the user's name).")
]
PaperFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, metavar="FILE", help="Is kept with the case."),
]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "somebody"


@group.command("list")
def list_(
    queue: Queue = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their term.")] = False,
    owner: Annotated[str | None, typer.Option("--owner", metavar="WHO", help="Whose.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Closed ones as well.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 200,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List cases, those due first at the top."""
    with open_house(config) as house, house.store.read() as connection:
        _known_queue(house, queue)
        now = clock.now()
        wanted = Wanted(
            queue=queue,
            owner=owner,
            with_closed=closed,
            due_before=now if overdue else None,
            limit=limit,
        )
        lines, total = list_cases(connection, wanted), count_cases(connection, wanted)
        zone = house.settings.service.zone
    if as_json:
        print_json({"total": total, "cases": [_document(line, now) for line in lines]})
        return
    rows = [
        [
            line.reference, line.kind, line.state,
            f"{line.due_at.astimezone(zone):%Y-%m-%d %H:%M}" if line.due_at else None,
            line.queue, line.owner, line.customer_name or line.customer, line.subject,
        ]
        for line in lines
    ]  # fmt: skip
    print_table(COLUMNS, rows)
    if total > len(lines):
        complain(f"{total - len(lines)} more; --limit shows them")


@group.command()
def show(case: CaseName, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show all that is known of a case."""
    with open_house(config) as house, house.store.read() as connection:
        file = case_file(connection, _the_case(connection, case))
        sent = Outgoing(house.store).list_rows(case_id=file.line.id)
    if as_json:
        print_json({**_whole(file), "outgoing": [asdict(row) for row in sent]})
        return
    print_pairs(f"case {file.line.reference}", list(asdict(file.line).items())[2:])
    clocks = [[one.name, one.term, one.only_if, one.due_at, one.met_at] for one in file.clocks]
    print_table(["clock", "term", "only if", "due", "met"], clocks)
    events = [[one.at, one.actor, one.kind, _words(one)] for one in file.events]
    print_table(["when", "who", "what", "detail"], events)
    columns = ["id", "kind", "recipient", "state", "finished_at", "reply", "returned"]
    rows = [[getattr(row, name) for name in columns] for row in sent]
    print_table(columns, rows, "outgoing")


@group.command()
def new(
    channel: Annotated[
        Literal["letter", "phone", "counter"], typer.Option("--channel", help="How it came.")
    ],
    received: Annotated[
        str, typer.Option("--received", metavar="DATE", help="When it was received.")
    ],
    subject: Annotated[str, typer.Option("--subject", help="What it is about.")],
    kind: Annotated[
        Literal["complaint", "request"], typer.Option("--kind", help="What it is.")
    ] = "complaint",
    customer: Annotated[str | None, typer.Option("--customer", help="Name.")] = None,
    address: Annotated[str | None, typer.Option("--address", help="E-mail address.")] = None,
    queue: Queue = None,
    scan: PaperFile = None,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Enter a case that came by letter, phone or at the counter."""
    with open_house(config) as house:
        _known_queue(house, queue)
        entry = NewCase(
            kind=kind,
            channel=channel,
            queue=queue,
            subject=subject,
            customer=address,
            customer_name=customer,
            received_at=_day(house, received, "--received", clock.now()),
            actor=by or _user(),
        )
        _tell(house, str(_enter(house, entry, scan)), as_json)


def _enter(house: House, entry: NewCase, scan: Path | None) -> int:
    """Enter a case and its scan together; return its id."""
    profile, clocks = _clocks(house, entry.queue, entry.received_at)
    paper, now = _paper(house, scan), clock.now()
    with house.store.write() as connection:
        case_id = house.cases.open_by_hand(connection, entry, profile, clocks, now)
        if paper is not None:
            act = Act(case_id=case_id, actor=entry.actor, now=now)
            digest = papers.enter(house.store, connection, paper)
            acts.attach(connection, act, paper.name, digest)
    return case_id


@group.command()
def assign(
    case: CaseName,
    owner: Annotated[str, typer.Argument(metavar="WHO", help='Who has it now; "" for nobody.')],
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a case to somebody."""
    with open_house(config) as house:
        _do(house, case, by, lambda connection, act: acts.assign(connection, act, owner))
        _tell(house, case, as_json)


@group.command()
def note(
    case: CaseName,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="For the house only.")],
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep a remark with a case."""
    with open_house(config) as house:
        _do(house, case, by, lambda connection, act: acts.write_note(connection, act, text))
        _tell(house, case, as_json)


@group.command()
def label(
    case: CaseName,
    kind: Annotated[str, typer.Argument(metavar="LABEL", help="complaint, request, other, ...")],
    queue: Queue = None,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what a case is, and with --queue under which deadlines it runs from its receipt."""
    with open_house(config) as house:
        _known_queue(house, queue)
        allowed = (*LABELS, *house.settings.classifier.labels)
        if kind not in allowed:
            refuse(f"{kind!r} is not a label; allowed: {', '.join(allowed)}")

        def do(connection: Connection, act: Act) -> None:
            if queue is not None:
                line = _the_case(connection, case)
                profile, clocks = _clocks(house, queue, line.received_at)
                acts.run_under(connection, act, queue, profile, clocks)
            was_unsure = _the_case(connection, case).kind == UNSURE
            acts.label(connection, act, kind)
            if was_unsure:
                acknowledge(house, connection, act.case_id, act.now)

        _do(house, case, by, do)
        due = _tell(house, case, as_json).due_at
    if kind == "complaint" and due is None:
        complain("no clock runs in it; --queue puts it under the deadlines of a queue")
        leave(NEEDS_PERSON)


@group.command()
def answer(
    case: CaseName,
    channel: Annotated[
        Literal["mail", "pec", "post", "phone", "counter"],
        typer.Option("--channel", help="How it was answered."),
    ],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="When it was sent.")],
    proof: PaperFile = None,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep that a case was answered outside of Backdesk; its clock has ended."""
    with open_house(config) as house:
        sent = _day(house, on, "--on", clock.now(), is_end=True)
        with house.store.read() as connection:
            line = _the_case(connection, case)
        if sent < line.received_at:
            refuse(f"{line.reference} was not yet received then")
        paper = _paper(house, proof)

        def do(connection: Connection, act: Act) -> None:
            digest = papers.enter(house.store, connection, paper) if paper else None
            acts.answer(connection, act, channel, sent, digest)

        _do(house, case, by, do)
        _tell(house, case, as_json)


@group.command()
def close(
    case: CaseName,
    cause: Annotated[str, typer.Option("--cause", metavar="C", help="Why: a code of yours.")],
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Close a case."""
    with open_house(config) as house:
        _do(house, case, by, lambda connection, act: acts.close(connection, act, cause))
        _tell(house, case, as_json)


@group.command()
def reopen(
    case: CaseName, by: Who = "", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Open a closed case again; its clocks run anew, from today."""
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            line = _the_case(connection, case)
            was_none = line.cause == acts.NO_CASE
            _, clocks = _clocks(house, line.queue, line.received_at if was_none else act.now)
            acts.open_again(connection, act, clocks)

        _do(house, case, by, do)
        _tell(house, case, as_json)


def _do(house: House, case: str, by: str, do: Callable[[Connection, Act], None]) -> None:
    with _refusals(), house.store.write() as connection:
        line = _the_case(connection, case)
        do(connection, Act(case_id=line.id, actor=by or _user(), now=clock.now()))


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ActRefused as refused:
        refuse(str(refused))


def _tell(house: House, case: str, as_json: bool) -> CaseLine:
    with house.store.read() as connection:
        line = _the_case(connection, case)
    if as_json:
        print_json(_document(line, clock.now()))
    else:
        pairs = [("kind", line.kind), ("state", line.state), ("queue", line.queue)]
        more = [("owner", line.owner), ("due", line.due_at), ("cause", line.cause)]
        print_pairs(f"case {line.reference}", [*pairs, *more])
    return line


def _the_case(connection: Connection, name: str) -> CaseLine:
    line = find_case(connection, name)
    if line is None:
        refuse(f"no case {name!r}: give its reference or its id, as `backdesk case list` has them")
    return line


def _known_queue(house: House, queue: str | None) -> None:
    known = house.settings.queues
    if queue is not None and queue not in known:
        refuse(f"no queue {queue!r}; allowed: {', '.join(known) or 'none is configured'}")


def _clocks(
    house: House, queue: str | None, received: datetime
) -> tuple[str | None, tuple[ClockDue, ...]]:
    rules: CaseRules = house.pipeline.policy.cases
    profile, clocks, why = clocks_for(rules, rules.profiles.get(queue or ""), received)
    if why:
        complain(f"no clock runs: {why}")
    return profile, clocks


def _day(house: House, text: str, option: str, now: datetime, *, is_end: bool = False) -> datetime:
    """Return a date's first moment, or with `is_end` its last that is not yet to come."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year < _FIRST_YEAR:
        refuse(f"{option}: {text!r} is not a date; allowed: 2026-10-31")
    zone = house.settings.service.zone
    first = datetime.combine(day, time(), zone)
    if first > now:
        refuse(f"{option}: {text} is still to come")
    return min(datetime.combine(day, time(23, 59, 59), zone), now) if is_end else first


def _paper(house: House, file: Path | None) -> Paper | None:
    if file is None:
        return None
    most = house.settings.limits.mail_bytes
    if file.stat().st_size > most:
        refuse(f"{file} is larger than limits.mail_bytes, {most}")
    return papers.pack(house.store, house.packs, file.name, file.read_bytes())


def _document(line: CaseLine, now: datetime) -> dict[str, object]:
    return {**asdict(line), "overdue": bool(line.due_at and line.due_at < now)}


def _whole(file: CaseFile) -> dict[str, object]:
    return {
        **_document(file.line, clock.now()),
        "clocks": [asdict(one) for one in file.clocks],
        "events": [asdict(one) for one in file.events],
        "mails": list(file.mails),
    }


def _words(event: CaseEvent) -> str:
    return ", ".join(f"{key}: {value}" for key, value in event.detail.items() if value is not None)
