"""`deadline`: when an answer is due under a profile, counted day by day."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from daemon.cli.counted import counted, print_counted
from daemon.cli.exits import complain, refuse
from daemon.cli.house import AsJson, ConfigFile, config_if_any
from daemon.cli.output import print_json, print_lines, print_table
from daemon.config.deadlines import Clock, Profile
from daemon.config.loading import load
from daemon.config.wording import nearest
from daemon.triage.counting import EndlessTerm
from daemon.triage.deadlines import Course, Due, first_due
from daemon.triage.rulebook import Rulebook

app = typer.Typer()

_LONGEST_PAUSE = 3_660  # days
_YEARS = range(1990, 2200)  # for which public holidays are known
_LAWYER = "A working summary, not legal advice: a lawyer must check it."


@app.command()
def deadline(
    profile: Annotated[
        str | None, typer.Argument(metavar="PROFILE", help="A profile; --list has them.")
    ] = None,
    received: Annotated[
        str | None, typer.Argument(metavar="RECEIVED", help="Date, or date and time, of receipt.")
    ] = None,
    paused: Annotated[
        list[str] | None,
        typer.Option("--paused", metavar="FROM/TO", help="Dates on which no clock ran."),
    ] = None,
    extended: Annotated[bool, typer.Option("--extended", help="Count the extended term.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the profiles.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Count when an answer is due, day by day, under a shipped profile or one of the house."""
    path = config_if_any(config)
    book = Rulebook.of(load(path) if path else None)
    if list_:
        _list(book, as_json)
        return
    if profile is None or received is None:
        refuse("give PROFILE and RECEIVED, as in `backdesk deadline it-bank 2026-10-31`; or --list")
    if profile not in book.profiles:
        refuse(f"no profile {profile!r}; {nearest(profile, dict(book.profiles))}")
    moment = _moment(received, book.zone(book.profiles[profile]))
    chosen = _in_force(book, book.profiles[profile], moment)
    pauses = tuple(_pause(text) for text in paused or ())
    course = Course(received=moment, pauses=pauses, is_extended=extended)
    try:
        dues = book.count(chosen, course)
    except EndlessTerm as error:
        refuse(f"{chosen.name}: {error}")
    complain(*_notes(book, chosen, course))
    if as_json:
        print_json(_document(chosen, course, dues))
    else:
        _print(chosen, course, dues)


def _in_force(book: Rulebook, profile: Profile, moment: datetime) -> Profile:
    day = book.received_on(profile, moment)
    found = book.in_force(profile, day)
    if found is None:
        span = f"from {profile.valid_from or '...'} until {profile.valid_until or '...'}"
        refuse(f"{profile.name} is for mail received {span}; no earlier or later one is known")
    if found is not profile:
        complain(f"{found.name} was in force on {day}")
    return found


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.year not in _YEARS:
        refuse(f"{text!r} is not a moment; allowed: 2026-10-31, 2026-10-31T09:30, or with a zone")
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _pause(text: str) -> tuple[date, date]:
    begin, _, end = text.partition("/")
    try:
        first, last = date.fromisoformat(begin), date.fromisoformat(end)
    except ValueError:
        first, last = date.max, date.min
    if not 0 <= (last - first).days <= _LONGEST_PAUSE:
        refuse(f"{text!r} is not a pause; allowed: two dates, both included: 2026-08-03/2026-08-14")
    return first, last


def _notes(book: Rulebook, profile: Profile, course: Course) -> list[str]:
    notes = []
    if profile.calendar not in book.calendars:
        notes.append("no calendar of the house is configured: only the weekend is free")
    if course.pauses and not profile.pauses:
        notes.append(f"{profile.name} names no reason for which its clocks may stand still")
    days = sum((last - first).days + 1 for first, last in course.pauses)
    if 0 < profile.pause_days < days or 0 < profile.pause_times < len(course.pauses):
        times = f", {profile.pause_times} times at most" if profile.pause_times else ""
        notes.append(f"{profile.name} lets its clocks stand still for {_days(profile)}{times}")
    if course.is_extended and not any(clock.extended for clock in profile.clocks.values()):
        notes.append(f"{profile.name} cannot be extended")
    return notes


def _days(profile: Profile) -> str:
    return f"{profile.pause_days} days in all" if profile.pause_days else "any number of days"


def _document(profile: Profile, course: Course, dues: Sequence[Due]) -> dict[str, object]:
    return {
        **_head(profile),
        "received": course.received,
        "due": first_due(dues),
        "clocks": [
            {
                **_clock(profile.clocks[due.clock]),
                "term": str(due.term),
                "due": due.due,
                "interim": due.interim,
                "days": counted(due.days),
            }
            for due in dues
        ],
    }


def _head(profile: Profile) -> dict[str, object]:
    return {
        "profile": profile.name,
        "title": profile.title,
        "source": profile.source,
        "silence": profile.silence or None,
        "channel": profile.channel,
    }


def _clock(clock: Clock) -> dict[str, object]:
    return {
        "name": clock.name,
        "term": str(clock.term),
        "extended": str(clock.extended) if clock.extended else None,
        "only_if": clock.only_if or None,
        "met_by": clock.met_by,
        "met_when": clock.met_when,
    }


def _print(profile: Profile, course: Course, dues: Sequence[Due]) -> None:
    print_lines([profile.title, f"Source: {profile.source}.", _LAWYER, ""])
    for due in dues:
        print_counted(_title(profile.clocks[due.clock], due), counted(due.days))
        print_lines([""])
    earliest = first_due(dues)
    due_at = f", due {_shown(earliest)}" if earliest else ""
    print_lines([f"{profile.name}: received {_shown(course.received)}{due_at}"])


def _title(clock: Clock, due: Due) -> str:
    only = f" (only if it is about {due.only_if})" if due.only_if else ""
    interim = f"; interim reply by {_shown(due.interim)}" if due.interim else ""
    until = _shown(due.due)
    return f"{due.clock}{only}: {due.term}, {clock.met_by} {clock.met_when} by {until}{interim}"


def _shown(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M}"


def _list(book: Rulebook, as_json: bool) -> None:
    listed = book.profiles.values()
    if as_json:
        documents = [
            {**_head(one), "clocks": [_clock(clock) for clock in one.clocks.values()]}
            for one in listed
        ]
        print_json({"profiles": documents})
        return
    rows = [[one.name, one.title, "; ".join(map(_summary, one.clocks.values()))] for one in listed]
    print_table(["profile", "what it is", "clocks"], rows)
    print_lines(["", f"{_LAWYER} --json names the sources."])


def _summary(clock: Clock) -> str:
    longer = f" (extended {clock.extended})" if clock.extended else ""
    return f"{clock.name} {clock.term}{longer}"
