"""`case pause`, `resume`, `extend`, `matter`: what people say of its clocks."""

from datetime import date
from functools import partial
from typing import Annotated

import typer
from sqlalchemy import Connection

from daemon import clock
from daemon.cases import running
from daemon.cases.clocks import clocks_of
from daemon.cases.pausing import Pause
from daemon.cases.records import Act
from daemon.cases.running import Extension
from daemon.cli.case_desk import (
    CaseName,
    ItsMatter,
    Who,
    act_on,
    day_of,
    group,
    last_of,
    the_case,
)
from daemon.cli.case_words import in_words
from daemon.cli.exits import complain, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.config.deadlines import Profile
from daemon.jobs import House
from daemon.triage.casework import clocks_of_matters
from daemon.triage.recounting import INTERIM, part_of


@group.command()
def pause(
    case: CaseName,
    why: Annotated[str, typer.Option("--why", metavar="REASON", help="One of the profile.")],
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="The first day (default: today).")
    ] = "",
    matter: ItsMatter = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let the clocks of a case stand still, for a reason that its profile knows."""
    with open_house(config) as house:
        day = _day(house, since, "--since")

        def do(connection: Connection, act: Act) -> None:
            profile = _profile(house, connection, case, matter)
            if not profile.pauses:
                refuse(f"the clocks of {profile.name} cannot be paused")
            if why not in profile.pauses:
                allowed = "; ".join(profile.pauses)
                refuse(f"--why: {profile.name} knows no such reason; allowed: {allowed}")
            running.pause(connection, act, Pause(since=day, why=why, part=matter), profile)

        act_on(house, case, by, as_json, do)


@group.command()
def resume(
    case: CaseName,
    on: Annotated[
        str, typer.Option("--on", metavar="DATE", help="The first day that counts (today).")
    ] = "",
    matter: ItsMatter = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let the clocks of a paused case run again; their terms end later by the days of the pause."""
    with open_house(config) as house:
        do = partial(running.resume, part=matter, on=_day(house, on, "--on"))
        act_on(house, case, by, as_json, do)


@group.command()
def extend(
    case: CaseName,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Is told in the reply.")],
    told: Annotated[
        str, typer.Option("--told", metavar="DATE", help="When the customer was told of it.")
    ] = "",
    matter: ItsMatter = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let the extended terms of its profile count, before the first have passed.

    An interim reply that is owed for it has a clock of its own until then: `case reply --interim`
    or `case answer --interim` ends it, and so does --told here.
    """
    with open_house(config) as house:
        at = last_of(house, told, "--told") if told else None

        def do(connection: Connection, act: Act) -> None:
            running.extend(connection, act, Extension(why=why, told=at, part=matter))
            for one in clocks_of(connection, act.case_id).values():
                if one.met_by == INTERIM and one.presses and part_of(one.name) == matter:
                    until = in_words(one.due_at, house.settings.service.zone)
                    complain(f"an interim reply with the reason is owed by {until}")

        act_on(house, case, by, as_json, do)


@group.command("matter")
def matter_(
    case: CaseName,
    matter: Annotated[str, typer.Argument(metavar="MATTER", help="What it is about.")],
    no: Annotated[bool, typer.Option("--no", help="It is not about it after all.")] = False,
    since: Annotated[
        str,
        typer.Option("--since", metavar="DATE", help="When that was received (with the case)."),
    ] = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say what a case is about, so that the clocks for it press as well.

    That is a matter for which its profile has clocks, or one of [matters] with clocks of its own.
    """
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            rules, line = act.rules, the_case(connection, case)
            profile = rules.rulebook.profiles.get(line.profile or "") if rules.rulebook else None
            clocks = profile.clocks.values() if profile else ()
            known = list(filter(None, dict.fromkeys(one.only_if for one in clocks)))
            if profile is not None and matter in known:
                running.press_for(connection, act, matter, profile, is_about=not no)
            elif matter not in rules.matters:
                of = f" of {profile.name}" if profile else ""
                allowed = "; ".join((*known, *rules.matters)) or "none"
                refuse(f"{matter!r} is not a matter{of}; allowed: {allowed}")
            elif no:
                running.drop_matter(connection, act, matter)
            else:
                day = day_of(house, since, "--since", act.now) if since else line.received_at
                begun = tuple(clocks_of_matters(rules, [matter], day))
                running.begin_matter(connection, act, matter, begun)

        act_on(house, case, by, as_json, do)


def _day(house: House, text: str, option: str) -> date:
    now = clock.now()
    zone = house.settings.service.zone
    return day_of(house, text, option, now).date() if text else now.astimezone(zone).date()


def _profile(house: House, connection: Connection, case: str, matter: str) -> Profile:
    """Return the profile of a part of a case; the command ends where no clock of it runs."""
    line = the_case(connection, case)
    rules = house.pipeline.policy.cases
    own = clocks_of(connection, line.id).values()
    names = [one.profile for one in own if part_of(one.name) == matter]
    name = next(filter(None, names), line.profile or "") if not matter else next(iter(names), "")
    profile = rules.rulebook.profiles.get(name) if rules.rulebook else None
    if profile is None and matter:
        known = ", ".join(filter(None, dict.fromkeys(part_of(one.name) for one in own))) or "none"
        refuse(f"--matter: no clock of {matter!r} runs in {line.reference}; allowed: {known}")
    if profile is None:
        refuse(f"no clock runs in {line.reference}; `case label --queue` puts it under deadlines")
    return profile
