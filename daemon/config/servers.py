"""The tables `[accounts.*]`, `[queues.*]` and `[relays.*]`: where mail comes from and goes to."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from daemon.config.limits import Seconds
from daemon.config.section import Section, with_port
from daemon.config.values import Filled, Host, Name, OptionalPath, Texts

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
    go_live: date | None = None  # mail received before is only observed; None: all of it is
    poll_s: Seconds | None = None  # None: as in [intake]

    @model_validator(mode="before")
    @classmethod
    def _port(cls, table: object) -> object:
        return with_port(table, IMAP_PORTS, "tls")


class Queue(Section):
    """`[queues.NAME]`: an IMAP folder in which people find their work."""

    name: Name
    account: Filled
    folder: Filled
    deadline: Name | None = None  # the profile its cases run under; None: no clock


class Relay(Section):
    """`[relays.NAME]`: a server that takes our mail."""

    name: Name
    host: Host
    port: Port = 465  # written by `_port` where `security` is another
    security: Security = "tls"
    username: str = ""  # empty: no login
    password_file: OptionalPath = None
    ca_file: OptionalPath = None
    timeout_s: Seconds = 60.0
    per_minute: Annotated[int, Field(ge=1)] = 60

    @model_validator(mode="before")
    @classmethod
    def _port(cls, table: object) -> object:
        return with_port(table, SMTP_PORTS, "tls")
