"""What was acknowledged before -> how many more acknowledgements may leave now, and to whom."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select

from daemon.config.providers import MAIL_PROVIDERS
from daemon.config.settings import Acknowledgements
from daemon.records import Acknowledgement
from daemon.sending.records import State
from daemon.store.tables import cases, outgoing
from daemon.triage.acknowledge import PEC, untagged

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_MANY = 500  # values in one IN list
_CLOSED = "closed"  # state of a case


@dataclass(slots=True, kw_only=True)
class Limits:
    """What may still be sent now, counted down as it is."""

    chosen: Acknowledgements  # the settings
    in_hour: int
    strangers: int
    of_domain: Counter[str]  # of the hour
    of_day: Counter[str] = field(default_factory=Counter)  # of 24 hours, by addressee
    last: dict[str, datetime] = field(default_factory=dict)  # by addressee
    with_open_case: set[str] = field(default_factory=set)  # addressees told of it lately
    known: set[str] = field(default_factory=set)  # addresses that had a case a day ago

    def exceeded(self, asking: Acknowledgement, channel: str, now: datetime) -> str:
        """Return which limit holds one back; "" for none."""
        chosen, addressee = self.chosen, untagged(asking.recipient)
        domain, apart = _domain(addressee), timedelta(seconds=chosen.per_address_s)
        is_house = channel != PEC and domain not in MAIL_PROVIDERS.union(chosen.providers)
        bars = (
            (
                self.of_day[addressee] >= chosen.per_address_day,
                f"{chosen.per_address_day} went to this address within 24 hours",
            ),
            (
                addressee in self.last and now - self.last[addressee] < apart,
                f"one went to this address within {round(chosen.per_address_s / 60)} minutes",
            ),
            (
                addressee in self.with_open_case,
                f"one went to this address within {chosen.open_case_days} days, its case is open",
            ),
            (
                is_house and self.of_domain[domain] >= chosen.per_domain_hour,
                f"{chosen.per_domain_hour} went to this domain within an hour",
            ),
            (self.in_hour <= 0, "the limit of an hour is reached"),
            (
                asking.is_stranger and self.strangers <= 0,
                "the limit of an hour for senders whom nobody confirmed is reached",
            ),
        )
        return next((why for holds, why in bars if holds), "")

    def note(self, asking: Acknowledgement, now: datetime) -> None:
        """Count one that is sent."""
        addressee = untagged(asking.recipient)
        self.of_day[addressee] += 1
        self.of_domain[_domain(addressee)] += 1
        self.last[addressee] = now
        if self.chosen.open_case_days:
            self.with_open_case.add(addressee)
        self.in_hour -= 1
        self.strangers -= asking.is_stranger


def limits_of(
    connection: Connection,
    kind: str,
    chosen: Acknowledgements,
    recipients: Sequence[str],
    now: datetime,
) -> Limits:
    """Return what may still be sent; nobody else may count until this transaction ends.

    Args:
        connection: a transaction.
        kind: of the outgoing mails that count.
        chosen: the settings.
        recipients: addresses that are asked about.
        now: the present.
    """
    recent = (outgoing.c.kind == kind) & (outgoing.c.created_at > now - _HOUR)
    rows = connection.execute(select(outgoing.c.addressee, outgoing.c.stranger).where(recent)).all()
    limits = Limits(
        chosen=chosen,
        in_hour=chosen.per_hour - len(rows),
        strangers=chosen.strangers_per_hour - sum(row.stranger for row in rows),
        of_domain=Counter(_domain(row.addressee) for row in rows),
    )
    for part in _parts(sorted({untagged(one) for one in recipients})):
        mine = (outgoing.c.kind == kind) & outgoing.c.addressee.in_(part)
        _count_day(connection, limits, mine & (outgoing.c.created_at > now - _DAY))
        since = now - timedelta(days=chosen.open_case_days)
        told = select(outgoing.c.addressee).join(cases, cases.c.id == outgoing.c.case_id)
        lately = (outgoing.c.created_at > since) & (outgoing.c.state != State.FAILED)
        limits.with_open_case.update(
            connection.scalars(told.where(mine, lately, cases.c.state != _CLOSED))
        )
    for part in _parts(sorted({form for one in recipients for form in (one, one.lower())})):
        before = cases.c.customer.in_(part) & (cases.c.opened_at < now - _DAY)
        found = connection.scalars(select(cases.c.customer).where(before).distinct())
        limits.known.update(one.lower() for one in found)
    return limits


def _count_day(connection: Connection, limits: Limits, chosen: ColumnElement[bool]) -> None:
    count = select(outgoing.c.addressee, func.count(), func.max(outgoing.c.created_at))
    for addressee, number, last in connection.execute(
        count.where(chosen).group_by(outgoing.c.addressee)
    ):
        limits.of_day[addressee], limits.last[addressee] = number, last


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[i : i + _MANY] for i in range(0, len(values), _MANY))


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
