"""The reports of a month -> their outgoing mails: one per recipient, once."""

import logging
from datetime import date, datetime
from email.utils import parseaddr

from sqlalchemy import select

from daemon.config.settings import Settings
from daemon.mail.compose import Letter, compose, message_id_of
from daemon.quality.period import month_before
from daemon.quality.records import Complaints, Period, Service
from daemon.quality.render import as_html, as_text
from daemon.quality.reports import Reporter
from daemon.quality.view import complaints_view, service_view, subject
from daemon.quality.words import words
from daemon.records import Address, OutgoingMail
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from daemon.store.tables import outgoing

_log = logging.getLogger(__name__)

KIND = "report"
# Exchange answers automatic mail out of office unless told not to (MS-OXCMAIL 2.2.3.2.14).
_NO_ANSWERS = (("X-Auto-Response-Suppress", "All"),)


def write_monthly(store: Store, settings: Settings, day: date, now: datetime) -> int:
    """Enter the mails with the reports of the month before; return how many are new.

    They are made on the day of the month that the configuration names; where nobody ran then, on
    the first day after it. Repeated, it does nothing, whatever became of the mails.

    Args:
        store: of the house.
        settings: name who gets them.
        day: the local date.
        now: the present.
    """
    if day.day < settings.reports.monthly_day:
        return 0
    period = month_before(day, settings.service.zone, now)
    keys = {_key(period, one): one for one in settings.reports.to}
    with store.read() as connection:
        there = set(connection.scalars(select(outgoing.c.key).where(outgoing.c.key.in_(keys))))
    missing = [recipient for key, recipient in keys.items() if key not in there]
    if not missing:
        return 0
    complaints, service = Reporter(store=store, settings=settings).both(period)
    mails = (_mail(settings, complaints, service, recipient) for recipient in missing)
    return Outgoing(store).enqueue([one for one in mails if one is not None], now)


def language_for(settings: Settings, recipient: str) -> str:
    """Return the language of a recipient's reports: it, pl or en."""
    chosen = settings.reports
    return chosen.languages.get(recipient) or chosen.language or settings.service.language


def _key(period: Period, recipient: str) -> str:
    return f"{KIND}:{period.first:%Y-%m}:{recipient.lower()}"


def _mail(
    settings: Settings, complaints: Complaints, service: Service, recipient: str
) -> OutgoingMail | None:
    """Return the mail of one recipient; None, with an event, where it cannot be addressed."""
    period, sender = complaints.period, _sender(settings)
    said = words(language_for(settings, recipient))
    views = (complaints_view(complaints, said), service_view(service, said))
    letter = Letter(
        key=_key(period, recipient),
        sender=sender,
        recipient=Address(name="", email=recipient),
        subject=subject(complaints, said),
        text=as_text(views),
        html=as_html(views),
        date=period.now.astimezone(period.zone),
        instance=settings.mark,
        headers=_NO_ANSWERS,
    )
    try:
        message = compose(letter)
    except ValueError:
        position = settings.reports.to.index(recipient)
        extra = {"action": "report_unaddressable", "position": position}
        _log.error("Report cannot be addressed", extra=extra)
        return None
    return OutgoingMail(
        key=letter.key,
        kind=KIND,
        sender=sender.email,
        recipient=recipient,
        message=message,
        relay=settings.digest.relay or settings.plain_relay or None,
        message_id=message_id_of(letter),
    )


def _sender(settings: Settings) -> Address:
    """Return who the reports are from: as the digest; the configuration has checked it."""
    relay = settings.relays[settings.digest.relay or settings.plain_relay]
    name, email = parseaddr(settings.digest.sender or relay.username)
    return Address(name=name or "Backdesk", email=email)
