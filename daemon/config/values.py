"""The kinds of value a key can have: what stands in the TOML file -> checked Python values.

Every function here takes one value as `tomllib` gives it and returns the checked one, or raises
`ValueError` with a sentence for the administrator: what is wrong, and what is allowed.
"""

import ipaddress
import re
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import re2
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

TONGUES = ("it", "pl", "en")
"""The languages of the house's letters and reports."""

_UNITS = {
    "": 1, "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]{0,3})\s*")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_ADDRESS = re.compile(r'[^\s@<>(),;:"\[\]\x00-\x1f]+@[^\s@<>(),;:"\x00-\x1f]+')
_NAMED_ADDRESS = re.compile(r"[^<>\x00-\x1f]*<([^<>]*)>")
_LANGUAGE = re.compile(r"[a-z]{2}")
_INSTANCE = re.compile(r"[A-Za-z0-9._-]{0,64}")


def bytes_of(value: object) -> int:
    """Return a size in bytes from an integer or from text such as `"64 MB"` or `"64 MiB"`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    factor = _UNITS.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise ValueError('must be a size: a number of bytes, or text such as "64 MB" or "64 MiB"')
    return int(Decimal(match[1]) * factor)


def spoken(value: object) -> object:
    """Return language -> text; one text stands for all languages, a table must have each."""
    if isinstance(value, str):
        return dict.fromkeys(TONGUES, value)
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - what pydantic reports
            "must be a text, or a table with one for each of it, pl, en"
        )
    if value and (lacking := [one for one in TONGUES if one not in value]):
        raise ValueError(
            f"lacks {', '.join(lacking)}; allowed: one text, or one for each of it, pl, en"
        )
    return value


def time_of(value: object) -> time:
    """Return a time of day from `"07:30"`, or from a TOML local time without seconds."""
    if isinstance(value, time) and (value.second, value.microsecond) == (0, 0):
        return value
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a time of day from "00:00" to "23:59"')
    return time(int(match[1]), int(match[2]))


def listed(value: object) -> object:
    """Return a tuple where a list, or one text in place of a list, was written."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def path_of(value: object, info: ValidationInfo) -> Path | None:
    """Return an absolute path; a relative one starts at the configuration file's folder."""
    if not isinstance(value, str | Path) or "\0" in str(value):
        raise ValueError("must be a path, as text in quotes")
    base: Path = (info.context or {}).get("base", Path())
    return (base / value).absolute() if value != "" else None


def zone_name(value: str) -> str:
    """Return the name of a time zone that this machine knows."""
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):  # a folder's name ends in an OSError
        raise ValueError(
            f"{value!r} is not a known time zone; allowed: names such as Europe/Rome, Europe/Warsaw"
        ) from None
    return value


def optional_zone(value: str) -> str:
    """Return the name of a time zone that this machine knows, or the empty text."""
    return value and zone_name(value)


def domain_of(value: str) -> str:
    """Return the domain of e-mail addresses, in lower case."""
    if not is_address(f"a@{value}"):
        raise ValueError(f'{value!r} is not a domain of addresses; allowed: "example.org"')
    return value.lower()


def name_of(value: str) -> str:
    """Return a name that can also be part of a credential's and a variable's name."""
    if not _NAME.fullmatch(value):
        raise ValueError(
            f"{value!r} is not a name; allowed: letters, digits, - and _, at most 63, "
            "beginning with a letter or digit"
        )
    return value


def host_of(value: str) -> str:
    """Return a host name or IP address, without scheme and port."""
    if not value or re.search(r"[\s/@\x00-\x1f]", value) or (":" in value and not _is_ip(value)):
        raise ValueError(f"{value!r} is not a host; allowed: a name or IP address without port")
    return value.lower()


def is_loopback(host: str) -> bool:
    """Tell whether a connection to `host` stays on this machine."""
    return host.lower() == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def is_own_machine(network: str) -> bool:
    """Tell whether an address or network is of this machine alone; what is neither is not."""
    try:
        return ipaddress.ip_network(network).is_loopback
    except ValueError:
        return False


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def listen_of(value: str) -> str:
    """Return `host:port` (IPv6 in brackets), or the empty text for "off"."""
    host, _, port = value.rpartition(":")
    is_port = port.isascii() and port.isdigit() and int(port[:6]) < 2**16
    if value and not (is_port and host and not re.search(r"[\s/@]", host)):
        raise ValueError(f'{value!r} is not an address to listen on; allowed: "127.0.0.1:8025"')
    return value


def network_of(value: str) -> str:
    """Return an IP address, or a network as `10.0.0.0/8`."""
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise ValueError(
            f'{value!r} is no address of a machine or network; allowed: "192.0.2.7", "10.0.0.0/8"'
        ) from None
    return value


