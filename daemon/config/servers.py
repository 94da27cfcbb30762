"""The tables `[accounts.*]`, `[queues.*]` and `[relays.*]`: where mail comes from and goes to."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from daemon.config.limits import Seconds
from daemon.config.section import Section, with_port
from daemon.config.values import (
    Filled,
    Host,
    Name,
    OptionalPath,
    Texts,
    is_address,
    optional_address_of,
)

Security = Literal["tls", "starttls", "plain"]
Port = Annotated[int, Field(ge=1, le=65_535)]

IMAP_PORTS = {"tls": 993, "starttls": 143, "plain": 143}
SMTP_PORTS = {"tls": 465, "starttls": 587, "plain": 25}


class Account(Section):
    """`[accounts.NAME]`: a mailbox that is watched."""

    name: Name
    host: Host
    port: Port = 993  # written by `_port` where `security` is another
    security: Security = "tls"
    username: Filled
    auth: Literal["password", "xoauth2"] = "password"
    password_file: OptionalPath = None
    token_file: OptionalPath = None
    ca_file: OptionalPath = None
    folders: Texts = ("INBOX",)
    sent: str = "Sent"  # where mail programs keep what people send; empty: it is not watched
    address: Annotated[str, AfterValidator(optional_address_of)] = ""  # empty: the username
    subaddress: Literal["", "+", "-"] = ""  # what stands before the tag of a case; empty: none
    authserv_id: str = ""  # of the server's Authentication-Results; empty: it writes none
    go_live: date | None = None  # mail received before is only observed; None: all of it is
    poll_s: Seconds | None = None  # None: as in [intake]
    passed_on: str = "Passed on"  # of mail put into another account's queue; empty: it stays
    drafts: str = "Drafts"  # where replies are laid down for people; empty: nowhere

    @model_validator(mode="before")
    @classmethod
    def _port(cls, table: object) -> object:
        return with_port(table, IMAP_PORTS, "tls")

    @property
    def own_address(self) -> str:
        """The address that people write to; empty where the configuration does not say."""
        return self.address or (self.username if is_address(self.username) else "")


class Queue(Section):
    """`[queues.NAME]`: an IMAP folder in which people find their work."""

    name: Name
    account: Filled
    folder: Filled
    done: str = "Done"  # folder in it: a mail moved there closes its case; empty: there is none
    deadline: Name | None = None  # the profile its cases run under; None: no clock
    approval: bool = False  # a second person must approve answers to complaints in it

    @property
    def done_folder(self) -> str:
        """The whole name of the folder for what is done; empty where there is none."""
        return f"{self.folder}/{self.done}" if self.done else ""


class Relay(Section):
    """`[relays.NAME]`: a server that takes our mail."""

    name: Name
    host: Host
    port: Port = 465  # written by `_port` where `security` is another
    security: Security = "tls"
    username: str = ""  # empty: no login
    auth: Literal["password", "xoauth2"] = "password"
    password_file: OptionalPath = None
    token_file: OptionalPath = None
    ca_file: OptionalPath = None
    timeout_s: Seconds = 60.0
    per_minute: Annotated[int, Field(ge=1)] = 60
    fallback: str = ""  # a relay that takes its mail while it is away; empty: none
    pec: bool = False  # of a PEC provider: it takes what answers certified mail, and nothing else

    @model_validator(mode="before")
    @classmethod
    def _port(cls, table: object) -> object:
        return with_port(table, SMTP_PORTS, "tls")
