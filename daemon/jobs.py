"""What the clock starts beside the rounds of accounts: reconciliation, digest, reports, sending.

The house is everything built and wired; what joins the rooms stands here.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from sqlalchemy import Connection

from daemon import clock
from daemon.cases import replying
from daemon.cases.news import note_news
from daemon.cases.records import Act, CaseLine
from daemon.cases.store import Cases
from daemon.cases.views import case_file, find_case
from daemon.clock import local_date
from daemon.config.settings import Settings
from daemon.digest.daily import digest_for, enqueue, with_sentences
from daemon.digest.readers import Reader, readers_of
from daemon.digest.records import Digest
from daemon.errors import BackdeskError, LeaseHeld, MailboxAway, MailboxError
from daemon.intake.actions import Actions
from daemon.intake.imap import Mailbox
from daemon.intake.mixes import mix_of
from daemon.intake.receive import Receiver
from daemon.intake.records import Tally
from daemon.intake.store import Ledger
from daemon.intake.stories import ReadMail, reading_of
from daemon.intake.views import count_folder
from daemon.mail.tokens import Tokens
from daemon.outbox.acknowledgements import Acknowledgements
from daemon.outbox.answers import Answers
from daemon.outbox.drafts import Drafts
from daemon.outbox.ends import has_untold, untold
from daemon.pipeline import Pipeline
from daemon.quality.monthly import write_monthly
from daemon.reading.pool import ReadingPool
from daemon.records import FolderCount, Opened
from daemon.sending import deliver
from daemon.sending.deliver import Outlet
from daemon.sending.records import SendCount
from daemon.store.engine import Store
from daemon.store.keys import TOKENS, keys_of
from daemon.store.leases import Leases
from daemon.store.packs import Packs
from daemon.store.runs import has_run, once_a_day
from daemon.triage.acknowledge import acknowledgement_for, as_ordered
from daemon.triage.casework import term_to_tell
from daemon.triage.forwarding import forward_of, original_of
from daemon.webhooks import deliver as calls
from daemon.webhooks.records import CallCount, Endpoint

_log = logging.getLogger(__name__)

SEND_LEASE = "send"
WEBHOOK_LEASE = "webhooks"
MOST_TOLD = 500  # cases in one transaction


@dataclass(slots=True, kw_only=True)
class House:
    """Everything that is built once and used everywhere; bootstrap fills it."""

    settings: Settings
    store: Store
    leases: Leases
    packs: Packs
    ledger: Ledger
    actions: Actions
    cases: Cases
    acknowledgements: Acknowledgements
    answers: Answers
    drafts: Drafts
    receiver: Receiver
    pool: ReadingPool
    pipeline: Pipeline
    tally: Tally
    connect: Callable[[str], Mailbox]  # account name -> logged-in connection
    outlets: Callable[[], Sequence[Outlet]]  # the relays
    endpoints: Callable[[], Sequence[Endpoint]]  # the webhooks


def reconcile(house: House, account: str) -> list[FolderCount]:
    """Compare every watched folder of an account with the ledger: server = held + rest.

    Raises:
        MailboxError: the server is away or refuses.
    """
    mailbox = house.connect(account)
    try:
        counts = []
        for name in house.pipeline.policy.placement.watched(account):
            try:
                selected = mailbox.examine(name)
            except MailboxAway:
                raise
            except MailboxError:
                continue  # a queue's folder that no mail has needed yet
            server = mailbox.uids()
            counts.append(count_folder(house.store, account, name, selected.uidvalidity, server))
        return counts
    finally:
        mailbox.close()


def reconcile_all(house: House) -> list[FolderCount]:
    """Reconcile every account that answers; each folder that lacks mail raises an alarm."""
    counts = []
    for account in house.settings.accounts:
        try:
            counts += reconcile(house, account)
        except BackdeskError as error:
            _log.warning(
                "Account not reconciled",
                extra={"action": "reconcile", "account": account, "reason": str(error)},
            )
    for count in counts:
        _log.log(
            logging.ERROR if count.missing else logging.INFO,
            "Folder reconciled",
            extra={
                "action": "reconciled",
                "account": count.account,
                "folder": count.folder,
                "server": count.server,
                "held": count.held,
                "quarantined": count.quarantined,
                "missing": count.missing,
            },
        )
    return counts


def renew_mix(house: House) -> None:
    """Decide from now on under the mix of the house's newest mails."""
    pipeline, mix = house.pipeline, mix_of(house.store)
    pipeline.policy = replace(pipeline.policy, mix=mix)
    shares = {label: round(share, 3) for label, share in mix.shares.items()}
    _log.info("Class mix renewed", extra={"action": "mix", "shares": shares})


def write_digests(house: House, *, early: bool = False) -> int:
    """Write the digests whose time of the local day has come; return how many are new.

    Each reader's once a local date. The counts are those of a reconciliation made now; of an
    account that is away, those of the last listings.
    """
    now = clock.now()
    due = [
        one
        for one in readers_of(house.settings)
        if (early or one.is_due(now)) and not _has(house, one, now)
    ]
    counts = reconcile_all(house) if due else ()
    written: list[bool] = []
    for reader in due:
        local = now.astimezone(reader.zone)
        write = partial(_write_digest, house, reader, now, counts, written)
        try:
            once_a_day(house.store, reader.schedule, local, write)
        except BackdeskError as error:  # the others get theirs; it is tried again
            extra = {"action": "digest_failed", "person": reader.person, "reason": str(error)}
            _log.warning("Digest not written", extra=extra)
    return sum(written)


