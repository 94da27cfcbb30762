"""`case pause`, `resume`, `extend`, `matter`, `decide`, `acknowledge`: what changes its clocks."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Literal

import typer
from sqlalchemy import Connection

from daemon import clock
from daemon.cases import running
from daemon.cases.acts import Act
from daemon.cases.records import CaseCourse
from daemon.cases.views import course_of
from daemon.cli.case_desk import (
    CaseName,
    Who,
    day_of,
    do_on,
    group,
    tell,
    the_case,
)
from daemon.cli.exits import complain, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.config.deadlines import Profile
from daemon.jobs import House
from daemon.triage.casework import clocks_for
from daemon.triage.deadlines import Course

On = Annotated[str, typer.Option("--on", metavar="DATE", help="When it was done.")]


@group.command()
def pause(
    case: CaseName,
    why: Annotated[str, typer.Option("--why", metavar="REASON", help="One of the profile.")],
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="The first day (default: today).")
    ] = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let the clocks of a case stand still, for a reason that its profile knows."""
    with open_house(config) as house:
        day = _day(house, since, "--since")

        def do(connection: Connection, act: Act) -> None:
            profile = _profile(house, connection, case)
            if not profile.pauses:
                refuse(f"the clocks of {profile.name} cannot be paused")
            if why not in profile.pauses:
                allowed = "; ".join(profile.pauses)
                refuse(f"--why: {profile.name} knows no such reason; allowed: {allowed}")
            running.pause(connection, act, day, why)

        do_on(house, case, by, do)
        tell(house, case, as_json)


@group.command()
def resume(
    case: CaseName,
    on: Annotated[
        str, typer.Option("--on", metavar="DATE", help="The first day that counts (today).")
    ] = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let the clocks of a paused case run again; their terms end later by the days of the pause."""
    with open_house(config) as house:
        day = _day(house, on, "--on")

        def do(connection: Connection, act: Act) -> None:
            course = running.ended_pause(connection, act, day)
            _recount(house, connection, act, "resumed", course)

        do_on(house, case, by, do)
        tell(house, case, as_json)


@group.command()
def extend(
    case: CaseName,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Is told in the reply.")],
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let the extended terms of its profile count; what is owed for it is said."""
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            profile = _profile(house, connection, case)
            longer = [one for one in profile.clocks.values() if one.extended]
            if not longer:
                refuse(f"{profile.name} cannot be extended")
            course = course_of(connection, act.case_id)
            if course.is_extended:
                refuse(f"{case} is extended already")
            running.note_reason(connection, act, why)
            _recount(house, connection, act, "extended", replace(course, is_extended=True))
            for one in longer:
                if one.interim_reply:
                    complain(f"{one.name}: an interim reply with the reason is owed in {one.term}")

        do_on(house, case, by, do)
        tell(house, case, as_json)


@group.command()
def matter(
    case: CaseName,
    matter: Annotated[str, typer.Argument(metavar="MATTER", help="What it is about.")],
    no: Annotated[bool, typer.Option("--no", help="It is not about it after all.")] = False,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what a case is about, so that the clocks for it press as well."""
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            profile = _profile(house, connection, case)
            known = list(dict.fromkeys(one.only_if for one in profile.clocks.values()))
            if matter not in filter(None, known):
                allowed = "; ".join(filter(None, known)) or "none"
                refuse(f"{matter!r} is not a matter of {profile.name}; allowed: {allowed}")
            course = course_of(connection, act.case_id)
            others = tuple(one for one in course.matters if one != matter)
            matters = others if no else (*others, matter)
            _recount(house, connection, act, "matter", replace(course, matters=matters))

        do_on(house, case, by, do)
        tell(house, case, as_json)


@group.command()
def decide(
    case: CaseName,
    decision: Annotated[
        Literal["upheld", "partly", "rejected"], typer.Argument(help="How it was decided.")
    ],
    on: On = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep what was decided; clocks that wait for a decision have ended."""
    with open_house(config) as house:
        at = _moment(house, on)
        note = running.note_decision
        do_on(house, case, by, lambda connection, act: note(connection, act, decision, at))
        tell(house, case, as_json)


@group.command()
def acknowledge(
    case: CaseName,
    channel: Annotated[
        Literal["mail", "pec", "post", "phone", "counter"],
        typer.Option("--channel", help="How it was acknowledged."),
    ],
    on: On = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep that a case was acknowledged outside of Backdesk."""
    with open_house(config) as house:
        at = _moment(house, on)
        note = running.note_acknowledged
        do_on(house, case, by, lambda connection, act: note(connection, act, channel, at))
        tell(house, case, as_json)


def _moment(house: House, on: str) -> datetime:
    return day_of(house, on, "--on", clock.now(), is_end=True) if on else clock.now()


def _day(house: House, text: str, option: str) -> date:
    now = clock.now()
    zone = house.settings.service.zone
    return day_of(house, text, option, now).date() if text else now.astimezone(zone).date()


def _profile(house: House, connection: Connection, case: str) -> Profile:
    """Return the profile that a case runs under; the command ends where it runs under none."""
    line = the_case(connection, case)
    book = house.pipeline.policy.cases.rulebook
    profile = book.profiles.get(line.profile or "") if book else None
    if profile is None:
        refuse(f"no clock runs in {line.reference}; `case label --queue` puts it under deadlines")
    return profile


def _recount(house: House, connection: Connection, act: Act, kind: str, course: CaseCourse) -> None:
    """Count the clocks of a case anew, and let them run so."""
    line = the_case(connection, str(act.case_id))
    counted = Course(
        received=course.since or line.received_at,
        pauses=course.pauses,
        is_extended=course.is_extended,
        met=running.met(connection, act.case_id),
    )
    rules = house.pipeline.policy.cases
    _, clocks, why = clocks_for(rules, line.profile, counted, course.matters)
    if why:
        refuse(f"the clocks of {line.reference} cannot be counted: {why}")
    running.recount(connection, act, kind, course, clocks)
