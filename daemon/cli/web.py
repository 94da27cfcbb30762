"""`web`: links to the public pages, and taking back all that were given out."""

from datetime import datetime
from typing import Annotated

import typer

from daemon import clock
from daemon.cli.case_desk import known_queue
from daemon.cli.exits import refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.mails import MailName, the_mail
from daemon.cli.output import print_json, print_lines
from daemon.config.values import is_address
from daemon.digest.links import calendar_link, ends_at, label_link
from daemon.jobs import House
from daemon.mail.links import Purpose
from daemon.store.keys import LINKS, keys_of, renew_keys

app = typer.Typer()
group = typer.Typer(help="Links to the public pages.", no_args_is_help=True)
links = typer.Typer(help="Make a link; whoever has it may use it.", no_args_is_help=True)
app.add_typer(group, name="web")
group.add_typer(links, name="link")


@links.command("label")
def label(
    mail: MailName,
    reader: Annotated[
        str, typer.Option("--for", metavar="ADDRESS", help="Who says what the mail is.")
    ],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the link with which somebody says what a mail is."""
    if not (is_address(reader) and reader.isprintable()):
        refuse(f"--for: {reader!r} is not an e-mail address")
    with open_house(config) as house:
        held, now = the_mail(house, mail), clock.now()
        keys = keys_of(house.store, LINKS)
        try:
            made = label_link(house.settings, keys, held.id, reader, now)
        except ValueError as error:
            refuse(f"--for: {error}")
        _tell(house, Purpose.LABEL, made, now, as_json=as_json)


@links.command("deadlines")
def deadlines(
    queue: Annotated[
        str | None, typer.Option("--queue", metavar="Q", help="Only of this queue.")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the link under which a calendar program finds the deadlines of open cases."""
    with open_house(config) as house:
        known_queue(house, queue)
        now, keys = clock.now(), keys_of(house.store, LINKS)
        made = calendar_link(house.settings, keys, queue or "", now)
        _tell(house, Purpose.DEADLINES, made, now, as_json=as_json)


@group.command("revoke")
def revoke(config: ConfigFile = None) -> None:
    """Take back every link that was given out until now; new ones work at once."""
    with open_house(config) as house:
        renew_keys(house.store, LINKS)
    print_lines(["every link given out until now has ended"])


def _tell(
    house: House, purpose: Purpose, link: str | None, now: datetime, *, as_json: bool
) -> None:
    if link is None:
        refuse(
            f"{house.settings.path}: web.public_url: is empty, so there are no links; "
            'write how people reach the pages, as "https://post.example.org"'
        )
    if as_json:
        print_json({"link": link, "good_until": ends_at(house.settings, purpose, now)})
    else:
        print_lines([link])
