"""A digest and a language -> sentences and rows in their order; the templates only lay them out."""

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.digest.legible import SENDER_CHARS, SUBJECT_CHARS, legible
from daemon.digest.records import (
    AccountHealth,
    Counts,
    Digest,
    DueCase,
    FolderLine,
    QuarantinedMail,
    UnsureMail,
)
from daemon.digest.words import Words

ERROR_CHARS = 160
SENTENCE_CHARS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mail, or one folder, that waits for a person."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list of entries under a heading; without entries it is not shown."""

    heading: str
    rows: tuple[Entry, ...]
    more: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A line of a count."""

    number: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Counts under a heading."""

    heading: str
    rows: tuple[Number, ...]
    total: str = ""
    period: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One folder or account, and how it does."""

    name: str
    line: str
    is_well: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Findings under a heading."""

    heading: str
    rows: tuple[Finding, ...]
    empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A whole digest in words."""

    language: str
    subject: str
    title: str
    headline: str
    attention: tuple[str, ...]
    lists: tuple[Listing, ...]
    intake: Numbers
    queues: Numbers
    health: tuple[Health, ...]
    footer: str


def view_of(digest: Digest, words: Words) -> View:
    """Return the digest in one language."""
    attention = tuple(_attention(digest, words))
    return View(
        language=words.language,
        subject=words.say("subject", day=words.day(digest.day), parts=_parts(digest, words)),
        title=words.say("title", day=words.day(digest.day, "long")),
        headline=words.say("attention", len(attention)) if attention else words.say("all_well"),
        attention=attention,
        lists=(
            *_deadlines(digest, words),
            _unsure(digest, words),
            _quarantined(digest, words),
            _unfetchable(digest, words),
        ),
        intake=_intake(digest, words),
        queues=Numbers(
            heading=words.say("h_queues"),
            rows=tuple(Number(number=n, name=name) for name, n in digest.intake.by_queue),
        ),
        health=(_folders(digest, words), _accounts(digest, words)),
        footer=words.say("footer", moment=words.moment(digest.period.until, digest.zone)),
    )


def _parts(digest: Digest, words: Words) -> str:
    """The subject's summary: what is zero is left out, what is missing is always said."""
    counts = (
        ("overdue_short", digest.deadlines.overdue_total),
        ("soon_short", digest.deadlines.soon_total),
        ("unsure_short", digest.unsure_total),
        ("quarantined_short", digest.quarantined_total),
        ("accounts_short", len(digest.troubled)),
        ("unsent_short", digest.outgoing_failed + digest.outgoing_held + digest.held_back),
    )
    parts = [words.say(key, number) for key, number in counts if number]
    if digest.without_model:
        parts.append(words.say("no_model_short"))
    missing = digest.missing
    parts.append(words.say("missing_short", missing) if missing else words.say("nothing_missing"))
    return ", ".join(parts)


def _attention(digest: Digest, words: Words) -> Iterator[str]:
    """What needs a person, the gravest first."""
    counts = (
        ("overdue", digest.deadlines.overdue_total),
        ("soon", digest.deadlines.soon_total),
        ("missing", digest.missing),
        ("troubled", len(digest.troubled)),
        ("relays_away", len(digest.relays_away)),
        ("no_model", digest.without_model),
        ("unsure", digest.unsure_total),
        ("quarantined", digest.quarantined_total),
        ("unfetchable", sum(one.number for one in digest.unfetchable)),
        ("unmoved", digest.unmoved),
        ("failed", digest.outgoing_failed),
        ("held", digest.outgoing_held),
        ("held_back", digest.held_back),
        ("awaiting", digest.awaiting),
    )
    return (words.say(key, number) for key, number in counts if number)


def _deadlines(digest: Digest, words: Words) -> tuple[Listing, Listing]:
    """The cases past their term, then those that are due within days."""
    pressing = digest.deadlines

    def listing(heading: str, cases: tuple[DueCase, ...], total: int) -> Listing:
        return Listing(
            heading=words.say(heading),
            rows=tuple(_due_entry(one, digest, words) for one in cases),
            more=_more(total - len(cases), words),
            help=words.say("help_cases"),
        )

    return (
        listing("h_overdue", pressing.overdue, pressing.overdue_total),
        listing("h_soon", pressing.soon, pressing.soon_total),
    )


def _due_entry(case: DueCase, digest: Digest, words: Words) -> Entry:
    subject = legible(case.subject, SUBJECT_CHARS) or words.say("no_subject")
    due = words.say("due", moment=words.moment(case.due_at, digest.zone))
    owner = words.say("owner", name=case.owner) if case.owner else words.say("no_owner")
    facts = (due, words.name("labels", case.kind), case.queue, owner)
    return Entry(
        title=f"{case.reference} · {subject}",
        lines=(
            _written_by(case.customer, case.customer_name, words),
            " · ".join(legible(one, SUBJECT_CHARS) for one in facts if one),
        ),
    )


def _written_by(address: str, name: str, words: Words) -> str:
    """The address always shows: the name is whatever the sender likes."""
    address, name = legible(address, SENDER_CHARS), legible(name, SENDER_CHARS)
    both = f"{name} <{address}>" if name and address else address or name
    return both or words.say("no_sender")


