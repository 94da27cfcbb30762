"""The tables `[webhooks.*]`: servers that are told what happens, and `[forwarding]`."""

import base64
import binascii
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from daemon.config.section import Section
from daemon.config.values import Name, OptionalPath, Size, is_loopback, listed

EVENTS = (
    "case.opened", "case.joined", "case.assigned", "case.answered",
    "case.closed", "case.reopened", "case.overdue",
)  # fmt: skip
"""What a webhook may be told of every case."""

PREFIX = "whsec_"
_SECRET_BYTES = (24, 64)  # of Standard Webhooks
_LONGEST_URL = 2_000  # characters


def webhook_url_of(value: str) -> str:
    """Return an address that is called: https, or http on this machine."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port or an IPv6 address that is none
        parts, host, port = urlsplit(""), "", None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    is_plain = value.isascii() and value.isprintable() and " " not in value
    if not (is_safe and is_plain and host and port != 0 and len(value) <= _LONGEST_URL):
        raise ValueError(
            f'{value!r} is not an address to call; allowed: "https://..." (http on loopback)'
        )
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("must have neither user, password nor fragment: what is sent is signed")
    return value


def signing_keys(secret: str) -> tuple[bytes, ...]:
    """Return the keys of a webhook's secret; more than one, apart by spaces, while it is changed.

    Raises:
        ValueError: it is not `whsec_` and 24 to 64 bytes in base64; never says what it is.
    """
    keys = []
    for one in secret.split():
        try:
            key = base64.b64decode(one.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        least, most = _SECRET_BYTES
        if not one.startswith(PREFIX) or not least <= len(key) <= most:
            raise ValueError(f"must be {PREFIX} and {least} to {most} bytes in base64")
        keys.append(key)
    if not keys:
        raise ValueError("is empty")
    return tuple(keys)


Event = Literal[
    "case.opened", "case.joined", "case.assigned", "case.answered",
    "case.closed", "case.reopened", "case.overdue",
]  # fmt: skip


class Webhook(Section):
    """`[webhooks.NAME]`: a server that is told what happens to cases."""

    name: Name
    url: Annotated[str, AfterValidator(webhook_url_of)]
    secret_file: OptionalPath = None
    events: Annotated[tuple[Event, ...], BeforeValidator(listed)] = ()  # of all cases
    ca_file: OptionalPath = None
    private: bool = False  # whether its server may have an address of a private network
    timeout_s: Annotated[float, Field(ge=0.1, le=60)] = 15.0  # for one call as a whole
    give_up_days: Annotated[float, Field(ge=0.01, le=30)] = 3.0


class Forwarding(Section):
    """`[forwarding]`: limits of what rules send on to other departments."""

    mail_bytes: Size = 15_000_000
    hops: Annotated[int, Field(ge=1, le=20)] = 3
    per_hour: Annotated[int, Field(ge=1)] = 200  # to one address
