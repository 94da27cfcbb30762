"""The ledger and the settings -> the digest of a day, and its outgoing mails: one per recipient."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parseaddr

from daemon import clock
from daemon.clock import local_date
from daemon.config.settings import Settings
from daemon.digest import store as figures
from daemon.digest.records import Digest, FolderLine, Period
from daemon.digest.render import render
from daemon.digest.words import Words
from daemon.mail.compose import Letter, compose, message_id_of
from daemon.records import Address, FolderCount, OutgoingMail
from daemon.sending.store import Outgoing
from daemon.store.engine import Store

_log = logging.getLogger(__name__)

KIND = "digest"
SOON = timedelta(hours=1)
SENTENCES_S = 30.0  # that the digest waits for sentences, and for the one being looked for
_QUOTED = re.compile(r'\w: "(.+)"', re.DOTALL)  # a reason that quotes a sentence, not a word
# Exchange answers automatic mail out of office unless told not to (MS-OXCMAIL 2.2.3.2.14).
_NO_ANSWERS = (("X-Auto-Response-Suppress", "All"),)


def digest_for(
    store: Store,
    settings: Settings,
    day: date,
    now: datetime,
    counts: Sequence[FolderCount] = (),
) -> Digest:
    """Return the digest of a local date, from one picture of the ledger.

    It counts what was taken in since the last digest, or since the day before began; what waits
    for people is as it is now.

    Args:
        store: the ledger.
        settings: names the accounts and the time zone.
        day: the local date that it bears; of a past one the counts end with the day.
        now: the present.
        counts: folders reconciled just now; of the others the last listing is used.
    """
    zone = settings.service.zone
    with store.read() as connection:
        last = figures.last_digest_at(connection, day)
        yesterday = datetime.combine(day - timedelta(days=1), time(), zone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        until = now if day >= local_date(now, zone) else min(end, now)
        period = Period(since=min(last or yesterday, until), until=until)
        unsure, unsure_total = figures.list_unsure(connection, period)
        quarantined, quarantined_total = figures.list_quarantined(connection)
        listed = figures.list_folders(connection, _watched(settings))
        return Digest(
            day=day,
            zone=zone,
            period=period,
            intake=figures.count_intake(connection, period),
            unsure=unsure,
            unsure_total=unsure_total,
            quarantined=quarantined,
            quarantined_total=quarantined_total,
            unfetchable=figures.list_unfetchable(connection),
            folders=_renewed(listed, counts),
            accounts=figures.list_accounts(connection, _patience(settings), now),
            deadlines=figures.list_deadlines(connection, now),
            without_model=figures.count_without_model(connection, period),
            held_back=figures.count_held_back(connection, period),
            relays_away=figures.list_relays_away(connection, tuple(settings.relays)),
            **figures.count_waiting(connection),
        )


def with_sentences(digest: Digest, tell: Callable[[bytes, str], Sequence[str]]) -> Digest:
    """Return the digest, of each unsure mail with the sentence that speaks for its likeliest label.

    Args:
        digest: as `digest_for` made it.
        tell: digest of a mail's bytes and a label -> reasons, the one with the sentence first;
            raises when it cannot, then this mail and those behind it go without.
    """
    told, until = dict[int, str](), clock.monotonic() + SENTENCES_S
    for mail in digest.unsure:
        label = Words.likeliest(mail.reason)
        if label is None or clock.monotonic() > until:
            continue
        try:
            found = _QUOTED.search(next(iter(tell(mail.digest, label)), ""))
        except Exception as error:  # noqa: BLE001 - rim: an ornament must not stop the digest
            extra = {"action": "digest_sentence", "reason": type(error).__name__}
            _log.warning("No more sentences", extra=extra)
            break
        if found:
            told[mail.mail_id] = found[1]
    unsure = (replace(mail, sentence=told.get(mail.mail_id, "")) for mail in digest.unsure)
    return replace(digest, unsure=tuple(unsure))


def enqueue(store: Store, settings: Settings, digest: Digest) -> int:
    """Enter the digest's mails, one per recipient and local date; return how many are new.

    A second call for the same date is a no-op, whatever became of the mails. The rows bear the
    end of the digest's period, where the next digest begins to count.
    """
    return Outgoing(store).enqueue(letters(settings, digest), digest.period.until)


def letters(settings: Settings, digest: Digest) -> tuple[OutgoingMail, ...]:
    """Return the digest's mails, each in its recipient's language.

    A recipient whose address cannot be written in ASCII is passed over with an event.
    """
    sender = _sender(settings)
    mails = (_mail(settings, digest, sender, recipient) for recipient in settings.digest.to)
    return tuple(mail for mail in mails if mail is not None)


def language_for(settings: Settings, recipient: str) -> str:
    """Return the language of a recipient's digest: it, pl or en."""
    chosen = settings.digest
    return chosen.languages.get(recipient) or chosen.language or settings.service.language


def _mail(
    settings: Settings, digest: Digest, sender: Address, recipient: str
) -> OutgoingMail | None:
    key = f"{KIND}:{digest.day.isoformat()}:{recipient.lower()}"
    rendered = render(digest, language_for(settings, recipient))
    letter = Letter(
        key=key,
        sender=sender,
        recipient=Address(name="", email=recipient),
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        date=digest.period.until.astimezone(digest.zone),
        instance=settings.mark,
        headers=_NO_ANSWERS,
    )
    try:
        message = compose(letter)
    except ValueError:
        position = settings.digest.to.index(recipient)
        extra = {"action": "digest_unaddressable", "position": position}
        _log.error("Digest cannot be addressed", extra=extra)
        return None
    return OutgoingMail(
        key=key,
        kind=KIND,
        sender=sender.email,
        recipient=recipient,
        message=message,
        relay=settings.digest.relay or settings.plain_relay or None,
        message_id=message_id_of(letter),
    )


def _sender(settings: Settings) -> Address:
    """Return who the digest is from; the configuration has checked that there is somebody."""
    relay = settings.relays[settings.digest.relay or settings.plain_relay]
    name, email = parseaddr(settings.digest.sender or relay.username)
    return Address(name=name or "Backdesk", email=email)


def _watched(settings: Settings) -> frozenset[tuple[str, str]]:
    """The folders that are watched, as (account, folder)."""
    inboxes = {(name, folder) for name, one in settings.accounts.items() for folder in one.folders}
    return frozenset(inboxes | {(q.account, q.folder) for q in settings.queues.values()})


def _patience(settings: Settings) -> dict[str, timedelta]:
    """Account -> for how long it may go without a success: an hour, or three polls."""
    polls = {
        name: timedelta(seconds=one.poll_s or settings.intake.poll_s)
        for name, one in settings.accounts.items()
    }
    return {name: max(SOON, 3 * poll) for name, poll in polls.items()}


def _renewed(listed: Sequence[FolderLine], counts: Sequence[FolderCount]) -> tuple[FolderLine, ...]:
    """Return the lines of the last listings, each replaced by a fresh count where there is one."""
    lines = {(line.account, line.folder): line for line in listed}
    lines |= {(count.account, count.folder): _line(count) for count in counts}
    return tuple(lines.values())


def _line(count: FolderCount) -> FolderLine:
    return FolderLine(
        account=count.account,
        folder=count.folder,
        server=count.server,
        held=count.held,
        quarantined=count.quarantined,
        missing=count.missing,
    )