def _unsure(digest: Digest, words: Words) -> Listing:
    return Listing(
        heading=words.say("h_unsure"),
        rows=tuple(_unsure_entry(mail, digest, words) for mail in digest.unsure),
        more=_more(digest.unsure_total - len(digest.unsure), words),
        help=words.say("help_unsure"),
    )


def _unsure_entry(mail: UnsureMail, digest: Digest, words: Words) -> Entry:
    subject = legible(mail.subject, SUBJECT_CHARS) or words.say("no_subject")
    sender = _written_by(mail.sender, mail.sender_name, words)
    received = words.moment(mail.received_at, digest.zone)
    number = f"{words.say('number')} {mail.mail_id}"
    why = legible(words.why_unsure(mail.reason), ERROR_CHARS)
    lines = (sender, f"{received} · {number} · {why}")
    sentence = legible(mail.sentence, SENTENCE_CHARS)
    return Entry(title=subject, lines=(*lines, f"«{sentence}»") if sentence else lines)


def _quarantined(digest: Digest, words: Words) -> Listing:
    def entry(mail: QuarantinedMail) -> Entry:
        since = words.say("since", moment=words.moment(mail.since, digest.zone))
        number = f"{words.say('number')} {mail.mail_id}"
        return Entry(title=number, lines=(f"{words.why_set_aside(mail.reason)} · {since}",))

    return Listing(
        heading=words.say("h_quarantined"),
        rows=tuple(map(entry, digest.quarantined)),
        more=_more(digest.quarantined_total - len(digest.quarantined), words),
        help=words.say("help_quarantined"),
    )


def _unfetchable(digest: Digest, words: Words) -> Listing:
    rows = tuple(
        Entry(title=_place(one.account, one.folder), lines=(words.say("received", one.number),))
        for one in digest.unfetchable
    )
    return Listing(heading=words.say("h_unfetchable"), rows=rows)


def _more(number: int, words: Words) -> str:
    return words.say("and_more", number) if number > 0 else ""


def _intake(digest: Digest, words: Words) -> Numbers:
    intake, zone = digest.intake, digest.zone
    since, until = digest.period.since, digest.period.until
    total = words.say("received", intake.received) if intake.received else ""
    sentences = (
        ("older", intake.older),
        ("observed", intake.observed),
        ("imported", intake.imported),
        ("backlog", digest.backlog),
    )
    return Numbers(
        heading=words.say("h_intake"),
        total=total or words.say("none_received"),
        period=words.say(
            "period", since=words.moment(since, zone), until=words.moment(until, zone)
        ),
        rows=tuple(Number(number=n, name=name) for name, n in _kinds(digest, words) if n),
        notes=tuple(words.say(key, number) for key, number in sentences if number),
    )


def _kinds(digest: Digest, words: Words) -> Counts:
    intake = digest.intake
    labels = tuple((words.name("many_labels", label), n) for label, n in intake.by_label)
    automatic = tuple(
        (words.say("l_automatic", kind=words.name("automatic", kind)), n)
        for kind, n in intake.automatic
    )
    rest = (
        (words.say("l_copies"), intake.copies),
        (words.say("l_quarantined"), intake.quarantined),
        (words.say("l_waiting"), intake.waiting),
    )
    return (*labels, (words.say("l_unsure"), intake.unsure), *automatic, *rest)


def _folders(digest: Digest, words: Words) -> Health:
    def finding(line: FolderLine) -> Finding:
        parts = [words.say("folder", server=line.server, held=line.held)]
        if line.quarantined:
            parts.append(words.say("folder_aside", line.quarantined))
        if line.missing:
            parts.append(words.say("folder_missing", line.missing))
        else:
            parts.append(words.say("folder_same"))
        name = _place(line.account, line.folder)
        return Finding(name=name, line=", ".join(parts), is_well=not line.missing)

    return Health(
        heading=words.say("h_folders"),
        rows=tuple(map(finding, digest.folders)),
        empty=words.say("no_folders"),
    )


def _accounts(digest: Digest, words: Words) -> Health:
    rows = tuple(
        Finding(name=one.name, line=_account_line(one, digest, words), is_well=one.is_well)
        for one in digest.accounts
    )
    empty = words.say("no_accounts")
    return Health(heading=words.say("h_accounts"), rows=rows, empty=empty)


def _account_line(account: AccountHealth, digest: Digest, words: Words) -> str:
    last = account.last_success_at and words.moment(account.last_success_at, digest.zone)
    if account.is_well:
        return words.say("account_well", moment=last)
    parts = []
    if last is None:
        parts.append(words.say("account_never"))
    elif account.is_stale:
        parts.append(words.say("account_stale", moment=last))
    if account.failures:
        error = legible(account.last_error or "", ERROR_CHARS)
        parts.append(words.say("account_failures", account.failures, error=error))
    if account.paused:
        parts.append(words.say("account_paused", why=legible(account.paused, ERROR_CHARS)))
    return "; ".join(parts)


def _place(account: str, folder: str) -> str:
    return f"{account} / {legible(folder, SUBJECT_CHARS)}"
