"""The whole configuration as one frozen tree; attribute names are the keys of the TOML file."""

from datetime import time
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from daemon.config.deadlines import Calendar, Hours, Profile
from daemon.config.limits import MIB, Intake, Limits, Seconds
from daemon.config.people import Person
from daemon.config.rules import Rule
from daemon.config.section import Section, named
from daemon.config.servers import Account, Queue, Relay
from daemon.config.values import (
    Addresses,
    Cost,
    Domains,
    EmailAddress,
    FilePath,
    Languages,
    Listen,
    Name,
    Networks,
    OptionalPath,
    Size,
    Spoken,
    TimeOfDay,
    Tongue,
    instance_of,
    listed,
    sender_of,
    store_url_of,
    url_of,
    zone_name,
)
from daemon.config.webhooks import Forwarding, Webhook

CaseKind = Literal["complaint", "request"]
CASE_KINDS = get_args(CaseKind)

ANY = "any"
"""Stands in a row of the cost table for all labels that are not named there."""

COSTS: dict[str, dict[str, float]] = {
    "complaint": {"request": 4.0, ANY: 8.0},
    "request": {"complaint": 1.6, ANY: 3.0},
    "newsletter": {"complaint": 1.6, ANY: 2.5},
    "other": {"complaint": 1.6, ANY: 2.5},
}
"""True label -> label it is taken for -> cost, in looks of a person at an unsure mail.

A missed complaint costs most (DESIGN 5).
"""


