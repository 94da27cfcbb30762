"""`case`: the register of complaints and requests, and what people do with a case."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Connection

from daemon import clock
from daemon.cases import acts, holding, papers
from daemon.cases.acts import Act
from daemon.cases.records import CaseFile, CaseLine, NewCase
from daemon.cases.views import Wanted, case_file, count_cases, course_of, list_cases
from daemon.cli.case_desk import (
    CaseName,
    PaperFile,
    Queue,
    Who,
    clocks_of,
    day_of,
    do_on,
    document,
    group,
    known_queue,
    paper_of,
    tell,
    the_case,
    user,
    whole,
    words,
)
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
        zone = house.settings.service.zone
    if as_json:
        print_json({"total": total, "cases": [document(line, now) for line in lines]})
        return
    print_table(COLUMNS, [_row(line, zone) for line in lines])
    if total > len(lines):
        complain(f"{total - len(lines)} more; --limit shows them")


def _row(line: CaseLine, zone: ZoneInfo) -> list[str | None]:
    due = f"{line.due_at.astimezone(zone):%Y-%m-%d %H:%M}" if line.due_at else None
    who = line.customer_name or line.customer
    desk = [line.priority, line.queue, line.owner]
    return [line.reference, line.kind, line.state, due, *desk, who, line.subject]


@group.command()
def show(case: CaseName, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show all that is known of a case."""
    with open_house(config) as house, house.store.read() as connection:
        file = case_file(connection, the_case(connection, case))
        sent = Outgoing(house.store).list_rows(case_id=file.line.id)
    if as_json:
        print_json({**whole(file), "outgoing": [asdict(row) for row in sent]})
        return
    known = [pair for pair in list(asdict(file.line).items())[2:] if pair[1] is not None]
    print_pairs(f"case {file.line.reference}", [*known, *_beside(file)])
    clocks = [[one.name, one.term, one.only_if, one.due_at, one.met_at] for one in file.clocks]
    print_table(["clock", "term", "only if", "due", "met"], clocks)
    history = sorted(file.events, key=lambda one: one.at)
    events = [[one.at, one.actor, one.kind, words(one)] for one in history]
    print_table(["when", "who", "what", "detail"], events)
    columns = ["id", "kind", "recipient", "state", "finished_at", "reply", "returned"]
    rows = [[getattr(row, name) for name in columns] for row in sent]
    print_table(columns, rows, "outgoing")


def _beside(file: CaseFile) -> list[tuple[str, str]]:
    """Return what stands beside a case's row, where there is any."""
    pauses = "; ".join(f"{first} to {last}" for first, last in file.course.pauses)
    pairs = {
        "mails": ", ".join(map(str, file.mails)),
        "numbers": "; ".join(f"{kind} {value}" for kind, value in file.numbers),
        "tags": ", ".join(file.tags),
        "matters": ", ".join(file.course.matters),
        "pauses": pauses,
        "extended": "yes" if file.course.is_extended else "",
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
        do_on(house, case, by, lambda connection, act: acts.assign(connection, act, owner))
        tell(house, case, as_json)


@group.command()
def claim(case: CaseName, by: Who = "", config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Take a case in hand, so that nobody else answers it meanwhile; its owner stays."""
    with open_house(config) as house:
        do_on(house, case, by, holding.claim)
        tell(house, case, as_json)


@group.command()
def release(
    case: CaseName, by: Who = "", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Put a case down again, or free it of one who cannot."""
    with open_house(config) as house:
        do_on(house, case, by, holding.release)
        tell(house, case, as_json)


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
        do_on(house, case, by, lambda connection, act: acts.prioritize(connection, act, priority))
        tell(house, case, as_json)


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
        do_on(house, case, by, lambda connection, act: acts.write_note(connection, act, text))
        tell(house, case, as_json)


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

        do_on(house, case, by, do)
        due = tell(house, case, as_json).due_at
    _warn_of_no_clock(kind, due)


def _warn_of_no_clock(kind: str, due: datetime | None) -> None:
    if kind == "complaint" and due is None:
        complain("no clock runs in it; `case label --queue` puts it under a queue's deadlines")
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
        sent = day_of(house, on, "--on", clock.now(), is_end=True)
        with house.store.read() as connection:
            line = the_case(connection, case)
        if sent < line.received_at:
            refuse(f"{line.reference} was not yet received then")
        paper = paper_of(house, proof)

        def do(connection: Connection, act: Act) -> None:
            digest = papers.enter(house.store, connection, paper) if paper else None
            acts.answer(connection, act, channel, sent, digest)

        do_on(house, case, by, do)
        tell(house, case, as_json)


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
        do_on(house, case, by, lambda connection, act: acts.close(connection, act, cause))
        tell(house, case, as_json)


@group.command()
def reopen(
    case: CaseName, by: Who = "", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Open a closed case again; its clocks run anew, from today."""
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            line = the_case(connection, case)
            was_none = line.cause == acts.NO_CASE
            since = line.received_at if was_none else act.now
            matters = course_of(connection, line.id).matters
            ordered = ordered_profile(house, connection, line)
            _, clocks = clocks_of(house, line.queue, since, matters, ordered)
            acts.open_again(connection, act, clocks)

        do_on(house, case, by, do)
        tell(house, case, as_json)
