"""`digest`: the day's digest, printed or sent."""

from datetime import date
from typing import Annotated

import typer

from daemon import clock
from daemon.cli.exits import DONE, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_lines, safe
from daemon.cli.sending import report_sending, sent_of
from daemon.clock import local_date
from daemon.config.settings import Settings
from daemon.digest.daily import enqueue
from daemon.digest.render import render
from daemon.jobs import digest_of, send_due

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
    send: Annotated[bool, typer.Option("--send", help="Send it to those configured.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the digest of today, or send it; each recipient gets one a day."""
    with open_house(config) as house:
        settings, now = house.settings, clock.now()
        if send:
            _refuse_unsendable(settings)
        chosen = day or local_date(now, settings.service.zone)
        written = digest_of(house, chosen, now)
        queued = enqueue(house.store, settings, written) if send else 0
        count = send_due(house) if queued else None
    rendered = render(written, settings.digest.language or settings.service.language)
    if as_json:
        head = {"date": chosen.isoformat(), "subject": rendered.subject, "text": rendered.text}
        print_json({**head, "html": rendered.html, "queued": queued, "sent": sent_of(count)})
    elif send:
        print_lines([f"{queued} queued, {sent_of(count)} sent" if queued else WAS_SENT])
    else:
        print_lines([rendered.subject, "", *_lines(rendered.text)])
    leave(report_sending(count) if count else DONE)


def _refuse_unsendable(settings: Settings) -> None:
    if not settings.digest.to:
        refuse("nobody to send to: [digest] to is empty")
    if not settings.relays:
        refuse("nothing to send with: there is no [relays.NAME]")


def _lines(text: str) -> list[str]:
    return [safe(line, "\t") for line in text.splitlines()]