class Service(Section):
    """`[service]`: the house as a whole."""

    data_dir: Annotated[FilePath, Field(validate_default=True)] = Path("var")
    timezone: Annotated[str, AfterValidator(zone_name)]
    language: Tongue = "en"
    workers: Annotated[int, Field(ge=0, le=256)] = 0  # 0: as many as cores
    log: Literal["auto", "json", "text", "journald"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    instance: Annotated[str, AfterValidator(instance_of)] = ""
    domains: Domains = ()  # whoever writes from them is a colleague
    stall_s: Seconds = 600.0

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days, digests and deadlines are counted."""
        return ZoneInfo(self.timezone)


class Store(Section):
    """`[store]`: where the ledger is kept."""

    url: Annotated[str, AfterValidator(store_url_of)] = ""
    password_file: OptionalPath = None
    pack_bytes: Size = 64 * MIB


def _with_shipped_costs(table: object) -> object:
    """Fill what a cost table leaves out; what is no table is left to the check."""
    if not isinstance(table, dict):
        return table
    rows = {label: row for label, row in table.items() if isinstance(row, dict)}
    return {**COSTS, **table, **{label: COSTS.get(label, {}) | row for label, row in rows.items()}}


class Classifier(Section):
    """`[classifier]`: which model, and what its mistakes cost."""

    model: OptionalPath = None  # None: the shipped base model
    labels: Annotated[tuple[Name, ...], BeforeValidator(listed)] = ()  # the house's own
    costs: Annotated[dict[str, dict[str, Cost]], BeforeValidator(_with_shipped_costs)] = COSTS
    languages: Languages = ("it", "pl", "en", "de", "fr", "es")


class Digest(Section):
    """`[digest]`: the daily mail that says what needs people."""

    at: TimeOfDay = time(7, 30)
    to: Addresses = ()
    relay: str = ""  # empty: the first relay
    sender: Annotated[str, AfterValidator(sender_of)] = ""  # empty: the relay's username
    language: Literal["", "it", "pl", "en"] = ""  # empty: as in [service]
    languages: dict[EmailAddress, Tongue] = Field(default_factory=dict)


class Reports(Section):
    """`[reports]`: complaints and service in figures; sent once a month as the digest is sent."""

    to: Addresses = ()
    monthly_day: Annotated[int, Field(ge=1, le=28)] = 1  # every month has it
    at: TimeOfDay = time(8, 0)
    language: Literal["", "it", "pl", "en"] = ""  # empty: as in [service]
    languages: dict[EmailAddress, Tongue] = Field(default_factory=dict)
    per_person: bool = False
    repeat_days: Annotated[int, Field(ge=2, le=3_660)] = 365


class Acknowledgements(Section):
    """`[acknowledgements]`: the answer by return to those whose mail opened a case."""

    kinds: Annotated[tuple[CaseKind, ...], BeforeValidator(listed)] = ("complaint", "request")
    relay: str = ""  # empty: the first that is not for certified mail
    from_name: Spoken = Field(default_factory=dict)  # of the house, in From and below the letter
    contact: Spoken = Field(default_factory=dict)  # how to reach it, below the letter
    language: Literal["", "it", "pl", "en"] = ""  # for other languages; empty: as in [service]
    templates: OptionalPath = None  # letters of the house in place of the shipped ones
    late_s: Annotated[float, Field(ge=1, le=31 * 86_400)] = 172_800.0
    per_address_s: Seconds = 3_600.0
    per_address_day: Annotated[int, Field(ge=1)] = 3
    open_case_days: Annotated[int, Field(ge=0, le=366)] = 7  # 0: any number while one is open
    per_domain_hour: Annotated[int, Field(ge=0)] = 20
    providers: Domains = ()  # beside the known ones, whose domains are of many
    per_hour: Annotated[int, Field(ge=0)] = 1_000
    strangers_per_hour: Annotated[int, Field(ge=0)] = 100


class Replies(Section):
    """`[replies]`: canned replies, laid down as drafts for people to finish and send."""

    templates: OptionalPath = None  # replies of the house beside the shipped ones


class Matters(Section):
    """`[matters]`: what starts clocks of its own, whatever a mail's label; "": it starts none."""

    data_subject: str = "eu-data-subject"
    withdrawal: str = "eu-withdrawal"
    data_breach: str = "eu-data-breach"
    whistleblowing: str = "eu-whistleblowing"
    whistleblowing_queue: str = ""  # where such reports go; empty: as the rules say

    @property
    def profiles(self) -> dict[str, str]:
        """Matter -> the profile of its clocks."""
        named = {
            "data-subject": self.data_subject,
            "withdrawal": self.withdrawal,
            "data-breach": self.data_breach,
            "whistleblowing": self.whistleblowing,
        }
        return {matter: profile for matter, profile in named.items() if profile}


class Metrics(Section):
    """`[metrics]`: figures for Prometheus."""

    listen: Listen = ""


class Web(Section):
    """`[web]`: the public pages, that links in our mail lead to."""

    listen: Listen = ""
    public_url: Annotated[str, AfterValidator(url_of)] = ""
    trusted_proxies: Networks = ("127.0.0.1", "::1")  # whose X-Forwarded-For is believed
    rate_per_minute: Annotated[int, Field(ge=1, le=6_000)] = 60  # for one client
    link_days: Annotated[int, Field(ge=1, le=365)] = 30
    calendar_days: Annotated[int, Field(ge=1, le=3_650)] = 365


class Document(Section):
    """What may stand in the TOML file."""

    service: Service
    store: Store = Field(default_factory=Store)
    limits: Limits = Field(default_factory=Limits)
    intake: Intake = Field(default_factory=Intake)
    accounts: Annotated[dict[Name, Account], BeforeValidator(named)] = Field(default_factory=dict)
    queues: Annotated[dict[Name, Queue], BeforeValidator(named)] = Field(default_factory=dict)
    rules: Annotated[tuple[Rule, ...], BeforeValidator(listed)] = ()
    classifier: Classifier = Field(default_factory=Classifier)
    calendars: Annotated[dict[Name, Calendar], BeforeValidator(named)] = Field(default_factory=dict)
    hours: Annotated[dict[Name, Hours], BeforeValidator(named)] = Field(default_factory=dict)
    deadlines: Annotated[dict[Name, Profile], BeforeValidator(named)] = Field(default_factory=dict)
    relays: Annotated[dict[Name, Relay], BeforeValidator(named)] = Field(default_factory=dict)
    people: Annotated[dict[Name, Person], BeforeValidator(named)] = Field(default_factory=dict)
    acknowledgements: Acknowledgements = Field(default_factory=Acknowledgements)
    replies: Replies = Field(default_factory=Replies)
    matters: Matters = Field(default_factory=Matters)
    forwarding: Forwarding = Field(default_factory=Forwarding)
    webhooks: Annotated[dict[Name, Webhook], BeforeValidator(named)] = Field(default_factory=dict)
    digest: Digest = Field(default_factory=Digest)
    reports: Reports = Field(default_factory=Reports)
    metrics: Metrics = Field(default_factory=Metrics)
    web: Web = Field(default_factory=Web)


class Settings(Document):
    """The configuration in force."""

    path: Path  # the file it was read from

    @property
    def plain_relay(self) -> str:
        """The relay for what names none: the first that is not for certified mail; "" for none."""
        return next((name for name, relay in self.relays.items() if not relay.pec), "")

    def person_at(self, address: str) -> Person | None:
        """Return whose address it is, in any case of letters; None where it is nobody's here."""
        wanted = address.lower()
        return next((one for one in self.people.values() if wanted in one.addresses), None)

    def is_staff(self, address: str) -> bool:
        """Tell whether an address is of the house: a person's, an account's, of its domains."""
        wanted = address.lower()
        own = {one.own_address.lower() for one in self.accounts.values()} - {""}
        is_ours = wanted.rpartition("@")[2] in self.service.domains
        return is_ours or wanted in own or self.person_at(wanted) is not None

    @property
    def mark(self) -> str:
        """The mark in our own mail: `service.instance`, else one made of the data folder."""
        folder = str(self.service.data_dir).encode()
        return self.service.instance or f"backdesk-{sha256(folder).hexdigest()[:12]}"
