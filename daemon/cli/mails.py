"""`show`, and how every command finds the mail that is meant."""

import sys
from typing import Annotated

import typer

from daemon.cli.exits import refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_lines, safe
from daemon.errors import StoreError
from daemon.intake.views import FEWEST_DIGITS, HeldMail, find_mails
from daemon.jobs import House
from daemon.records import Address, Mail

app = typer.Typer()

MailName = Annotated[
    str,
    typer.Argument(metavar="MAIL", help="Its id, SHA-256 (8 digits or more of it) or Message-ID."),
]


@app.command()
def show(
    mail: MailName,
    raw: Annotated[bool, typer.Option("--raw", help="The bytes as received.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show a mail as text; with --raw its bytes, exactly as they were received."""
    with open_house(config) as house:
        held = the_mail(house, mail)
        content = bytes_of(house, held)
        if raw:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            return
        read = house.pool.view(content)
    if as_json:
        print_json(_document(held, read))
    else:
        print_lines(_lines(held, read))


def the_mail(house: House, name: str) -> HeldMail:
    """Return the one mail that is meant, or end with wrong usage."""
    found = find_mails(house.store, name)
    if not found:
        refuse(
            f"no mail {name!r}: give an id, {FEWEST_DIGITS} digits of its SHA-256, or a Message-ID"
        )
    if len(found) > 1:
        refuse(f"{name!r} is more than one mail: ids {', '.join(str(one.id) for one in found)}")
    return found[0]


def bytes_of(house: House, held: HeldMail) -> bytes:
    """Return the bytes of a mail as received.

    Raises:
        StoreError: they are damaged or not there.
    """
    place = house.ledger.blob(held.digest)
    if place is None:
        raise StoreError(f"mail {held.id} ({held.digest.hex()}) has no bytes in the packs")
    return house.packs.read(place, held.digest)


def _document(held: HeldMail, mail: Mail) -> dict[str, object]:
    return {
        "id": held.id,
        "digest": held.digest,
        "subject": mail.subject,
        "from": address(mail.sender),
        "to": [address(one) for one in mail.to],
        "cc": [address(one) for one in mail.cc],
        "date": mail.sent_at,
        "message_id": mail.message_id,
        "automatic": mail.automatic,
        "text": mail.text,
        "attachments": [
            {"name": one.filename, "type": one.media_type, "size": one.size}
            for one in mail.attachments
        ],
        "defects": mail.defects,
        "cuts": mail.cuts,
    }


def address(one: Address | None) -> str:
    """Return an address as people write it; empty for none."""
    if one is None:
        return ""
    return f"{one.name} <{one.email}>" if one.name else one.email


def _lines(held: HeldMail, mail: Mail) -> list[str]:
    named = [
        ("From", address(mail.sender)),
        ("To", ", ".join(map(address, mail.to))),
        ("Cc", ", ".join(map(address, mail.cc))),
        ("Date", mail.sent_at.isoformat() if mail.sent_at else ""),
        ("Subject", mail.subject),
        ("Message-ID", mail.message_id or ""),
        ("Automatic", mail.automatic or ""),
        ("SHA-256", held.digest.hex()),
        *(
            ("Attachment", f"{a.filename} ({a.media_type}, {a.size} bytes)")
            for a in mail.attachments
        ),
        *(("Defect", defect) for defect in mail.defects),
        *(("Cut at", cut) for cut in mail.cuts),
    ]
    head = [f"{name}: {safe(value)}" for name, value in named if value]
    return [*head, "", *(safe(line, "\t") for line in mail.text.split("\n"))]
