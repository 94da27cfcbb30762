"""Mails that rules send on to other departments -> new mails of ours with the original attached.

They come from our own address, so that no server takes them for forged (RFC 7489 10.2 tells what
becomes of mail that is resent under its writer's name). They are entered in the transaction that
records the mail, one for each mail and address for ever.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from daemon.config.dates import day_in_words
from daemon.config.settings import Settings
from daemon.mail.compose import Letter, compose, message_id, message_id_of
from daemon.mail.tokens import Tokens
from daemon.outbox.letters import LANGUAGES, LetterError, Letters, Text
from daemon.outbox.ways import Way, way_of
from daemon.records import Address, CaseNews, Forward, Matched, OutgoingMail
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from daemon.store.packs import Location, Packs
from daemon.store.tables import blobs, case_events, case_mails, cases, mails, outgoing
from daemon.triage.acknowledge import untagged
from daemon.triage.forward import HOPS, hops_of

_log = logging.getLogger(__name__)

KIND = "forward"
NAME = "forward"
"""Of the templates."""

_HOUR = timedelta(hours=1)
_SUBJECT_CHARS, _SENDER_CHARS = 200, 200
_MEGABYTE = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Original:
    """A mail that is sent on, as the ledger has it."""

    mail_id: int
    size: int
    raw: bytes  # empty: it is not attached
    case_id: int | None
    reference: str
    is_confided: bool  # its case is in the queue for reports of wrongdoing


_CONFIDED = "it belongs to a report of wrongdoing"


class Forwards:
    """Writes them, always inside a transaction of the caller.

    Args:
        store: the database.
        packs: hold the originals.
        settings: addresses, limits, language.
        tokens: sign the Message-IDs, by which answers come home.
    """

    def __init__(self, store: Store, packs: Packs, settings: Settings, tokens: Tokens) -> None:
        self._packs = packs
        self._settings = settings
        self._tokens = tokens
        self._letters = Letters(settings.acknowledgements.templates)
        self._shipped = Letters()
        self._outgoing = Outgoing(store)

    def enqueue(
        self, connection: Connection, matched: Sequence[Matched], now: datetime
    ) -> list[CaseNews]:
        """Enter what is sent on; return what the cases of these mails are told of it."""
        news: list[CaseNews] = []
        for one in matched:
            if one.forwards:
                news += self._enqueue_one(connection, one, now)
        return news

    def _enqueue_one(self, connection: Connection, one: Matched, now: datetime) -> list[CaseNews]:
        original = self._original(connection, one)
        told = _told(connection, original)
        news = []
        for forward in one.forwards:
            if forward.address in told:
                continue
            why = forward.refusal or (_CONFIDED if original.is_confided else "")
            why = why or self._send(connection, one, original, forward, now)
            kind = "unforwarded" if why else "forwarding"
            detail = {"to": forward.address, "mail": one.mail_id, **({"why": why} if why else {})}
            if original.case_id is not None:
                news.append(CaseNews(case_id=original.case_id, kind=kind, at=now, detail=detail))
            extra = {"action": kind, "mail": one.mail_id, "reason": why}
            _log.info("Mail sent on" if not why else "Mail not sent on", extra=extra)
        return news

    def _original(self, connection: Connection, one: Matched) -> _Original:
        query = (
            select(mails, blobs.c.pack, blobs.c.offset, blobs.c.length)
            .outerjoin(blobs, blobs.c.digest == mails.c.digest)
            .where(mails.c.id == one.mail_id)
        )
        row = connection.execute(query).one()
        in_case = select(cases.c.id, cases.c.reference, cases.c.queue).join(
            case_mails, case_mails.c.case_id == cases.c.id
        )
        case = connection.execute(in_case.where(case_mails.c.mail_id == one.mail_id)).one_or_none()
        most = self._settings.forwarding.mail_bytes
        apart = self._settings.matters.whistleblowing_queue
        is_wanted = any(not forward.refusal for forward in one.forwards)
        is_whole = row.cut is None and row.size <= most and row.pack is not None
        raw = b""
        if is_wanted and is_whole:
            place = Location(pack=row.pack, offset=row.offset, length=row.length)
            raw = self._packs.read(place, row.digest)
        return _Original(
            mail_id=one.mail_id,
            size=row.size,
            raw=raw,
            case_id=case.id if case else None,
            reference=case.reference if case else "",
            is_confided=bool(case and apart and case.queue == apart),
        )

    def _send(
        self,
        connection: Connection,
        one: Matched,
        original: _Original,
        forward: Forward,
        now: datetime,
    ) -> str:
        """Enter one; return why that is not possible, "" where it is."""
        key = f"{KIND}:{one.mail_id}:{forward.address.lower()}"
        try:
            way = way_of(self._settings, "mail", one.account)
            if not way.sender:
                return "the house has no address to send it from: accounts.NAME.address"
            letter = self._letter(one, original, forward, way, key, now)
            message = compose(letter)
        except (LookupError, ValueError) as error:
            return f"it cannot be addressed: {error}"
        mail = OutgoingMail(
            key=key,
            kind=KIND,
            sender=way.sender,
            recipient=forward.address,
            message=message,
            held=self._held(connection, forward.address, now),
            addressee=untagged(forward.address),
            relay=way.relay,
            message_id=message_id_of(letter),
            case_id=original.case_id,
        )
        self._outgoing.enqueue_in(connection, [mail], now)
        return ""

    def _held(self, connection: Connection, address: str, now: datetime) -> str:
        """Return why one waits for a person: so many in an hour are two machines, or a flood."""
        most = self._settings.forwarding.per_hour
        recent = select(func.count()).where(
            outgoing.c.kind == KIND,
            outgoing.c.addressee == untagged(address),
            outgoing.c.created_at > now - _HOUR,
        )
        number = connection.scalar(recent) or 0
        return f"{most} were sent on to this address within an hour" if number >= most else ""

    def _letter(  # noqa: PLR0913 - a letter has many parts
        self,
        one: Matched,
        original: _Original,
        forward: Forward,
        way: Way,
        key: str,
        now: datetime,
    ) -> Letter:
        settings, case_id = self._settings, original.case_id
        text = self._text(one, original)
        unique = f"{settings.mark}:{key}"  # other houses count their mails from 1 as well
        own = message_id(unique, way.domain)
        signed = None if case_id is None else self._tokens.message_id(case_id, key, way.domain)
        home = () if case_id is None else way.home(self._tokens, case_id)
        hops = (HOPS, str(hops_of(one.reading) + 1))
        named = settings.acknowledgements.from_name
        return Letter(
            key=key,
            sender=Address(name=named.get(settings.service.language, ""), email=way.sender),
            recipient=Address(name="", email=forward.address),
            subject=text.subject,
            text=text.body,
            html="",
            date=now.astimezone(settings.service.zone),
            message_id=signed or own,
            instance=settings.mark,
            headers=(("X-Auto-Response-Suppress", "All"), hops, *home),
            enclosed=original.raw,
        )

    def _text(self, one: Matched, original: _Original) -> Text:
        settings, reading = self._settings, one.reading
        language = settings.service.language
        local = one.received_at.astimezone(settings.service.zone)
        values: dict[str, Any] = {
            "subject": _line(reading.subject, _SUBJECT_CHARS) or "-",
            "sender": _sender(reading.sender),
            "account": settings.accounts[one.account].own_address or one.account,
            "received": f"{day_in_words(local.date(), language, 'long')}, {local:%H:%M}",
            "reference": original.reference,
            "rule": one.decision.orders.rule_of("forward"),
            "attached": bool(original.raw),
            "size": _megabytes(original.size),
            "limit": _megabytes(settings.forwarding.mail_bytes),
            "mail": original.mail_id,
            "name": settings.acknowledgements.from_name,
        }
        try:
            return self._letters.write(NAME, language, values)
        except LetterError as error:  # a template of the house must not keep mail from anybody
            _log.error("Letter not written", extra={"action": "letter", "reason": str(error)})
            return self._shipped.write(NAME, language, values)


def _told(connection: Connection, original: _Original) -> set[str]:
    """Return the addresses of which the mail's case has heard already."""
    if original.case_id is None:
        return set()
    query = select(case_events.c.detail).where(
        case_events.c.case_id == original.case_id,
        case_events.c.kind.in_(("forwarding", "unforwarded")),
    )
    details = map(json.loads, connection.scalars(query))
    return {one["to"] for one in details if one.get("mail") == original.mail_id}


def _sender(sender: Address | None) -> str:
    if sender is None:
        return ""
    name, email = _line(sender.name, _SENDER_CHARS), _line(sender.email, _SENDER_CHARS)
    return f"{name} <{email}>" if name else email


def _line(text: str, most: int) -> str:
    """Return a stranger's text on one line."""
    return " ".join(text.split())[:most]


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:.1f}".removesuffix(".0")


def forward_problems(own: Path | None) -> Iterator[str]:
    """Yield what is wrong with the letters that carry mail to other departments."""
    letters = Letters(own)
    plain = {"subject": "x", "sender": "", "account": "x", "received": "x", "rule": "x"}
    sizes = {"size": "1", "limit": "1", "mail": 1, "name": ""}
    for language in LANGUAGES:
        for reference, attached in (("2026-00042-11", True), ("", False)):
            values = {**plain, **sizes, "reference": reference, "attached": attached}
            try:
                letters.write(NAME, language, values)
            except LetterError as error:
                yield str(error)
                break
