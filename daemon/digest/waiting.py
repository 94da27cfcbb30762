"""What waits for a person, in one language: cases, mails and sendings -> lists of entries."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from daemon.digest.layout import Entry, Listing
from daemon.digest.legible import SENDER_CHARS, SUBJECT_CHARS, legible
from daemon.digest.records import (
    ClosedCase,
    Digest,
    DueCase,
    QuarantinedMail,
    Undone,
    Unfetchable,
    Unsent,
    UnsureMail,
)
from daemon.digest.terms import left_of, why_due
from daemon.digest.words import Words

WHY_CHARS = 160
SENTENCE_CHARS = 120
_TOLD_SEVERITIES = ("high", "critical")
_PLAIN_PRIORITIES = ("", "normal")
_MOST_SAID = 5  # lines of one answer that are told
_WEB = ("https://", "http://")

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Turns what waits into words.

    Attributes:
        digest: as it was gathered. words: of its reader.
        most: how many entries each list shows; the rest is counted.
    """

    digest: Digest
    words: Words
    most: int

    def all(self) -> tuple[Listing, ...]:
        """Return every list, the gravest first; those without entries are not shown."""
        return (*self._cases(), *self._asked(), *self._stuck())

    def _cases(self) -> Iterator[Listing]:
        """Yield the cases that press."""
        pressing = self.digest.deadlines
        last = self.words.day(pressing.soon_until or self.digest.day)
        of_cases = (self.words.say("help_cases"),)
        yield self._listing(
            self.words.say("h_overdue"),
            self._shown(pressing.overdue, self._overdue),
            pressing.overdue_total,
            () if pressing.soon else of_cases,
        )
        yield self._listing(
            self.words.say("h_soon", day=last),
            self._shown(pressing.soon, self._due),
            pressing.soon_total,
            of_cases,
        )

    def _asked(self) -> Iterator[Listing]:
        """Yield what a reply decides."""
        yield self._listing(
            self.words.say("h_unsure"),
            self._shown(self.digest.unsure, self._unsure),
            self.digest.unsure_total,
            self._help_unsure(),
        )
        yield self._listing(
            self.words.say("h_closed"),
            self._shown(self.digest.closed, self._closed),
            self.digest.closed_total,
            self._help_closed(),
        )

    def _stuck(self) -> Iterator[Listing]:
        """Yield what did not leave, or did not come in."""
        digest = self.digest
        stopped = (digest.outgoing_failed, digest.outgoing_held, digest.awaiting)
        yield self._listing(
            self.words.say("h_undone"),
            self._shown(digest.undone, self._undone),
            len(digest.undone),
        )
        yield self._listing(
            self.words.say("h_unsent"),
            self._shown(digest.unsent, self._unsent),
            sum((*stopped, digest.held_back)),
            (self.words.say("help_unsent"),),
        )
        yield self._listing(
            self.words.say("h_quarantined"),
            self._shown(digest.quarantined, self._quarantined),
            digest.quarantined_total,
            (self.words.say("help_quarantined"),),
        )
        yield self._listing(
            self.words.say("h_unfetchable"),
            self._shown(digest.unfetchable, self._unfetchable),
            len(digest.unfetchable),
        )

    def _shown(self, rows: Sequence[_Row], entry: Callable[[_Row], Entry]) -> tuple[Entry, ...]:
        return tuple(map(entry, rows[: self.most]))

    def _listing(
        self, heading: str, rows: tuple[Entry, ...], total: int, help_: tuple[str, ...] = ()
    ) -> Listing:
        left = total - len(rows)
        more = self.words.say("and_more", left) if left > 0 else ""
        return Listing(heading=heading, rows=rows, total=total, more=more, help=help_)

    def _overdue(self, case: DueCase) -> Entry:
        return self._due(case, is_alarm=True)

    def _due(self, case: DueCase, *, is_alarm: bool = False) -> Entry:
        words, zone = self.words, self.digest.zone
        left = left_of(case.due_at, self.digest.period.until, zone, words)
        facts = (
            case.reference,
            words.name("labels", case.kind),
            case.queue,
            words.say("owner", name=case.owner) if case.owner else words.say("no_owner"),
            *self._weights(case),
        )
        author = self._written_by(case.customer, case.customer_name)
        return Entry(
            title=words.say("apart") if case.is_apart else self._subject(case.subject),
            lines=(
                *(() if case.is_apart else (author,)),
                why_due(case, zone, words),
                " · ".join(legible(one, SUBJECT_CHARS) for one in facts if one),
            ),
            mark=left.mark,
            unit=left.unit,
            is_alarm=is_alarm,
        )

    def _weights(self, case: DueCase) -> tuple[str, ...]:
        """How grave or urgent a case is, where that is out of the common."""
        words = self.words
        grave = words.say("severity", word=words.name("severities", case.severity))
        urgent = words.say("priority", word=words.name("priorities", case.priority))
        silent = words.name("silences", case.silence)
        return (
            *((silent,) if case.silence else ()),
            *((grave,) if case.severity in _TOLD_SEVERITIES else ()),
            *(() if case.priority in _PLAIN_PRIORITIES else (urgent,)),
        )

    def _unsure(self, mail: UnsureMail) -> Entry:
        words = self.words
        received = words.moment(mail.received_at, self.digest.zone)
        why = legible(words.why_unsure(mail.reason), WHY_CHARS)
        sentence = legible(mail.sentence, SENTENCE_CHARS)
        lines = (
            self._written_by(mail.sender, mail.sender_name),
            f"{received} · {why} · {words.say('number', id=mail.mail_id)}",
            *((f"«{sentence}»",) if sentence else ()),
        )
        return Entry(
            title=self._subject(mail.subject),
            lines=lines,
            mark=str(mail.item or ""),
            link=_absolute(mail.link),
            link_name=words.say("decide"),
        )

    def _closed(self, case: ClosedCase) -> Entry:
        words = self.words
        closed = words.say("closed_at", moment=words.moment(case.closed_at, self.digest.zone))
        facts = (case.reference, words.name("labels", case.kind), case.queue, closed)
        return Entry(
            title=self._subject(case.subject),
            lines=(
                self._written_by(case.customer, case.customer_name),
                " · ".join(legible(one, SUBJECT_CHARS) for one in facts if one),
            ),
            mark=str(case.item),
            link=_absolute(case.link),
            link_name=words.say("say_why"),
        )

    def _unsent(self, mail: Unsent) -> Entry:
        words = self.words
        kind = words.name("outgoing", mail.kind)
        recipient = legible(mail.recipient, SENDER_CHARS) or words.say("no_recipient")
        facts = (words.name("unsent", mail.state), mail.reference)
        why = legible(words.why_unsent(mail.why), WHY_CHARS) if mail.state != "awaiting" else ""
        return Entry(
            title=words.say("to", kind=kind, recipient=recipient),
            lines=(" · ".join(one for one in facts if one), *((why,) if why else ())),
        )

    def _quarantined(self, mail: QuarantinedMail) -> Entry:
        since = self.words.say("since", moment=self.words.moment(mail.since, self.digest.zone))
        number = self.words.say("number", id=mail.mail_id)
        return Entry(title=number, lines=(f"{self.words.why_set_aside(mail.reason)} · {since}",))

    def _unfetchable(self, one: Unfetchable) -> Entry:
        number = self.words.say("received", one.number)
        return Entry(title=place(one.account, one.folder), lines=(number,))

    def _help_unsure(self) -> tuple[str, ...]:
        """How to say what a mail is: by a word, where nothing else is asked for."""
        words, moving = self.words, self.words.say("help_unsure")
        items = [mail.item for mail in self.digest.unsure]
        if not self.digest.by_reply or not items:
            return (moving,)
        if self.digest.unsure_total == 1 and not self.digest.closed:
            return (words.say("help_reply_one"), moving)
        if len(items) == 1:
            return (words.say("help_reply_first", first=items[0]), moving)
        return (words.say("help_reply", first=items[0], second=items[1]), moving)

    def _help_closed(self) -> tuple[str, ...]:
        if not self.digest.by_reply or not self.digest.closed:
            return ()
        return (self.words.say("help_cause", item=self.digest.closed[0].item),)

    def _undone(self, one: Undone) -> Entry:
        words = self.words
        received = words.moment(one.received_at, self.digest.zone)
        said = (
            " · ".join(filter(None, (legible(line, WHY_CHARS), words.name("troubles", trouble))))
            for line, trouble in one.lines[:_MOST_SAID]
        )
        sender = self._written_by(one.sender, "")
        return Entry(title=f"{sender} · {received}", lines=tuple(said))

    def _subject(self, subject: str) -> str:
        return legible(subject, SUBJECT_CHARS) or self.words.say("no_subject")

    def _written_by(self, address: str, name: str) -> str:
        """The address always shows: the name is whatever the sender likes."""
        return written_by(address, name) or self.words.say("no_sender")


def written_by(address: str, name: str) -> str:
    """Return name and address of a stranger, legible; "" where there is neither."""
    address, name = legible(address, SENDER_CHARS), legible(name, SENDER_CHARS)
    return f"{name} <{address}>" if name and address else address or name


def place(account: str, folder: str) -> str:
    """Return a folder's name as people read it."""
    return f"{account} / {legible(folder, SUBJECT_CHARS)}"


def _absolute(link: str) -> str:
    """Return a link that leads somewhere from a mail, "" for others."""
    return link if link.startswith(_WEB) else ""
