"""The ledger and the settings -> the digest of a day, and its outgoing mail for each reader."""

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
from daemon.digest.answers import keep_items
from daemon.digest.gathering import Asked, gather
from daemon.digest.links import label_link
from daemon.digest.readers import KIND, Reader, recipient_of
from daemon.digest.records import Digest, Period, Scope
from daemon.digest.render import render
from daemon.digest.words import Words
from daemon.mail.compose import Letter, compose, mailbox
from daemon.mail.tokens import Tokens
from daemon.records import Address, FolderCount, OutgoingMail
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from daemon.store.keys import LINKS, keys_of
from daemon.triage.acknowledge import untagged

_log = logging.getLogger(__name__)

SENTENCES_S = 30.0  # that the digest waits for sentences, and for the one being looked for
_QUOTED = re.compile(r'\w: "(.+)"', re.DOTALL)  # a reason that quotes a sentence, not a word
# Exchange answers automatic mail out of office unless told not to (MS-OXCMAIL 2.2.3.2.14).
_NO_ANSWERS = (("X-Auto-Response-Suppress", "All"),)


def digest_for(  # noqa: PLR0913 - all that a digest follows from
    store: Store,
    settings: Settings,
    day: date,
    now: datetime,
    *,
    counts: Sequence[FolderCount] = (),
    reader: Reader | None = None,
) -> Digest:
    """Return the digest of a local date, from one picture of the ledger.

    It counts what was taken in since the reader's last digest, or since the day before began; what
    waits for people is as it is now.

    Args:
        store: the ledger.
        settings: names the accounts, the calendar and the time zone.
        day: the local date that it bears; of a past one the counts end with the day.
        now: the present.
        counts: folders reconciled just now; of the others the last listing is used.
        reader: whose it is; None: it is that of the whole house.
    """
    zone = reader.zone if reader else settings.service.zone
    with store.read() as connection:
        last = figures.last_digest_at(connection, day, reader.address if reader else "")
        yesterday = datetime.combine(day - timedelta(days=1), time(), zone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        until = now if day >= local_date(now, zone) else min(end, now)
        asked = Asked(
            settings=settings,
            day=day,
            zone=zone,
            now=now,
            period=Period(since=min(last or yesterday, until), until=until),
            counts=tuple(counts),
            scope=reader.scope if reader else Scope(),
        )
        return gather(connection, asked)


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


def enqueue(
    store: Store, settings: Settings, tokens: Tokens, reader: Reader, digest: Digest
) -> bool:
    """Enter a reader's digest of a local date, and what its numbers stand for.

    A second call for the same date is a no-op, whatever became of the mail; then it is False. The
    row bears the end of the digest's period, where the next digest begins to count.
    """
    has_links = bool(settings.web.public_url and digest.unsure)
    keys = keys_of(store, LINKS) if has_links else ()
    mail = letter_of(settings, tokens, reader, digest, keys)
    if mail is None:
        return False
    with store.write() as connection:
        is_new = bool(Outgoing(store).enqueue_in(connection, [mail], digest.period.until))
        if is_new:
            keep_items(connection, mail.key, digest)
    return is_new


def letter_of(
    settings: Settings,
    tokens: Tokens,
    reader: Reader,
    digest: Digest,
    keys: Sequence[bytes] = (),
) -> OutgoingMail | None:
    """Return a reader's digest as a mail, in the language and with links of who gets it.

    Without keys there are no links. None, with an event, for an address that cannot be written in
    ASCII.
    """
    recipient, language = recipient_of(settings, reader, digest.day)
    told = replace(digest, by_reply=_is_heard(settings))
    rendered = render(told, language, _links(settings, digest, recipient, keys))
    sender, key = sender_of(settings), reader.key(digest.day)
    domain = sender.email.rpartition("@")[2]
    try:
        letter = Letter(
            key=key,
            sender=sender,
            recipient=Address(name="", email=recipient),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            date=digest.period.until.astimezone(digest.zone),
            message_id=tokens.digest_id(key, mailbox(f"x@{domain}").rpartition("@")[2]),
            instance=settings.mark,
            headers=_NO_ANSWERS,
        )
        message = compose(letter)
    except ValueError:
        extra = {"action": "digest_unaddressable", "person": reader.person}
        _log.error("Digest cannot be addressed", extra=extra)
        return None
    return OutgoingMail(
        key=key,
        kind=KIND,
        sender=sender.email,
        recipient=recipient,
        message=message,
        relay=settings.digest.relay or settings.plain_relay or None,
        message_id=letter.message_id,
    )


def _links(
    settings: Settings, digest: Digest, recipient: str, keys: Sequence[bytes]
) -> dict[int, str]:
    """Return where a recipient may decide what each unsure mail is."""
    if not keys or not recipient.isprintable():
        return {}
    now = digest.period.until
    links = {
        mail.mail_id: label_link(settings, keys, mail.mail_id, recipient, now)
        for mail in digest.unsure
    }
    return {mail_id: link for mail_id, link in links.items() if link}


def _is_heard(settings: Settings) -> bool:
    """Tell whether an answer to a digest comes to a mailbox of the house that is acted on."""
    own = sender_of(settings).email.lower()
    heard = {one.own_address.lower() for one in settings.accounts.values() if one.go_live}
    return untagged(own) in heard or own in heard


def sender_of(settings: Settings) -> Address:
    """Return who the digest is from; the configuration has checked that there is somebody."""
    relay = settings.relays[settings.digest.relay or settings.plain_relay]
    name, email = parseaddr(settings.digest.sender or relay.username)
    return Address(name=name or "Backdesk", email=email)
