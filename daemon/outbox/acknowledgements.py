"""Cases just opened -> acknowledgements among what leaves, within limits.

They are entered in the transaction that opens the case, one for each case for ever. Whatever holds
one back holds back our sending only: the mail is taken in, and the case says why.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, update

from daemon.config.dates import day_in_words, due_in_words, moment_in_words
from daemon.config.settings import CASE_KINDS, Settings
from daemon.mail.compose import Letter, compose
from daemon.mail.tokens import Tokens
from daemon.outbox.letters import LANGUAGES, LetterError, Letters, language_for
from daemon.outbox.limits import Limits, limits_of
from daemon.outbox.ways import Way, answering, way_of
from daemon.records import Acknowledgement, Address, CaseNews, Opened, OutgoingMail
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from daemon.store.tables import counters
from daemon.triage.acknowledge import untagged

_log = logging.getLogger(__name__)

KIND = "acknowledgement"
NAME = "acknowledgement"
"""Of the templates."""


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
        recipients = [asking.recipient for _, asking in asked]
        limits = limits_of(connection, KIND, self._chosen, recipients, now)
        mails: list[OutgoingMail] = []
        news = []
        for one, told in asked:
            asking = self._known(told, limits)
            kind, why = "unacknowledged", asking.refusal or self._bar(one, asking, now)
            if not why and (over := limits.exceeded(asking, one.channel, now)):
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

    def _known(self, asking: Acknowledgement, limits: Limits) -> Acknowledgement:
        """Take nobody for a stranger whom the house knows, where no server says who wrote.

        That is who had a case a day ago. Where a server does say, only its word counts.
        """
        account = self._settings.accounts.get(asking.account)
        says = account is not None and bool(account.authserv_id)
        is_known = not says and asking.recipient.lower() in limits.known
        return replace(asking, is_stranger=asking.is_stranger and not is_known)

    def _bar(self, one: Opened, asking: Acknowledgement, now: datetime) -> str:
        """Return why a case just opened is not acknowledged; "" for nothing."""
        latest = now - timedelta(seconds=self._chosen.late_s)
        if asking.written_at and asking.written_at < latest:
            return "it was written too long ago"
        if one.received_at < latest:
            return "it was received too long ago"
        if one.names_ours:
            return "it names a case or a mail of ours, as a machine's echo does"
        return ""

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
        except Exception as error:  # noqa: BLE001 - rim: a letter, however wrong, costs no mail
            extra = {"action": "letter", "reason": type(error).__name__}
            _log.error("Letter not written", extra=extra, exc_info=True)
            return f"it cannot be written: {type(error).__name__}"
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
        language = language_for(one.language, self._settings)
        text = self._letters.write(
            asking.letter or NAME,
            language,
            {
                "kind": one.kind,
                "reference": one.reference,
                "received": self._day(one.received_at, language),
                "due": due_in_words(one.received_at, one.due_at, service.zone, language),
                "name": chosen.from_name.get(language, ""),
                "contact": chosen.contact.get(language, ""),
            },
        )
        suppressed = ("X-Auto-Response-Suppress", "All")
        headers = (suppressed, *answering(one.answers), *way.home(self._tokens, one.case_id))
        return Letter(
            key=key,
            sender=Address(name=chosen.from_name.get(language, ""), email=way.sender),
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


def letter_problems(own: Path | None, zone: ZoneInfo, name: str = NAME) -> list[str]:
    """Return what is wrong with the letters of a name, by writing each that may be."""
    letters, wrong = Letters(own), []
    for language in LANGUAGES:
        for values in _samples(language, zone):
            try:
                letters.write(name, language, values)
            except LetterError as error:
                wrong.append(str(error))
                break
    return wrong


def _samples(language: str, zone: ZoneInfo) -> Iterator[dict[str, str]]:
    """Yield what a letter may be told: each kind, name, contact, month, and way to tell a term."""
    moments = [datetime(2027, month, 28, 12, tzinfo=zone) for month in range(1, 13)]
    days = [day_in_words(moment.date(), language, "letter") for moment in moments]
    hour = moment_in_words(moments[0], zone, language)
    terms = ("", hour, *days)
    for kind, due, name, contact in product(CASE_KINDS, terms, ("", "Aurora"), ("", "tel. 1\n2")):
        yield {
            "kind": kind,
            "reference": "2026-00042-11",
            "received": days[11],
            "due": due,
            "name": name,
            "contact": contact,
        }
