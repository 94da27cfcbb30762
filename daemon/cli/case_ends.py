"""`case answer`, `decide`, `acknowledge`: what was done outside of Backdesk, and ends clocks."""

from datetime import datetime
from functools import partial
from typing import Annotated, Literal

import typer
from sqlalchemy import Connection

from daemon import clock
from daemon.cases import acts, papers, running
from daemon.cases.acts import Given
from daemon.cases.records import Act
from daemon.cli.case_desk import (
    CaseName,
    Clocks,
    IsAsked,
    IsInterim,
    Matters,
    PaperFile,
    Who,
    act_on,
    group,
    last_of,
    named,
    paper_of,
    the_case,
)
from daemon.cli.exits import NEEDS_PERSON, complain, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.jobs import House

Channel = Literal["mail", "pec", "post", "phone", "counter"]
On = Annotated[str, typer.Option("--on", metavar="DATE", help="When it was done.")]


AnsweredBy = Annotated[Channel | None, typer.Option("--channel", help="How it was answered.")]
SentOn = Annotated[str, typer.Option("--on", metavar="DATE", help="When it was sent.")]
DeliveredOn = Annotated[
    str,
    typer.Option("--delivered", metavar="DATE", help="When it arrived; alone: what was kept."),
]


@group.command()
def answer(
    case: CaseName,
    channel: AnsweredBy = None,
    on: SentOn = "",
    delivered: DeliveredOn = "",
    proof: PaperFile = None,
    clocks: Clocks = None,
    matters: Matters = None,
    interim: IsInterim = False,
    asked: IsAsked = False,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep that a case was answered outside of Backdesk, and that it arrived; its clock has ended.

    It ends the clocks of the case's own deadlines; those of a matter where --clock or --matter
    names them, or where there are no others.
    """
    with open_house(config) as house:
        arrived = last_of(house, delivered, "--delivered") if delivered else None
        if arrived is not None and channel is None and not on:
            act_on(house, case, by, as_json, partial(acts.deliver, on=arrived))
            return
        if channel is None or not on:
            refuse("give --channel and --on; or --delivered, for an answer that was kept before")
        sent = _sent_on(house, case, on, arrived)
        paper, broken = paper_of(house, proof), list[str]()

        def do(connection: Connection, act: Act) -> None:
            given = Given(
                channel=channel,
                on=sent,
                delivered=arrived,
                proof=papers.enter(house.store, connection, paper) if paper else None,
                named=named(clocks, matters),
                is_interim=interim,
                is_asked=asked,
            )
            broken.extend(acts.answer(connection, act, given))

        act_on(house, case, by, as_json, do)
    complain(*broken)
    leave(NEEDS_PERSON if broken else 0)


def _sent_on(house: House, case: str, on: str, arrived: datetime | None) -> datetime:
    """Return when an answer was sent, which is after the receipt and before its arrival."""
    sent = last_of(house, on, "--on")
    if arrived is not None and arrived < sent:
        refuse("--delivered: is before --on")
    with house.store.read() as connection:
        line = the_case(connection, case)
    if sent < line.received_at:
        refuse(f"{line.reference} was not yet received then")
    return sent


@group.command()
def decide(
    case: CaseName,
    decision: Annotated[
        Literal["upheld", "partly", "rejected"], typer.Argument(help="How it was decided.")
    ],
    on: On = "",
    clocks: Clocks = None,
    matters: Matters = None,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep what was decided; clocks of the case that wait for a decision have ended."""
    with open_house(config) as house:
        at = last_of(house, on, "--on") if on else clock.now()
        chosen = named(clocks, matters)
        do = partial(running.note_decision, decision=decision, on=at, named=chosen)
        act_on(house, case, by, as_json, do)


@group.command()
def acknowledge(
    case: CaseName,
    channel: Annotated[Channel, typer.Option("--channel", help="How it was acknowledged.")],
    on: On = "",
    clocks: Clocks = None,
    matters: Matters = None,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep that a case was acknowledged outside of Backdesk."""
    with open_house(config) as house:
        at = last_of(house, on, "--on") if on else clock.now()
        chosen = named(clocks, matters)
        do = partial(running.note_acknowledged, channel=channel, on=at, named=chosen)
        act_on(house, case, by, as_json, do)
