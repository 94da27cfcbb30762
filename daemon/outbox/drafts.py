"""A canned reply and a case -> a mail in the drafts of a mailbox, for a person to finish and send.

It is a person's mail from the first: it bears no mark of ours and is not Auto-Submitted, so that
it counts as an answer when it has been sent. Its Message-ID brings the customer's answer home.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daemon.config.dates import day_in_words, due_in_words
from daemon.config.settings import Settings
from daemon.config.values import Tongue
from daemon.errors import BackdeskError
from daemon.mail.compose import Letter, compose
from daemon.mail.tokens import Tokens
from daemon.outbox.letters import LANGUAGES, LetterError, Letters
from daemon.outbox.ways import answering, way_by_hand
from daemon.records import Address

KIND = "draft"
SHELF = "templates/replies"
_LONGEST = 500  # characters of a value that a stranger wrote
_MOST_IDS = 20  # of References that are taken along


class DraftRefused(BackdeskError):
    """It cannot be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a draft is about."""

    case_id: int
    reference: str
    account: str  # whose mailbox and address it is
    reply: str  # name of the template
    language: str  # it, pl, en
    customer: str  # address
    customer_name: str
    subject: str
    received_at: datetime
    due_at: datetime | None
    queue: str
    owner: str
    message_id: str | None  # of the customer's newest mail
    references: tuple[str, ...]  # that it names


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A draft, ready to be laid down."""

    key: str
    message: bytes
    message_id: str


class Drafts:
    """Writes drafts.

    Args:
        settings: addresses, and the replies of the house.
        tokens: sign the Message-IDs.
    """

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._letters = Letters(settings.replies.templates, SHELF)

    def replies(self) -> dict[str, tuple[str, ...]]:
        """Return the names of the canned replies, each with its languages."""
        return self._letters.languages()

    def language_for(self, language: str | None) -> str:
        """Return the language in which a customer is written to, who wrote in this one."""
        chosen = self._settings.acknowledgements.language or self._settings.service.language
        return language if language in LANGUAGES else chosen

    def write(self, wanted: Wanted, number: int, now: datetime) -> Written:
        """Write a draft.

        Args:
            wanted: what it is about.
            number: from 1 on; the same reply in the same case is written again under another.
            now: the present.

        Raises:
            DraftRefused: the template is wrong or missing, or it cannot be addressed.
        """
        key = f"{KIND}:{wanted.reference}:{wanted.reply}:{wanted.language}:{number}"
        settings, named = self._settings, self._settings.acknowledgements.from_name
        own = (
            wanted.subject if wanted.subject.lower().startswith("re:") else f"Re: {wanted.subject}"
        )
        try:
            text = self._letters.write(
                wanted.reply, wanted.language, self._values(wanted), _line(own)
            )
            way = way_by_hand(settings, wanted.account)
            letter = Letter(
                key=key,
                sender=Address(name=_spoken(named, wanted.language), email=way.sender),
                recipient=Address(name="", email=wanted.customer),
                subject=text.subject,
                text=text.body,
                html="",
                date=now.astimezone(settings.service.zone),
                message_id=self._tokens.message_id(wanted.case_id, key, way.domain),
                submitted="",
                headers=(
                    *answering(*wanted.references[-_MOST_IDS:], wanted.message_id),
                    *way.home(self._tokens, wanted.case_id),
                ),
            )
            return Written(key=key, message=compose(letter), message_id=letter.message_id)
        except (LetterError, LookupError, ValueError) as error:
            raise DraftRefused(f"it cannot be written: {error}") from error

    def _values(self, wanted: Wanted) -> Mapping[str, object]:
        zone, house = self._settings.service.zone, self._settings.acknowledgements
        received = wanted.received_at.astimezone(zone).date()
        due = due_in_words(wanted.received_at, wanted.due_at, zone, wanted.language)
        return {
            "reference": wanted.reference,
            "customer": _line(wanted.customer_name),
            "address": wanted.customer,
            "subject": _line(wanted.subject),
            "received": day_in_words(received, wanted.language, "letter"),
            "due": due,
            "queue": wanted.queue,
            "owner": wanted.owner,
            "name": _spoken(house.from_name, wanted.language),
            "contact": _spoken(house.contact, wanted.language),
        }


def reply_problems(own: Path | None) -> list[str]:
    """Return what is wrong with the replies of the house, by writing each once in each language."""
    if own is not None and not own.is_dir():
        return [f"{own} is not a folder; allowed: a folder with files such as thanks.it.txt.j2"]
    letters, wrong = Letters(own, SHELF), []
    for name, languages in letters.languages().items():
        wrong += [
            f"{name}.{missing}.txt.j2 is missing: a reply is needed in it, pl and en"
            for missing in LANGUAGES
            if missing not in languages
        ]
        for language in languages:
            try:
                letters.write(name, language, _EXAMPLE, "Re: ordine 7")
            except LetterError as error:
                wrong.append(str(error))
    return wrong + _unnamed(own)


def _unnamed(own: Path | None) -> list[str]:
    known = Letters(own, SHELF).languages() if own else {}
    files = {f"{name}.{one}.txt.j2" for name, languages in known.items() for one in languages}
    return [
        f"{path.name} is not read; allowed: NAME.it.txt.j2, .pl. and .en., the name of a-z, 0-9, -"
        for path in (sorted(own.glob("*.j2")) if own else ())
        if path.name not in files
    ]


_EXAMPLE = {
    "reference": "2026-00042-11",
    "customer": "Anna Rossi",
    "address": "anna@example.org",
    "subject": "ordine 7",
    "received": "1.12.2026",
    "due": "1.1.2027",
    "queue": "requests",
    "owner": "Ada",
    "name": "Aurora",
    "contact": "tel. 02 5550100",
}


def _spoken(texts: Mapping[Tongue, str], language: str) -> str:
    """Return a text of the house in a language; "" where there is none."""
    return next((text for spoken, text in texts.items() if spoken == language), "")


def _line(text: str) -> str:
    """Return what a stranger wrote as one line of bounded length."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())[:_LONGEST]
