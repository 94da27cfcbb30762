"""`case`: the register of complaints and requests, and what people do with a case."""

from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Connection

from daemon import clock
from daemon.cases import acts, holding, papers
from daemon.cases.clocks import course_of
from daemon.cases.records import Act, CaseFile, CaseLine, NewCase
from daemon.cases.views import Wanted, case_file, count_cases, list_cases, silences
from daemon.cli.case_desk import (
    CaseName,
    PaperFile,
    Queue,
    Who,
    act_on,
    asks_customer,
    clocks_of,
    day_of,
    document,
    group,
    known_queue,
    paper_of,
    tell,
    the_case,
    user,
    whole,
)
from daemon.cli.case_words import SILENCE, local, state_of, words
from daemon.cli.exits import NEEDS_PERSON, complain, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_pairs, print_table
from daemon.deciding import label_case, labels_of
from daemon.jobs import House, ordered_profile
from daemon.sending.store import Outgoing

COLUMNS = [
    "reference", "kind", "state", "due", "priority", "queue", "owner", "customer", "subject",
]  # fmt: skip

Priority = Literal["low", "normal", "high", "urgent"]


@group.command("list")
def list_(
    queue: Queue = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their term.")] = False,
    owner: Annotated[str | None, typer.Option("--owner", metavar="WHO", help="Whose.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Closed ones as well.")] = False,
    priority: Annotated[
        Priority | None, typer.Option("--priority", help="Only those of this priority.")
    ] = None,
    tag: Annotated[str | None, typer.Option("--tag", metavar="T", help="Only with it.")] = None,
    find: Annotated[
        str | None,
        typer.Option("--find", metavar="TEXT", help="A number, an address, a name, a subject."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 200,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List cases, those due first at the top, and of those the most urgent."""
    with open_house(config) as house, house.store.read() as connection:
        known_queue(house, queue)
        now = clock.now()
        wanted = Wanted(
            queue=queue,
            owner=owner,
            with_closed=closed,
            due_before=now if overdue else None,
            beside=house.settings.matters.whistleblowing_queue,
            priority=priority,
            tag=tag,
            like=find,
            limit=limit,
        )
        lines, total = list_cases(connection, wanted), count_cases(connection, wanted)
        means, zone = silences(connection, lines, now), house.settings.service.zone
    if as_json:
        documents = [document(line, now, means.get(line.id, "")) for line in lines]
        print_json({"total": total, "cases": documents})
        return
    print_table(COLUMNS, [_row(line, zone, means.get(line.id)) for line in lines])
    if total > len(lines):
        complain(f"{total - len(lines)} more; --limit shows them")


def _row(line: CaseLine, zone: ZoneInfo, silence: str | None) -> list[str | None]:
    due = local(line.due_at, zone) if line.due_at else None
    due = f"{due}, counts as {silence}" if silence else due
    who = line.customer_name or line.customer or ("ask" if asks_customer(line) else None)
    desk = [line.priority, line.queue, line.owner]
    return [line.reference, line.kind, line.state, due, *desk, who, line.subject]


@group.command()
def show(case: CaseName, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show all that is known of a case; moments are those of the house's time zone."""
    with open_house(config) as house, house.store.read() as connection:
        file = case_file(connection, the_case(connection, case))
        silence = silences(connection, [file.line], clock.now()).get(file.line.id, "")
        sent = Outgoing(house.store).list_rows(case_id=file.line.id)
        zone = house.settings.service.zone
    if as_json:
        print_json({**whole(file, silence), "outgoing": [asdict(row) for row in sent]})
        return
    known = [(name, _cell(one, zone)) for name, one in list(asdict(file.line).items())[2:]]
    means = [("silence", SILENCE[silence])] if silence else []
    pairs = [*(pair for pair in known if pair[1] is not None), *means, *_beside(file)]
    print_pairs(f"case {file.line.reference}, times of {zone.key}", pairs)
    clocks = [
        [one.name, one.term, one.only_if, local(one.due_at, zone), state_of(one, zone)]
        for one in file.clocks
    ]
    print_table(["clock", "term", "only if", "due", "state"], clocks)
    history = sorted(file.events, key=lambda one: one.at)
    events = [[local(one.at, zone), one.actor, one.kind, words(one, zone)] for one in history]
    print_table(["when", "who", "what", "detail"], events)
    columns = ["id", "kind", "recipient", "state", "finished_at", "reply", "returned"]
    rows = [[_cell(getattr(row, name), zone) for name in columns] for row in sent]
    print_table(columns, rows, "outgoing")


def _cell(value: object, zone: ZoneInfo) -> object:
    """Return a value of a table; a moment in the house's time."""
    return local(value, zone) if isinstance(value, datetime) else value


def _beside(file: CaseFile) -> list[tuple[str, str]]:
    """Return what stands beside a case's row, where there is any."""
    pauses = "; ".join(
        f"{first} to {last}{f' ({part})' if part else ''}"
        for part, spans in file.course.pauses.items()
        for first, last in spans
    )
    paused = (f"{part} since {day}" for part, day in file.course.paused.items() if part)
    extended = ", ".join(one.name for one in file.clocks if one.is_extended)
    pairs = {
        "mails": ", ".join(map(str, file.mails)),
        "numbers": "; ".join(f"{kind} {value}" for kind, value in file.numbers),
        "tags": ", ".join(file.tags),
        "matters": ", ".join(file.course.matters),
        "pauses": pauses,
        "paused": "; ".join(paused),
        "extended": extended,
        "merged": ", ".join(file.merged),
    }
    return [(name, text) for name, text in pairs.items() if text]


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
        known_queue(house, queue)
        entry = NewCase(
            kind=kind,
            channel=channel,
            queue=queue,
            subject=subject,
            customer=address,
            customer_name=customer,
            received_at=day_of(house, received, "--received", clock.now()),
            actor=by or user(),
        )
        due = tell(house, str(_enter(house, entry, scan)), as_json).due_at
    if queue is None:
        _warn_of_no_clock(kind, due)


def _enter(house: House, entry: NewCase, scan: Path | None) -> int:
    """Enter a case and its scan together; return its id."""
    profile, clocks = clocks_of(house, entry.queue, entry.received_at)
    paper, now = paper_of(house, scan), clock.now()
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
        act_on(house, case, by, as_json, partial(acts.assign, owner=owner))


@group.command()
def claim(case: CaseName, by: Who = "", config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Take a case in hand, so that nobody else answers it meanwhile; its owner stays."""
    with open_house(config) as house:
        act_on(house, case, by, as_json, holding.claim)


@group.command()
def release(
    case: CaseName, by: Who = "", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Put a case down again, or free it of one who cannot."""
    with open_house(config) as house:
        act_on(house, case, by, as_json, holding.release)


@group.command()
def priority(
    case: CaseName,
    priority: Annotated[Priority, typer.Argument(help="How much it presses.")],
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say how much a case presses beside its term, whatever rules have said."""
    with open_house(config) as house:
        act_on(house, case, by, as_json, partial(acts.prioritize, priority=priority))


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
        if not text.strip():
            refuse("TEXT: a word is wanted")
        act_on(house, case, by, as_json, partial(acts.write_note, text=text))


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
        known_queue(house, queue)
        allowed = labels_of(house)
        if kind not in allowed:
            refuse(f"{kind!r} is not a label; allowed: {', '.join(allowed)}")

        def do(connection: Connection, act: Act) -> None:
            complain(*label_case(house, connection, act, kind, queue))

        due = act_on(house, case, by, as_json, do).due_at
    _warn_of_no_clock(kind, due)


def _warn_of_no_clock(kind: str, due: datetime | None) -> None:
    if kind == "complaint" and due is None:
        complain("no clock runs in it; `case label --queue` puts it under a queue's deadlines")
        leave(NEEDS_PERSON)


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
        if not cause.strip():
            refuse("--cause: a word is wanted")
        act_on(house, case, by, as_json, partial(acts.close, cause=cause))


@group.command()
def reopen(
    case: CaseName, by: Who = "", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Open a closed case again: what was met runs anew from today, the rest is due as it was."""
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            line = the_case(connection, case)
            was_none = line.cause == acts.NO_CASE
            since = line.received_at if was_none else act.now
            matters = course_of(connection, line.id).matters
            ordered = ordered_profile(house, connection, line)
            _, clocks = clocks_of(house, line.queue, since, matters, ordered)
            acts.open_again(connection, act, clocks)

        act_on(house, case, by, as_json, do)
