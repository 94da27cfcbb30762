"""`outbox`: outgoing mail, listed, shown, sent again, held back."""

import email
import email.policy
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from daemon.cli.exits import refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_lines, print_pairs, print_table
from daemon.jobs import House
from daemon.sending.records import OutgoingRow, State
from daemon.sending.store import AWAITS_APPROVAL, REJECTED, Outgoing

app = typer.Typer()
group = typer.Typer(help="Outgoing mail.", no_args_is_help=True)
app.add_typer(group, name="outbox")

OneId = Annotated[int, typer.Argument(metavar="ID", help="The row's id, as listed.")]


@group.command("list")
def list_(
    state: Annotated[list[State] | None, typer.Option("--state", help="Only these.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 100,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List outgoing mails, newest first."""
    with open_house(config) as house:
        rows = Outgoing(house.store).list_rows(tuple(state or ()), limit=limit)
    if as_json:
        print_json({"mails": [asdict(row) for row in rows]})
        return
    columns = ["id", "kind", "recipient", "state", "attempts", "created_at", "reply"]
    print_table(columns, [[getattr(row, name) for name in columns] for row in rows])


@group.command()
def show(
    mail: OneId,
    raw: Annotated[bool, typer.Option("--raw", help="The bytes that are sent.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one outgoing mail; with --raw the bytes that are sent."""
    with open_house(config) as house:
        row, message = _row(house, mail)
    if raw:
        sys.stdout.buffer.write(message)
        sys.stdout.buffer.flush()
    elif as_json:
        print_json({**asdict(row), "message": message.decode("utf-8", "replace")})
    else:
        print_pairs(f"outgoing mail {row.id}", list(asdict(row).items()))
        print_lines(["", *legible(message)])


@group.command()
def retry(mail: OneId, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Queue a held or failed mail again, for now."""
    with open_house(config) as house:
        row, _ = _row(house, mail)
        if not Outgoing(house.store).retry(mail):
            if (row.reply or "").startswith(REJECTED):
                refuse(f"outgoing mail {mail} was {row.reply}; write another answer")
            if row.reply == AWAITS_APPROVAL:
                refuse(f"outgoing mail {mail} {row.reply}: `backdesk case approve`")
            refuse(f"outgoing mail {mail} is {row.state}, not held or failed")
    _print_state(mail, State.QUEUED, as_json=as_json)


@group.command()
def hold(mail: OneId, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Stop a queued mail until it is retried."""
    with open_house(config) as house:
        row, _ = _row(house, mail)
        if not Outgoing(house.store).hold(mail):
            refuse(f"outgoing mail {mail} is {row.state}, not queued")
    _print_state(mail, State.HELD, as_json=as_json)


def legible(message: bytes) -> list[str]:
    """Return the subject and the text of a mail of ours, for people."""
    mail = email.message_from_bytes(message, policy=email.policy.default)
    part = mail.get_body(("plain",))
    text = str(part.get_content()) if part else ""
    return [f"Subject: {mail['Subject']}", "", *text.splitlines()]


def _row(house: House, mail: int) -> tuple[OutgoingRow, bytes]:
    found = Outgoing(house.store).show(mail)
    if found is None:
        refuse(f"no outgoing mail {mail}")
    return found


def _print_state(mail: int, state: State, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": mail, "state": state})
    else:
        print_lines([f"outgoing mail {mail} is {state}"])