def write_report(house: House) -> int:
    """Write the reports of the month before, once it is time; return how many mails are new."""
    now = clock.now()
    day = local_date(now, house.settings.service.zone)
    return write_monthly(house.store, house.settings, day, now)


def _has(house: House, reader: Reader, now: datetime) -> bool:
    return has_run(house.store, reader.schedule, local_date(now, reader.zone))


def _write_digest(
    house: House,
    reader: Reader,
    now: datetime,
    counts: Sequence[FolderCount],
    written: list[bool],
) -> None:
    day = local_date(now, reader.zone)
    digest = digest_of(house, day, now, counts=counts, reader=reader)
    written.append(enqueue_digest(house, reader, digest))


def enqueue_digest(house: House, reader: Reader, digest: Digest) -> bool:
    """Enter a reader's digest to be sent; False where that of its date was entered before."""
    tokens = Tokens(keys_of(house.store, TOKENS))
    return enqueue(house.store, house.settings, tokens, reader, digest)


def digest_of(
    house: House,
    day: date,
    now: datetime,
    *,
    counts: Sequence[FolderCount] = (),
    reader: Reader | None = None,
) -> Digest:
    """Return the digest of a local date, of each unsure mail with the sentence that tells most."""
    digest = digest_for(house.store, house.settings, day, now, counts=counts, reader=reader)

    def tell(mail: bytes, label: str) -> list[str]:
        place = house.ledger.blob(mail)
        return house.pool.reasons(house.packs.read(place, mail), label, 1) if place else []

    return with_sentences(digest, tell)


def send_due(house: House) -> SendCount | None:
    """Send what is due; None when another process is sending.

    Raises:
        StoreError: the round broke off; no mail is lost, none is sent twice by it.
    """
    try:
        lease = house.leases.take(SEND_LEASE)
    except LeaseHeld:
        return None
    try:
        return deliver.send_due(house.store, lease, house.outlets(), clock.now)
    finally:
        house.leases.release(lease)
        tell_cases(house)


def call_webhooks(house: House) -> CallCount | None:
    """Tell the webhooks what has happened; None when another process is doing so.

    Also in a house without webhooks: what happens now is not told to one of later.

    Raises:
        StoreError: the round broke off; nothing is lost.
    """
    try:
        lease = house.leases.take(WEBHOOK_LEASE)
    except LeaseHeld:
        return None
    try:
        return calls.send_due(house.store, lease, house.endpoints(), clock.now)
    finally:
        house.leases.release(lease)


def acknowledge(house: House, connection: Connection, case_id: int, now: datetime) -> None:
    """Answer by return the mail that opened a case, now that a person has said what it is."""
    line = find_case(connection, str(case_id))
    file = case_file(connection, line) if line else None
    found = reading_of(connection, file.mails[0]) if file and file.mails else None
    if line is None or file is None or found is None or line.acknowledged_at is not None:
        return  # it came by letter, phone or counter, or somebody has told the customer
    rules = house.pipeline.policy.cases.acknowledging
    asked = acknowledgement_for(line.kind, line.channel, found.reading, found.account, rules)
    if asked and forward_of(found.reading) and asked.recipient != (line.customer or ""):
        asked = replace(asked, refusal="a person has said that somebody else wrote it")
    opened = Opened(
        case_id=case_id,
        reference=line.reference,
        kind=line.kind,
        language=line.language,
        channel=line.channel,
        received_at=line.received_at,
        due_at=term_to_tell(file.clocks),
        answers=original_of(found.reading).message_id,
        acknowledgement=as_ordered(asked, found.orders),
        names_ours=house.cases.names_ours(connection, original_of(found.reading)),
    )
    told = house.acknowledgements.enqueue(connection, [opened], now)
    note_news(connection, told, house.pipeline.policy.cases)


def ordered_profile(house: House, connection: Connection, line: CaseLine) -> str | None:
    """Return the profile that a rule gave a case and under which it still stands."""
    found = _first_mail(connection, line)
    ordered, book = found.orders.deadline if found else None, house.pipeline.policy.cases.rulebook
    stands = book is not None and line.profile is not None and book.newest(line.profile) == ordered
    return ordered if stands else None


def _first_mail(connection: Connection, line: CaseLine) -> ReadMail | None:
    mails = case_file(connection, line).mails
    return reading_of(connection, mails[0]) if mails else None


def needs_approval(house: House, connection: Connection, line: CaseLine) -> bool:
    """Tell whether a second person must approve what is answered in a case."""
    book = house.pipeline.policy.cases.rulebook
    profiles = {name for name, one in book.profiles.items() if one.approval} if book else set()
    queues = {name for name, one in house.settings.queues.items() if one.approval}
    return replying.needs_approval(connection, line, queues, profiles)


def stop_unapproved(house: House, connection: Connection, act: Act) -> list[str]:
    """Hold what was answered in a case and has not left, where that must be approved by now."""
    line = find_case(connection, str(act.case_id))
    if line is None or not needs_approval(house, connection, line):
        return []
    approved = replying.approved(connection, act)
    return house.answers.stop_unapproved(connection, act.case_id, approved)


def tell_cases(house: House) -> None:
    """Note in the cases what became of mail that was to leave for them."""
    while has_untold(house.store):
        with house.store.write() as connection:
            told = untold(connection, MOST_TOLD)
            note_news(connection, told, house.pipeline.policy.cases)
        if len(told) < MOST_TOLD:
            break


def resume_reading(house: House) -> None:
    """Let accounts whose reading was paused begin anew."""
    for account in house.settings.accounts:
        house.ledger.pause(account, None, clock.now())
