"""`digest`: the day's digest, printed or sent."""

from datetime import date, datetime
from typing import Annotated

import typer

from daemon import clock
from daemon.cli.exits import DONE, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_lines, safe
from daemon.cli.sending import report_sending, sent_of
from daemon.clock import local_date
from daemon.config.settings import Settings
from daemon.digest.readers import Reader, readers_of
from daemon.digest.render import render
from daemon.jobs import House, digest_of, enqueue_digest, send_due

app = typer.Typer()

WAS_SENT = "the digest of that day was sent before (`backdesk outbox list`)"


@app.callback()
def _group() -> None:
    """Keep `digest` a command of a group."""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write 2026-11-23") from None


@app.command()
def digest(
    day: Annotated[
        date | None, typer.Option("--date", metavar="D", parser=_day, help="Of this day.")
    ] = None,
    reader: Annotated[
        str | None,
        typer.Option("--for", metavar="WHO", help="That of a person, or of an address."),
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it to those configured.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the digest of today, or send it; each reader gets one a day."""
    with open_house(config) as house:
        settings, now = house.settings, clock.now()
        chosen = _reader(settings, reader)
        date_of = day or local_date(now, chosen.zone if chosen else settings.service.zone)
        written = digest_of(house, date_of, now, reader=chosen)
        queued, count = 0, None
        if send:
            queued = sum(_enqueue(house, one, date_of, now) for one in _readers(settings, chosen))
            count = send_due(house) if queued else None
    language = chosen.language if chosen else settings.digest.language or settings.service.language
    rendered = render(written, language)
    if as_json:
        head = {"date": date_of.isoformat(), "subject": rendered.subject, "text": rendered.text}
        print_json({**head, "html": rendered.html, "queued": queued, "sent": sent_of(count)})
    elif send:
        print_lines([f"{queued} queued, {sent_of(count)} sent" if queued else WAS_SENT])
    else:
        print_lines([rendered.subject, "", *_lines(rendered.text)])
    leave(report_sending(count) if count else DONE)


def _reader(settings: Settings, name: str | None) -> Reader | None:
    """Return whose digest is wanted; None for that of the house."""
    if name is None:
        return None
    readers = readers_of(settings)
    wanted = name.casefold()
    found = [one for one in readers if wanted in (one.person.casefold(), one.address.casefold())]
    if not found:
        known = ", ".join(one.person or one.address for one in readers)
        refuse(f"--for: nobody called {name!r} gets a digest; allowed: {known or 'nobody does'}")
    return found[0]


def _readers(settings: Settings, chosen: Reader | None) -> tuple[Reader, ...]:
    """Return to whom it is sent."""
    readers = (chosen,) if chosen else readers_of(settings)
    if not readers:
        refuse("nobody to send to: [digest] to is empty, and there are no [people.*]")
    if not settings.relays:
        refuse("nothing to send with: there is no [relays.NAME]")
    return readers


def _enqueue(house: House, reader: Reader, day: date, now: datetime) -> bool:
    return enqueue_digest(house, reader, digest_of(house, day, now, reader=reader))


def _lines(text: str) -> list[str]:
    return [safe(line, "\t") for line in text.splitlines()]
