"""What a person answers in a case -> a mail that leaves, after approval where that is wanted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from daemon.config.settings import Settings
from daemon.errors import BackdeskError
from daemon.mail.compose import Letter, compose
from daemon.mail.tokens import Tokens
from daemon.outbox.letters import language_for
from daemon.outbox.ways import answering, way_of
from daemon.records import Address, OutgoingMail
from daemon.sending.records import State
from daemon.sending.store import AWAITS_APPROVAL, Outgoing
from daemon.store.engine import Store
from daemon.store.tables import outgoing
from daemon.triage.acknowledge import untagged

KIND = "answer"


class AnswerRefused(BackdeskError):
    """It cannot be sent, or not by this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person answers."""

    case_id: int
    reference: str
    channel: str  # of the case: pec is answered by certified mail
    account: str  # whose address it comes from
    recipient: str
    subject: str
    text: str
    answers: tuple[str | None, ...]  # Message-IDs of the customer's mails, the latest last
    awaits_approval: bool
    language: str | None = None  # of the case


class Answers:
    """Writes them, always inside a transaction of the caller.

    Args:
        store: the database.
        settings: relays and addresses.
        tokens: sign the Message-IDs, by which the customer's next mail comes home.
    """

    def __init__(self, store: Store, settings: Settings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._outgoing = Outgoing(store)

    def enqueue(self, connection: Connection, answer: Answer, now: datetime) -> str:
        """Enter an answer; return its key. The caller holds the case's row.

        Raises:
            AnswerRefused: it cannot be addressed, there is no relay for it, or one waits already.
        """
        before = select(func.count()).select_from(outgoing)
        mine = (outgoing.c.case_id == answer.case_id) & (outgoing.c.kind == KIND)
        if connection.scalar(before.where(mine, outgoing.c.reply == AWAITS_APPROVAL)):
            raise AnswerRefused("an answer waits for approval already: `case approve` or `reject`")
        number = (connection.scalar(before.where(mine)) or 0) + 1
        key = f"{KIND}:{answer.reference}:{number}"
        try:
            mail = self._mail(answer, key, now)
        except (LookupError, ValueError) as error:
            raise AnswerRefused(f"it cannot be sent: {error}") from error
        if not self._outgoing.enqueue_in(connection, [mail], now):
            raise AnswerRefused("somebody else answers it just now")
        return key

    def waiting(self, connection: Connection, case_id: int) -> list[str]:
        """Return the keys of the answers of a case that wait for approval."""
        query = select(outgoing.c.key).where(
            outgoing.c.case_id == case_id, outgoing.c.reply == AWAITS_APPROVAL
        )
        return list(connection.scalars(query.order_by(outgoing.c.id)))

    def stop_unapproved(
        self, connection: Connection, case_id: int, approved: Collection[str]
    ) -> list[str]:
        """Let the answers of a case that have not left wait for approval; return their keys.

        For a case that is found to be a complaint after it was answered as a request.
        """
        stopping = update(outgoing).where(
            outgoing.c.case_id == case_id,
            outgoing.c.kind == KIND,
            outgoing.c.state == State.QUEUED,
            outgoing.c.key.not_in(approved),
        )
        values = {"state": State.HELD, "reply": AWAITS_APPROVAL, "not_before": None}
        return list(connection.scalars(stopping.values(values).returning(outgoing.c.key)))

    def decide(
        self, connection: Connection, case_id: int, refusal: str, now: datetime
    ) -> list[str]:
        """Let the answers of a case that wait for approval go, or never; return their keys.

        Raises:
            AnswerRefused: none waits.
        """
        waiting = select(outgoing.c.id, outgoing.c.key).where(
            outgoing.c.case_id == case_id, outgoing.c.reply == AWAITS_APPROVAL
        )
        rows = connection.execute(waiting.order_by(outgoing.c.id)).all()
        decided = [
            row.key for row in rows if self._outgoing.decide(connection, row.id, refusal, now)
        ]
        if not decided:
            raise AnswerRefused("no answer of this case waits for approval")
        return decided

    def _mail(self, answer: Answer, key: str, now: datetime) -> OutgoingMail:
        settings = self._settings
        way = way_of(settings, answer.channel, answer.account)
        if not way.sender:
            raise LookupError("the house has no address to answer from: accounts.NAME.address")
        name = settings.acknowledgements.from_name.get(language_for(answer.language, settings), "")
        letter = Letter(
            key=key,
            sender=Address(name=name, email=way.sender),
            recipient=Address(name="", email=answer.recipient),
            subject=answer.subject,
            text=answer.text,
            html="",
            date=now.astimezone(settings.service.zone),
            message_id=self._tokens.message_id(answer.case_id, key, way.domain),
            submitted="",
            instance=settings.mark,
            headers=(
                *answering(*answer.answers),
                *way.home(self._tokens, answer.case_id),
            ),
        )
        return OutgoingMail(
            key=key,
            kind=KIND,
            sender=way.sender,
            recipient=answer.recipient,
            message=compose(letter),
            held=AWAITS_APPROVAL if answer.awaits_approval else "",
            addressee=untagged(answer.recipient),
            relay=way.relay,
            message_id=letter.message_id,
            case_id=answer.case_id,
        )