def address_of(value: str) -> str:
    """Return a bare e-mail address."""
    if not is_address(value):
        raise ValueError(f'{value!r} is not an e-mail address; allowed: "name@example.org"')
    return value


def optional_address_of(value: str) -> str:
    """Return a bare e-mail address, or the empty text."""
    return value and address_of(value)


def address_glob_of(value: str) -> str:
    """Return a glob on addresses; one that can match no address is refused."""
    if "@" not in value and "*" not in value:
        raise ValueError(
            f'{value!r} fits no address; allowed: "name@example.org", "*@example.org", "*.org"'
        )
    return value


def is_address(value: str) -> bool:
    """Tell whether `value` is a bare e-mail address."""
    return bool(_ADDRESS.fullmatch(value))


def sender_of(value: str) -> str:
    """Return an address with or without a name before it, or the empty text."""
    named = _NAMED_ADDRESS.fullmatch(value)
    if value and not is_address(named[1] if named else value):
        raise ValueError(
            f'{value!r} is not a sender; allowed: "name@example.org" or "Name <name@example.org>"'
        )
    return value


def language_of(value: str) -> str:
    """Return an ISO 639-1 code."""
    if not _LANGUAGE.fullmatch(value):
        raise ValueError(f"{value!r} is not a language; allowed: ISO 639-1 codes such as it, pl")
    return value


def regex_of(value: str) -> str:
    """Return a regular expression that RE2 can run, in linear time whatever the mail."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(value, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise ValueError(
            f"{value!r} is not a regular expression of RE2: {reason} "
            "(no look-around, no back-references)"
        ) from None
    return value


def url_of(value: str) -> str:
    """Return the address of the public pages without a trailing slash, or the empty text."""
    parts = _split(value)
    is_safe = parts[0] == "https" or (parts[0] == "http" and is_loopback(parts[1]))
    if value and not (is_safe and parts[1]):
        raise ValueError(
            f'{value!r} is not a public address; allowed: "https://..." (http on loopback), or ""'
        )
    return value.rstrip("/")


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # an IPv6 address that is none
        return "", ""
    return parts.scheme, parts.hostname or ""


def store_url_of(value: str) -> str:
    """Return the store's address; the empty text is the SQLite file in `data_dir`."""
    try:
        parts = urlsplit(value)
        has_password = parts.password is not None or "password=" in parts.query.lower()
    except ValueError:
        parts, has_password = urlsplit(""), False
    if has_password:
        raise ValueError(
            "a password does not belong in this file; use password_file, the systemd credential "
            "store.password or the environment variable BACKDESK_STORE_PASSWORD"
        )
    if value and parts.scheme != "postgresql+psycopg":
        raise ValueError('allowed: "" (SQLite in data_dir), or "postgresql+psycopg://user@host/db"')
    return value


def instance_of(value: str) -> str:
    """Return the mark by which our own mail is known."""
    if not _INSTANCE.fullmatch(value):
        raise ValueError(f"{value!r} is not a mark; allowed: letters, digits, . _ -, at most 64")
    return value


def filled(value: str) -> str:
    """Return text that is not empty and has no control characters."""
    if not value.strip() or re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("must be text that is not empty, on one line")
    return value


Size = Annotated[int, BeforeValidator(bytes_of), Field(ge=1)]
TimeOfDay = Annotated[time, BeforeValidator(time_of)]
FilePath = Annotated[Path, BeforeValidator(path_of)]
OptionalPath = Annotated[Path | None, BeforeValidator(path_of)]
Filled = Annotated[str, AfterValidator(filled)]
Name = Annotated[str, AfterValidator(name_of)]
Tongue = Literal["it", "pl", "en"]
Spoken = Annotated[dict[Tongue, str], BeforeValidator(spoken)]
Zone = Annotated[str, AfterValidator(optional_zone)]
Domains = Annotated[tuple[Annotated[str, AfterValidator(domain_of)], ...], BeforeValidator(listed)]
Host = Annotated[str, AfterValidator(host_of)]
Listen = Annotated[str, AfterValidator(listen_of)]
EmailAddress = Annotated[str, AfterValidator(address_of)]
Language = Annotated[str, AfterValidator(language_of)]
Regex = Annotated[str, AfterValidator(regex_of)]
Share = Annotated[float, Field(ge=0, le=1)]
Cost = Annotated[float, Field(ge=0, le=1000)]
Texts = Annotated[tuple[Filled, ...], BeforeValidator(listed), Field(min_length=1)]
AddressGlobs = Annotated[
    tuple[Annotated[Filled, AfterValidator(address_glob_of)], ...],
    BeforeValidator(listed),
    Field(min_length=1),
]
Languages = Annotated[tuple[Language, ...], BeforeValidator(listed), Field(min_length=1)]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(network_of)], ...], BeforeValidator(listed)
]
Addresses = Annotated[tuple[EmailAddress, ...], BeforeValidator(listed)]
