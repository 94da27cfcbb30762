"""Cases just opened -> acknowledgements among what leaves, within limits.

They are entered in the transaction that opens the case, one for each case for ever. Whatever holds
one back holds back our sending only: the mail is taken in, and the case says why.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from daemon.config.dates import day_in_words, due_in_words
from daemon.config.settings import Settings
from daemon.mail.compose import Letter, compose
from daemon.mail.tokens import Tokens
from daemon.outbox.letters import LANGUAGES, LetterError, Letters
from daemon.outbox.ways import Way, answering, way_of
from daemon.records import Acknowledgement, Address, CaseNews, Opened, OutgoingMail
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from daemon.store.tables import counters, outgoing
from daemon.triage.acknowledge import untagged

_log = logging.getLogger(__name__)

KIND = "acknowledgement"
NAME = "acknowledgement"
"""Of the templates."""

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


class Acknowledgements:
    """Writes them, always inside a transaction of the caller.

    Args:
        store: the database.
        settings: limits, addresses, language.
        tokens: sign the Message-IDs, by which answers come home.
    """

    def __init__(self, store: Store, settings: Settings, tokens: Tokens) -> None:
        self._store = store
        self._settings = settings
        self._chosen = settings.acknowledgements
        self._tokens = tokens
        self._letters = Letters(self._chosen.templates)
        self._outgoing = Outgoing(store)

    def enqueue(
        self, connection: Connection, opened: Sequence[Opened], now: datetime
    ) -> list[CaseNews]:
        """Enter the acknowledgements of cases; return for each what is done, or why nothing is."""
        asked = [(one, one.acknowledgement) for one in opened if one.acknowledgement]
        if not asked:
            return []
        self._take_turns(connection)
        limits = self._limits(connection, [asking.recipient for _, asking in asked], now)
        mails: list[OutgoingMail] = []
        news = []
        for one, asking in asked:
            kind, why = "unacknowledged", asking.refusal or self._too_late(one, asking, now)
            if not why and (over := limits.exceeded(asking, now)):
                kind, why = "held back", over
            if not why:
                mail = self._mail(one, asking, now)
                if isinstance(mail, OutgoingMail):
                    mails.append(mail)
                    limits.note(asking, now)
                    kind, why = "acknowledging", ""
                else:
                    why = mail
            detail = {"why": why} if why else {"to": asking.recipient}
            news.append(CaseNews(case_id=one.case_id, kind=kind, at=now, detail=detail))
        self._outgoing.enqueue_in(connection, mails, now)
        return news

    def _take_turns(self, connection: Connection) -> None:
        """Let nobody else count until this transaction ends."""
        self._store.insert_new(connection, counters, [{"name": KIND, "value": 0}])
        turn = update(counters).where(counters.c.name == KIND)
        connection.execute(turn.values(value=counters.c.value + 1))

    def _limits(
        self, connection: Connection, recipients: Sequence[str], now: datetime
    ) -> "_Limits":
        chosen = self._chosen
        recent = (outgoing.c.kind == KIND) & (outgoing.c.created_at > now - _HOUR)
        number, strangers = connection.execute(
            select(func.count(), func.count().filter(outgoing.c.stranger)).where(recent)
        ).one()
        limits = _Limits(
            in_hour=chosen.per_hour - number,
            strangers=chosen.strangers_per_hour - strangers,
            per_day=chosen.per_address_day,
            apart=timedelta(seconds=chosen.per_address_s),
            numbers=Counter(),
            last={},
        )
        addressees = sorted({untagged(one) for one in recipients})
        for start in range(0, len(addressees), 500):
            sent = connection.execute(
                select(outgoing.c.addressee, func.count(), func.max(outgoing.c.created_at))
                .where(outgoing.c.addressee.in_(addressees[start : start + 500]))
                .where(outgoing.c.kind == KIND, outgoing.c.created_at > now - _DAY)
                .group_by(outgoing.c.addressee)
            )
            for addressee, count, last in sent:
                limits.numbers[addressee], limits.last[addressee] = count, last
        return limits

    def _too_late(self, one: Opened, asking: Acknowledgement, now: datetime) -> str:
        latest = now - timedelta(seconds=self._chosen.late_s)
        if asking.written_at and asking.written_at < latest:
            return "it was written too long ago"
        return "it was received too long ago" if one.received_at < latest else ""

    def _mail(self, one: Opened, asking: Acknowledgement, now: datetime) -> OutgoingMail | str:
        """Return the acknowledgement of a case, or why it cannot be written."""
        key = f"{KIND}:{one.reference}"
        try:
            way = way_of(self._settings, one.channel, asking.account)
            if not way.sender:
                return "the house has no address to answer from: accounts.NAME.address"
            letter = self._letter(one, asking, way, key, now)
            message = compose(letter)
        except LetterError as error:
            _log.error("Letter not written", extra={"action": "letter", "reason": str(error)})
            return f"its template is wrong: {error}"
        except (LookupError, ValueError) as error:
            return f"it cannot be addressed: {error}"
        return OutgoingMail(
            key=key,
            kind=KIND,
            sender="",  # RFC 3834 3.3: a bounce of it would go round and round
            recipient=asking.recipient,
            message=message,
            addressee=untagged(asking.recipient),
            is_stranger=asking.is_stranger,
            relay=way.relay,
            message_id=letter.message_id,
            case_id=one.case_id,
        )

    def _letter(
        self, one: Opened, asking: Acknowledgement, way: Way, key: str, now: datetime
    ) -> Letter:
        chosen, service = self._chosen, self._settings.service
        language = one.language if one.language in LANGUAGES else ""
        language = language or chosen.language or service.language
        text = self._letters.write(
            asking.letter or NAME,
            language,
            {
                "kind": one.kind,
                "reference": one.reference,
                "received": self._day(one.received_at, language),
                "due": due_in_words(one.received_at, one.due_at, service.zone, language),
                "name": chosen.from_name,
                "contact": chosen.contact,
            },
        )
        suppressed = ("X-Auto-Response-Suppress", "All")
        headers = (suppressed, *answering(one.answers), *way.home(self._tokens, one.case_id))
        return Letter(
            key=key,
            sender=Address(name=chosen.from_name, email=way.sender),
            recipient=Address(name="", email=asking.recipient),
            subject=text.subject,
            text=text.body,
            html="",
            date=now.astimezone(service.zone),
            message_id=self._tokens.message_id(one.case_id, key, way.domain),
            submitted="auto-replied",
            instance=self._settings.mark,
            headers=headers,
        )

    def _day(self, moment: datetime, language: str) -> str:
        local = moment.astimezone(self._settings.service.zone)
        return day_in_words(local.date(), language, "letter")


def letter_problems(own: Path | None, name: str = NAME) -> list[str]:
    """Return what is wrong with the letters of a name, by writing each once."""
    letters, wrong = Letters(own), []
    for language in LANGUAGES:
        for kind, due in (("complaint", "1.1.2027"), ("request", "")):
            values = {"kind": kind, "reference": "2026-00042-11", "received": "1.12.2026"}
            try:
                letters.write(name, language, {**values, "due": due, "name": "", "contact": ""})
            except LetterError as error:
                wrong.append(str(error))
                break
    return wrong


@dataclass(slots=True, kw_only=True)
class _Limits:
    """What may still be sent now."""

    in_hour: int
    strangers: int
    per_day: int
    apart: timedelta
    numbers: Counter[str]  # of 24 hours, by addressee
    last: dict[str, datetime]

    def exceeded(self, asking: Acknowledgement, now: datetime) -> str:
        """Return which limit holds this one back; "" for none."""
        addressee = untagged(asking.recipient)
        if self.numbers[addressee] >= self.per_day:
            return f"{self.per_day} went to this address within 24 hours"
        if addressee in self.last and now - self.last[addressee] < self.apart:
            minutes = round(self.apart.total_seconds() / 60)
            return f"one went to this address within {minutes} minutes"
        if self.in_hour <= 0:
            return "the limit of an hour is reached"
        if asking.is_stranger and self.strangers <= 0:
            return "the limit of an hour for senders whom nobody confirmed is reached"
        return ""

    def note(self, asking: Acknowledgement, now: datetime) -> None:
        """Count one that is sent."""
        addressee = untagged(asking.recipient)
        self.numbers[addressee] += 1
        self.last[addressee] = now
        self.in_hour -= 1
        self.strangers -= asking.is_stranger
