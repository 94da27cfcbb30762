"""`report`: complaints and service in figures, and the register of complaints for a regulator."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from daemon import clock
from daemon.cli.case_desk import Queue, known_queue
from daemon.cli.exits import refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import json_of, print_lines, safe
from daemon.clock import local_date
from daemon.config.settings import Settings
from daemon.jobs import House
from daemon.quality.period import month_before, month_of, period_of
from daemon.quality.records import Complaints, Period, Service
from daemon.quality.render import as_html, as_text, bar
from daemon.quality.reports import Reporter
from daemon.quality.sheet import COLUMNS, REGISTER, as_csv, document_of, register_rows, rows_of
from daemon.quality.view import Table, View, complaints_view, service_view
from daemon.quality.words import words

app = typer.Typer()
group = typer.Typer(
    help="Complaints and service in figures, and the register of complaints.",
    no_args_is_help=True,
)
app.add_typer(group, name="report")

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_FIRST_YEAR = 1990

Month = Annotated[
    str | None,
    typer.Option("--month", metavar="YYYY-MM", help="A month (default: the one before this)."),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="The first day, in place of a month.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="The last day (default: today).")
]
Format = Annotated[Literal["text", "html", "csv"], typer.Option("--format", help="How it is told.")]
ToFile = Annotated[
    Path | None,
    typer.Option("--to", dir_okay=False, metavar="FILE", help="Write it to a file."),
]
Language = Annotated[
    Literal["it", "pl", "en"] | None,
    typer.Option("--language", help="Of text and HTML (default: as configured)."),
]


@group.command()
def complaints(
    month: Month = None,
    since: Since = None,
    until: Until = None,
    queue: Queue = None,
    form: Format = "text",
    to: ToFile = None,
    language: Language = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say why people complain, which terms were kept, and what is open.

    Causes and decisions are of the complaints closed in the period; products, severity and repeats
    of those received in it. A term is judged when it is met or runs out. A merged case counts once.
    """
    with _asked(config, queue) as house:
        period = _period(house, month, since, until)
        report = _reporter(house).complaints(period, queue)
        view = complaints_view(report, words(_language(house.settings, language)))
    _tell(report, view, "json" if as_json else form, to)


@group.command()
def service(
    month: Month = None,
    since: Since = None,
    until: Until = None,
    queue: Queue = None,
    form: Format = "text",
    to: ToFile = None,
    language: Language = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say how long people wait: to the acknowledgement, to the first answer, to the closing.

    Times are of the cases received in the period. What is still open counts as "at least as long
    as so far" (Kaplan-Meier); of a reopened case the last closing counts.
    """
    with _asked(config, queue) as house:
        period = _period(house, month, since, until)
        report = _reporter(house).service(period, queue)
        view = service_view(report, words(_language(house.settings, language)))
    _tell(report, view, "json" if as_json else form, to)


@group.command()
def register(
    month: Month = None,
    since: Since = None,
    until: Until = None,
    queue: Queue = None,
    form: Annotated[
        Literal["csv", "json"], typer.Option("--format", help="How it is written.")
    ] = "csv",
    to: ToFile = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the register of the complaints received in a period, without a word of their mail."""
    with _asked(config, queue) as house:
        period = _period(house, month, since, until)
        entries = _reporter(house).register(period, queue)
    if as_json or form == "json":
        _put(json_of([asdict(one) for one in entries]), to)
    else:
        _put(as_csv(REGISTER, register_rows(entries)), to)


@contextmanager
def _asked(config: Path | None, queue: str | None) -> Iterator[House]:
    with open_house(config) as house:
        known_queue(house, queue)
        yield house


def _reporter(house: House) -> Reporter:
    return Reporter(store=house.store, settings=house.settings)


def _language(settings: Settings, chosen: str | None) -> str:
    return chosen or settings.reports.language or settings.service.language


def _period(house: House, month: str | None, since: str | None, until: str | None) -> Period:
    """Return the period that is meant; the command ends where it is none, or to come."""
    now, zone = clock.now(), house.settings.service.zone
    today = local_date(now, zone)
    if month is not None:
        if since or until:
            refuse("--month cannot be given together with --since and --until")
        match = _MONTH.fullmatch(month)
        if match is None or int(match[1]) < _FIRST_YEAR:
            refuse(f"--month: {month!r} is not a month; write it as 2026-03")
        period = month_of(int(match[1]), int(match[2]), zone, now)
    elif since is not None:
        last = _day(until, "--until") if until else max(today, _day(since, "--since"))
        period = period_of(_day(since, "--since"), last, zone, now)
    elif until is not None:
        refuse("--until needs --since")
    else:
        period = month_before(today, zone, now)
    if period.last < period.first:
        refuse(f"--until: {period.last} is before --since, {period.first}")
    if period.first > today:
        refuse(f"{period.first} is still to come")
    return period


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year < _FIRST_YEAR or day == date.max:
        refuse(f"{option}: {text!r} is not a date; write it as 2026-03-31")
    return day


def _tell(report: Complaints | Service, view: View, form: str, to: Path | None) -> None:
    if form == "text" and to is None and sys.stdout.isatty():
        _print_view(view)
        return
    made: dict[str, Callable[[], str]] = {
        "text": lambda: as_text([view]),
        "html": lambda: as_html([view]),
        "csv": lambda: as_csv(COLUMNS, rows_of(report)),
        "json": lambda: json_of(document_of(report)),
    }
    _put(made[form](), to)


def _put(text: str, to: Path | None) -> None:
    """Print a text, or write it to a file, which then is there whole or not at all."""
    content = text.encode("utf-8", "replace")
    if to is None:
        sys.stdout.write(content.decode())
        return
    half = to.with_name(f".{to.name}.new")
    try:
        half.write_bytes(content)
        half.replace(to)
    except OSError as error:
        half.unlink(missing_ok=True)
        refuse(f"--to: {to} cannot be written: {error.strerror}")


def _print_view(view: View) -> None:
    """Print a report on a terminal."""
    console = Console()
    console.print(Text(view.title, style="bold"))
    print_lines([safe(line) for line in view.lines])
    for table in view.tables:
        print_lines([""])
        if table.rows:
            console.print(_drawn(table))
        else:
            print_lines([table.heading, view.empty])
    print_lines(["", *view.notes])


def _drawn(table: Table) -> RichTable:
    drawn = RichTable(title=table.heading, header_style="bold", title_justify="left")
    for place, name in enumerate(table.columns):
        justify: Literal["left", "right"] = "left" if place < table.names else "right"
        drawn.add_column(name, justify=justify, overflow="fold")
    if table.bars:
        drawn.add_column("")
    for number, row in enumerate(table.rows):
        plot = [Text(bar(table.bars[number], "█"), style="blue")] if table.bars else []
        drawn.add_row(*(Text(safe(cell)) for cell in row), *plot)
    return drawn
