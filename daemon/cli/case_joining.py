"""`case merge`, `unmerge`, `split`, `describe`, `number`, `tag`, `untag`."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

import typer
from sqlalchemy import Connection

from daemon.cases import describing, joining
from daemon.cases.records import Act, NewCase
from daemon.cases.threads import address_of, id_of
from daemon.cli.case_desk import (
    CaseName,
    Queue,
    Who,
    act_on,
    clocks_of,
    do_on,
    group,
    known_queue,
    tell,
    the_case,
)
from daemon.cli.exits import complain, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.intake.stories import reading_of
from daemon.jobs import House, stop_unapproved
from daemon.triage.casework import clocks_of_matters, first_receipt
from daemon.triage.forwarding import original_of

_LONGEST = 500  # characters of a field


@group.command()
def merge(
    case: CaseName,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The case that answers for both.")],
    other_customer: Annotated[
        bool, typer.Option("--other-customer", help="Also where they are of different customers.")
    ] = False,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let a case be part of another; later mail of both goes there. `unmerge` undoes it."""
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            target = the_case(connection, into).id
            joining.merge(connection, act, target, across=other_customer)
            if stop_unapproved(house, connection, replace(act, case_id=target)):
                complain("an answer has not left and waits for approval: `case approve`")

        do_on(house, case, by, do)
        tell(house, into, as_json)


@group.command()
def unmerge(
    case: CaseName, by: Who = "", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Undo the merging of a case."""
    with open_house(config) as house:
        act_on(house, case, by, as_json, joining.unmerge)


@group.command()
def split(
    case: CaseName,
    mails: Annotated[list[int], typer.Argument(metavar="MAIL", help="Ids of its mails.")],
    kind: Annotated[
        Literal["complaint", "request"], typer.Option("--kind", help="What they are.")
    ] = "complaint",
    queue: Queue = None,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Give mails of a case a case of their own, with its own customer and clocks."""
    made: list[int] = []
    with open_house(config) as house:
        known_queue(house, queue)

        def do(connection: Connection, act: Act) -> None:
            made.append(_split(house, connection, act, sorted(set(mails)), kind, queue))

        do_on(house, case, by, do)
        tell(house, str(made[0]), as_json)


def _split(
    house: House, connection: Connection, act: Act, mails: list[int], kind: str, queue: str | None
) -> int:
    line = the_case(connection, str(act.case_id))
    found = {one: read for one in mails if (read := reading_of(connection, one))}
    if lacking := [one for one in mails if one not in found]:
        refuse(f"no mail {lacking[0]} in {line.reference}")
    first = found[mails[0]]
    chosen = queue or line.queue
    received = min(first_receipt(one.reading, one.received_at)[0] for one in found.values())
    ordered = None if queue else first.orders.deadline
    profile, clocks = clocks_of(house, chosen, received, ordered=ordered)
    matters = dict.fromkeys(matter for one in found.values() for matter in one.reading.matters)
    rules = house.pipeline.policy.cases
    clocks = (*clocks, *clocks_of_matters(rules, tuple(matters), received))
    original = original_of(first.reading)
    entry = NewCase(
        kind=kind,
        channel=line.channel,
        queue=chosen,
        subject=original.subject,
        customer=address_of(original),
        customer_name=original.sender.name if original.sender else None,
        received_at=received,
        actor=act.actor,
        priority=line.priority,
    )
    made = house.cases.open_by_hand(connection, entry, profile, clocks, act.now)
    joining.split(connection, act, mails, made)
    ids = [own for one in found.values() if (own := id_of(one.reading))]
    joining.rethread(connection, act.case_id, ids, made)
    return made


@group.command()
def describe(
    case: CaseName,
    severity: Annotated[
        Literal["low", "normal", "high", "critical", ""] | None,
        typer.Option("--severity", help="How grave it is."),
    ] = None,
    remedy: Annotated[
        str | None, typer.Option("--remedy", metavar="TEXT", help="What the customer asks for.")
    ] = None,
    product: Annotated[
        str | None, typer.Option("--product", metavar="TEXT", help="What it is about.")
    ] = None,
    recourse: Annotated[
        str | None,
        typer.Option("--recourse", metavar="TEXT", help="Where else they were told to turn."),
    ] = None,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Write into the register what a complaint is about, as ISO 10002 asks; "" empties a field."""
    texts = {"severity": severity, "remedy": remedy, "product": product, "recourse": recourse}
    given = {name: text for name, text in texts.items() if text is not None}
    if not given:
        refuse("say what: --severity, --remedy, --product, --recourse")
    for name, text in given.items():
        _check_line(name, text)
    with open_house(config) as house:
        act_on(house, case, by, as_json, partial(describing.describe, fields=given))


@group.command()
def number(
    case: CaseName,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="protocol, pec, edoreczenia, or a word of yours.")
    ],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help='The number; of the protocol "" takes the next.')
    ] = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep a number by which others know a case; `case list --find` finds it."""
    _check_line("KIND", kind)
    _check_line("VALUE", value)
    if not kind or (not value and kind != describing.PROTOCOL):
        refuse("give KIND and VALUE; only `protocol` has numbers of the house's own")
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            chosen = value or describing.next_protocol(house.cases, connection, act)
            describing.number(house.store, connection, act, kind, chosen)

        act_on(house, case, by, as_json, do)


@group.command()
def tag(
    case: CaseName,
    name: Annotated[str, typer.Argument(metavar="TAG", help="A word of yours.")],
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Put a word on a case, by which `case list --tag` finds it."""
    _check_line("TAG", name)
    word = name.strip() or refuse("TAG: a word is wanted")
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            describing.tag(house.store, connection, act, word)

        act_on(house, case, by, as_json, do)


@group.command()
def untag(
    case: CaseName,
    name: Annotated[str, typer.Argument(metavar="TAG", help="That is on it.")],
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Take a word off a case."""
    with open_house(config) as house:
        do = partial(describing.untag, name=name)
        act_on(house, case, by, as_json, do)


def _check_line(name: str, text: str) -> None:
    if len(text) > _LONGEST or not text.isprintable():
        refuse(f"{name}: must be one line of at most {_LONGEST} characters")
