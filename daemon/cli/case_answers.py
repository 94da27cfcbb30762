"""`case reply`, `approve`, `reject`: answers that leave through Backdesk."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from daemon.cases import acts, replying
from daemon.cases.acts import Act
from daemon.cases.records import OPEN, CaseLine
from daemon.cases.views import case_file
from daemon.cli.case_desk import CaseName, Who, do_on, group, tell, the_case
from daemon.cli.exits import complain, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.intake.stories import ReadMail, reading_of
from daemon.jobs import House
from daemon.outbox.answers import Answer, AnswerRefused
from daemon.sending.store import REJECTED

_REQUEST = "request"
"""The kind whose answers nobody need approve; an unsure one may be a complaint."""
_LONGEST = 500_000  # bytes of an answer
_LONGEST_SUBJECT = 500  # characters
_MOST_READ = 200  # mails of a case that are looked at, the newest, and the first
_MOST_ANSWERED = 20  # mails that an answer names


@group.command()
def reply(
    case: CaseName,
    body: Annotated[
        Path,
        typer.Option(
            "--body", exists=True, dir_okay=False, metavar="FILE", help="The text, in UTF-8."
        ),
    ],
    subject: Annotated[
        str | None, typer.Option("--subject", help="Default: Re: and the customer's.")
    ] = None,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Answer the customer by e-mail, after approval where the queue wants it."""
    text = _text(body)
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            acts.lock(connection, act)
            line = the_case(connection, case)
            answer = _answer(house, connection, line, subject, text)
            try:
                key = house.answers.enqueue(connection, answer, act.now)
            except AnswerRefused as refused:
                refuse(f"{line.reference}: {refused}")
            replying.note_reply(connection, act, key, awaits=answer.awaits_approval)
            if answer.awaits_approval:
                complain("it waits for the approval of a second person: `backdesk case approve`")

        do_on(house, case, by, do)
        tell(house, case, as_json)


@group.command()
def approve(
    case: CaseName, by: Who = "", config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Let an answer leave that somebody else has written."""
    _decide(case, by, config, as_json, "")


@group.command()
def reject(
    case: CaseName,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="For who wrote it.")],
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Keep an answer that waits for approval from leaving."""
    if not why.strip() or not why.isprintable():
        refuse("--why: must be one line that says something")
    _decide(case, by, config, as_json, f"{REJECTED}{why.strip()}")


def _decide(case: str, by: str, config: Path | None, as_json: bool, refusal: str) -> None:
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            replying.check_second_person(connection, act)
            try:
                keys = house.answers.decide(connection, act.case_id, refusal, act.now)
            except AnswerRefused as refused:
                refuse(f"{case}: {refused}")
            replying.note_decision(connection, act, keys, refusal)

        do_on(house, case, by, do)
        tell(house, case, as_json)


def _text(body: Path) -> str:
    if body.stat().st_size > _LONGEST:
        refuse(f"{body} is longer than {_LONGEST} bytes")
    try:
        text = body.read_text("utf-8")
    except UnicodeDecodeError:
        refuse(f"{body} is not UTF-8 text")
    if not text.strip():
        refuse(f"{body} is empty")
    return text


def _answer(
    house: House, connection: Connection, line: CaseLine, subject: str | None, text: str
) -> Answer:
    if line.state != OPEN:
        refuse(f"{line.reference} is {line.state}; `case reopen` opens it again")
    if not line.customer:
        refuse(f"{line.reference}: the customer has no e-mail address; use `case answer`")
    ids = case_file(connection, line).mails
    near = dict.fromkeys((*ids[:1], *ids[-_MOST_READ:]))
    read = [mail for one in near if (mail := reading_of(connection, one)) is not None]
    queue = house.settings.queues.get(line.queue or "")
    return Answer(
        case_id=line.id,
        reference=line.reference,
        channel=line.channel,
        account=_account(house, line, read),
        recipient=line.customer,
        subject=_subject(line, subject),
        text=text,
        answers=_answered(read, line.customer),
        language=line.language,
        awaits_approval=bool(queue and queue.approval and line.kind != _REQUEST),
    )


def _answered(read: list[ReadMail], recipient: str) -> tuple[str | None, ...]:
    """Return the ids of the recipient's own mails, the newest last.

    A case may hold mail of others, merged or forwarded: their ids are none of his business, and
    whoever knows an id of a thread may join it.
    """
    own = recipient.lower()
    read_of = (one.reading for one in read)
    by_him = [
        one.message_id
        for one in read_of
        if one.sender is not None and one.sender.email.lower() == own
    ]
    return tuple(by_him[-_MOST_ANSWERED:])


def _account(house: House, line: CaseLine, read: list[ReadMail]) -> str:
    """Return the account whose address answers: where the customer wrote to, else the queue's."""
    queue = house.settings.queues.get(line.queue or "")
    wanted = [*(one.account for one in read), *([queue.account] if queue else [])]
    known = [name for name in wanted if name in house.settings.accounts]
    if not known:
        refuse(f"{line.reference}: no account to answer from; `case label --queue` gives it one")
    return known[0]


def _subject(line: CaseLine, subject: str | None) -> str:
    if subject is None:
        own = line.subject if line.subject.lower().startswith("re:") else f"Re: {line.subject}"
        return f"{own[:_LONGEST_SUBJECT]} [{line.reference}]"
    if not subject.strip() or not subject.isprintable() or len(subject) > _LONGEST_SUBJECT:
        refuse(f"--subject: must be one line of at most {_LONGEST_SUBJECT} characters")
    return subject
