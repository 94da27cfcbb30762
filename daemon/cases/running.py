"""What a person says of a case's clocks: paused, extended, about a matter; decided, told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from daemon.cases import ending, pausing
from daemon.cases.clocks import (
    begin_again,
    change,
    clocks_of,
    course_of,
    drop,
    recount,
    save_course,
    set_due,
    start,
)
from daemon.cases.ending import Named, Proof
from daemon.cases.pausing import Pause
from daemon.cases.records import OPEN, Act, ActRefused, CaseClock, Standstill
from daemon.cases.store import write_events
from daemon.config.deadlines import Profile
from daemon.records import ClockDue
from daemon.store.tables import cases
from daemon.triage.channels import AT_ONCE
from daemon.triage.recounting import INTERIM, interim_of, local_day, part_of, profile_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """Why the terms of a part of a case run longer, and when the customer was told."""

    why: str
    told: datetime | None = None  # None: nobody has told the customer yet
    part: str = ""  # whose clocks: "" those of the case's profile, or a matter


def pause(connection: Connection, act: Act, pause: Pause, profile: Profile | None = None) -> None:
    """Let clocks of a case stand still from a day on; the others run.

    Raises:
        ActRefused: the case is not open, or its clocks may not be paused so; see `pausing.stop`.
    """
    _open_row(connection, act)
    pausing.stop(connection, act, pause, profile)
    said = {"since": pause.since.isoformat(), "why": pause.why, "matter": pause.part}
    _tell(connection, act, "paused", **said)


def resume(connection: Connection, act: Act, part: str, on: date) -> None:
    """Let clocks of a case run again; `on` is the first day that counts.

    Raises:
        ActRefused: the case is not open, or they did not stand still, or not yet.
    """
    _open_row(connection, act)
    pausing.run_on(connection, act, part, on)
    _tell(connection, act, "resumed", on=on.isoformat(), matter=part)


def extend(connection: Connection, act: Act, extension: Extension) -> None:
    """Let the longer terms of a profile count, as long as the first have not passed.

    Where the profile wants an interim reply, a clock for that runs until the first term.

    Raises:
        ActRefused: the case is not open, no clock of it can be extended, or it is too late.
    """
    row = _open_row(connection, act)
    told = extension.told or act.now
    if told < row["received_at"]:
        raise ActRefused(f"{row['reference']} was not yet received then")
    longer = _extensible(connection, act, extension.part)
    for one, _ in longer:
        if not one.is_held and one.due_at < told:
            over = local_day(act.rules, one.due_at)
            raise ActRefused(
                f"{one.name}: its first term was over on {over}; only a customer who was told "
                "before that can be made to wait longer (--told)"
            )
    owed = [_interim(one, extension.told) for one, owes in longer if owes]
    names = [one.name for one, _ in longer]
    said = {"why": extension.why, "told": extension.told and extension.told.isoformat()}
    _tell(connection, act, "extended", **said, matter=extension.part, terms=names)
    change(connection, act.case_id, names, is_extended=True)
    drop(connection, act.case_id, [one.name for one in owed])
    start(connection, [(act.case_id, one) for one in owed])
    recount(connection, act.rules, act.case_id, lambda one: one.name in names)


def _extensible(connection: Connection, act: Act, part: str) -> list[tuple[CaseClock, bool]]:
    """Return the clocks that can run longer, and whether each owes an interim reply then."""
    own = clocks_of(connection, act.case_id).values()
    mine = [one for one in own if part_of(one.name) == part and one.met_by != INTERIM]
    profiles = {one.name: profile_of(act.rules, one.profile) for one in mine}
    found: list[tuple[CaseClock, bool]] = []
    for one in mine:
        profile = profiles[one.name]
        clock = profile.clocks.get(one.name.removeprefix(f"{part}:")) if profile else None
        if clock is not None and clock.extended is not None:
            found.append((one, clock.interim_reply))
    if not found:
        names = ", ".join(dict.fromkeys(one.name for one in profiles.values() if one))
        raise ActRefused(f"{names or 'it has no clock that'} cannot be extended")
    if all(one.is_extended for one, _ in found):
        raise ActRefused("it is extended already")
    waiting = [(one, owes) for one, owes in found if one.presses and not one.is_extended]
    if not waiting:
        states = "; ".join(
            f"{one.name} is met" if one.met_at else f"{one.name} runs only for {one.only_if}"
            for one, _ in found
        )
        raise ActRefused(f"there is no term to extend: {states}")
    return waiting


def _interim(clock: CaseClock, told: datetime | None) -> CaseClock:
    """Return the clock of the interim reply that is owed within the first term."""
    return replace(
        clock,
        name=interim_of(clock.name),
        met_by=INTERIM,
        met_when="sent",
        silence="",
        met_at=told,
        sent_at=None,
        met_mail=None,
    )


def press_for(
    connection: Connection, act: Act, matter: str, profile: Profile, *, is_about: bool
) -> None:
    """Say whether a case is about a matter for which clocks of its profile are."""
    _open_row(connection, act)
    course = course_of(connection, act.case_id)
    others = tuple(one for one in course.matters if one != matter)
    matters = (*others, matter) if is_about else others
    save_course(connection, act.case_id, replace(course, matters=matters))
    names = [one.name for one in profile.clocks.values() if one.only_if == matter]
    _tell(connection, act, "matter", matter=matter, ended=not is_about)
    change(connection, act.case_id, names, only_if="" if is_about else matter)
    set_due(connection, act.case_id)


def begin_matter(connection: Connection, act: Act, matter: str, clocks: Sequence[ClockDue]) -> None:
    """Let the clocks of a matter run in a case, or run again where they were met."""
    _open_row(connection, act)
    if not begin_again(connection, act.case_id, clocks):
        raise ActRefused(f"the clocks of {matter} run already")
    _tell(connection, act, "matter", matter=matter)


def drop_matter(connection: Connection, act: Act, matter: str) -> None:
    """Take the clocks of a matter out of a case, which is not about it after all."""
    _open_row(connection, act)
    mine = [name for name in clocks_of(connection, act.case_id) if part_of(name) == matter]
    if not mine:
        raise ActRefused(f"no clock of {matter} runs in it")
    drop(connection, act.case_id, mine)
    course = course_of(connection, act.case_id)
    save_course(connection, act.case_id, course.having(matter, Standstill()))
    _tell(connection, act, "matter", matter=matter, ended=True)
    set_due(connection, act.case_id)


def note_decision(
    connection: Connection, act: Act, decision: str, on: datetime, named: Named | None = None
) -> None:
    """Keep what was decided, and when; clocks that wait for a decision have ended.

    The decision is known to the customer when an answer tells it: a clock that asks for delivery
    ends with the act all the same, for the deed is what its term is for.
    """
    row = _open_row(connection, act)
    if on < row["received_at"]:
        raise ActRefused(f"{row['reference']} was not yet received then")
    own = clocks_of(connection, act.case_id)
    names = ending.concerned(own, ending.DECISION, named or Named())
    _tell(connection, act, "decided", decision=decision, on=on.isoformat(), ends=names)
    _set(connection, act, decision=decision)
    proof = Proof(at=on, delivered_at=on)
    ending.end(connection, act.rules, act.case_id, names, proof)


def note_acknowledged(
    connection: Connection, act: Act, channel: str, on: datetime, named: Named | None = None
) -> None:
    """Keep that a case was acknowledged by other means; clocks that wait for it have ended."""
    row = _open_row(connection, act)
    if on < row["received_at"]:
        raise ActRefused(f"{row['reference']} was not yet received then")
    own = clocks_of(connection, act.case_id)
    names = ending.concerned(own, ending.RECEIPT_TOLD, named or Named())
    _tell(connection, act, "acknowledged", channel=channel, on=on.isoformat(), ends=names)
    first = cases.c.acknowledged_at.is_(None) & (cases.c.id == act.case_id)
    connection.execute(update(cases).where(first).values(acknowledged_at=on))
    proof = Proof(at=on, delivered_at=on if channel in AT_ONCE else None)
    ending.end(connection, act.rules, act.case_id, names, proof)


def _open_row(connection: Connection, act: Act) -> dict[str, Any]:
    query = select(cases).where(cases.c.id == act.case_id).with_for_update()
    row = dict(connection.execute(query).mappings().one())
    if row["state"] != OPEN:
        raise ActRefused(f"{row['reference']} is {row['state']}")
    return row


def _tell(connection: Connection, act: Act, kind: str, **detail: object) -> None:
    write_events(connection, [(act.case_id, act.event(kind, **detail))])


def _set(connection: Connection, act: Act, **values: object) -> None:
    connection.execute(update(cases).where(cases.c.id == act.case_id).values(**values))
