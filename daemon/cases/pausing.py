"""The clocks of a part of a case, its profile's or a matter's, stand still and run on."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from daemon.cases.clocks import change, clocks_of, course_of, recount, save_course
from daemon.cases.records import Act, ActRefused, Standstill
from daemon.config.deadlines import Profile
from daemon.triage.recounting import days_left, ended_pause, local_day, part_of, profile_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """From when clocks stand still, and why."""

    since: date
    why: str
    part: str = ""  # whose clocks: "" those of the case's profile, or a matter


def stop(connection: Connection, act: Act, pause: Pause, profile: Profile | None) -> None:
    """Let clocks stand still from a day on; those that were over by then stay due.

    Where the profile limits its pauses the clocks have the term that they will have at most; they
    run on by themselves.

    Raises:
        ActRefused: they stand still already, were paused until later, or may not be paused again.
    """
    course = course_of(connection, act.case_id)
    before = course.of(pause.part)
    if before.since is not None:
        raise ActRefused(f"it is paused since {before.since}")
    if before.pauses and pause.since <= before.pauses[-1][1]:
        raise ActRefused(f"it was paused until {before.pauses[-1][1]}")
    if profile is not None:
        _check(profile, before)
    paused = Standstill(pauses=before.pauses, since=pause.since)
    save_course(connection, act.case_id, course.having(pause.part, paused))
    if profile is None or days_left(profile, before.pauses) is None:
        own = clocks_of(connection, act.case_id).values()
        held = [
            one.name
            for one in own
            if part_of(one.name) == pause.part
            and one.met_at is None
            and local_day(act.rules, one.due_at) >= pause.since
        ]
        change(connection, act.case_id, held, is_held=True)
    recount(connection, act.rules, act.case_id, lambda one: part_of(one.name) == pause.part)


def _check(profile: Profile, before: Standstill) -> None:
    times = profile.pause_times
    if times and len(before.pauses) >= times:
        raise ActRefused(f"{profile.name} lets its clocks be paused {times} times at most")
    if days_left(profile, before.pauses) == 0:
        days = profile.pause_days
        raise ActRefused(f"{profile.name} lets its clocks be paused for {days} days at most")


def run_on(connection: Connection, act: Act, part: str, on: date) -> None:
    """Let clocks run again that stand still; their terms end later by the days of the pause.

    Args:
        connection: a write transaction.
        act: who, and when.
        part: whose clocks.
        on: the first day that counts again.

    Raises:
        ActRefused: they did not stand still, or not yet.
    """
    course, own = course_of(connection, act.case_id), clocks_of(connection, act.case_id)
    before = course.of(part)
    if before.since is None:
        raise ActRefused("it is not paused")
    if on < before.since:
        raise ActRefused(f"it is paused since {before.since}, which is later")
    mine = [one for one in own.values() if part_of(one.name) == part]
    profiles = [profile_of(act.rules, one.profile) for one in mine]
    limits = [days_left(one, before.pauses) for one in profiles if one is not None]
    left = next((days for days in limits if days is not None), None)
    days = ended_pause(before.since, on, left)
    running = Standstill(pauses=(*before.pauses, *days))
    save_course(connection, act.case_id, course.having(part, running))
    change(connection, act.case_id, [one.name for one in mine], is_held=False)
    recount(connection, act.rules, act.case_id, lambda one: part_of(one.name) == part)
