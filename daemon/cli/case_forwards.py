"""`case customer` and `case receipt`: what a person says of a case that a colleague passed on."""

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import Connection

from daemon import clock
from daemon.cases import correcting
from daemon.cases.records import Act, CaseLine
from daemon.cases.views import case_file
from daemon.cli.case_desk import CaseName, Who, day_of, do_on, group, tell, the_case
from daemon.cli.exits import refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.config.values import is_address
from daemon.intake.stories import reading_of
from daemon.jobs import House
from daemon.records import Address

_LONGEST_NAME = 200  # characters


@group.command()
def customer(
    case: CaseName,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The customer's e-mail.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The customer's name.")] = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say who the customer of a case is, where a colleague passed it on and it was not sure."""
    with open_house(config) as house:
        chosen = _customer(house, address, name)

        def do(connection: Connection, act: Act) -> None:
            file = case_file(connection, the_case(connection, case))
            read = (reading_of(connection, one) for one in file.mails)
            mails = [
                one.reading
                for one in read
                if one and (one.reading.forwarded or _is_from(one.reading.sender, chosen))
            ]
            correcting.name_customer(house.store, connection, act, chosen, mails)

        do_on(house, case, by, do)
        tell(house, case, as_json)


def _customer(house: House, address: str, name: str) -> Address:
    local, _, domain = address.strip().rpartition("@")
    email = f"{local}@{domain.lower()}"
    if not is_address(email):
        refuse(f"ADDRESS: {address!r} is not an e-mail address; write it as anna@example.org")
    if house.settings.is_staff(email):
        refuse(f"ADDRESS: {email} is of the house, and no customer's")
    if name and (not name.isprintable() or len(name) > _LONGEST_NAME):
        refuse(f"--name: must be one line of at most {_LONGEST_NAME} characters")
    return Address(name=name.strip(), email=email)


def _is_from(sender: Address | None, customer: Address) -> bool:
    return sender is not None and sender.email.lower() == customer.email.lower()


@group.command()
def receipt(
    case: CaseName,
    on: Annotated[
        str,
        typer.Option("--on", metavar="DATE", help="The day of receipt (default: as proposed)."),
    ] = "",
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let a case run from an earlier receipt: of the mail that a colleague passed on late."""
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            line = the_case(connection, case)
            received = _received(house, connection, line, on)
            correcting.receive_earlier(connection, act, received)

        do_on(house, case, by, do)
        tell(house, case, as_json)


def _received(house: House, connection: Connection, line: CaseLine, on: str) -> datetime:
    if on:
        return day_of(house, on, "--on", clock.now())
    proposed = correcting.proposed_receipt(connection, line.id)
    if proposed is None:
        refuse(f"{line.reference}: no receipt is proposed; say its day with --on DATE")
    return proposed
