"""`case reply`, `approve`, `reject`: answers that leave through Backdesk."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from daemon.cases import acts, replying
from daemon.cases.acts import Given
from daemon.cases.holding import same_person
from daemon.cases.records import OPEN, Act, CaseLine
from daemon.cases.views import case_file
from daemon.cli.case_desk import (
    CaseName,
    Clocks,
    IsAsked,
    IsInterim,
    Matters,
    Who,
    act_on,
    group,
    named,
    the_case,
    user,
)
from daemon.cli.exits import NEEDS_PERSON, complain, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.intake.stories import ReadMail, reading_of
from daemon.jobs import House, needs_approval
from daemon.outbox.answers import Answer, AnswerRefused
from daemon.sending.store import REJECTED
from daemon.triage.acknowledge import PEC
from daemon.triage.forwarding import answered_id, original_of

_LONGEST = 500_000  # bytes of an answer
_LONGEST_SUBJECT = 500  # characters
_MOST_READ = 200  # mails of a case that are looked at, the newest, and the first
_MOST_ANSWERED = 20  # mails that an answer names


Body = Annotated[
    Path,
    typer.Option("--body", exists=True, dir_okay=False, metavar="FILE", help="In UTF-8."),
]
Subject = Annotated[str | None, typer.Option("--subject", help="Default: Re: and the customer's.")]


@group.command()
def reply(
    case: CaseName,
    body: Body,
    subject: Subject = None,
    clocks: Clocks = None,
    matters: Matters = None,
    interim: IsInterim = False,
    asked: IsAsked = False,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Answer the customer by e-mail, after approval where the queue wants it.

    What has left ends the clocks that `case answer` would end.
    """
    text, broken = _text(body), list[str]()
    with open_house(config) as house:

        def do(connection: Connection, act: Act) -> None:
            acts.lock(connection, act)
            line = the_case(connection, case)
            _check_hand(line, act)
            answer = _answer(house, connection, line, subject, text)
            try:
                key = house.answers.enqueue(connection, answer, act.now)
            except AnswerRefused as refused:
                refuse(f"{line.reference}: {refused}")
            given = Given(
                channel=answer.channel if answer.channel == PEC else "mail",
                on=act.now,
                named=named(clocks, matters),
                is_interim=interim,
                is_asked=asked,
            )
            said = {"awaits_approval": answer.awaits_approval, "login": user()}
            broken.extend(replying.note_reply(connection, act, key, given, **said))
            if answer.awaits_approval:
                complain("it waits for the approval of a second person: `backdesk case approve`")

        act_on(house, case, by, as_json, do)
    complain(*broken)
    leave(NEEDS_PERSON if broken else 0)


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
            acts.lock(connection, act)
            waiting = house.answers.waiting(connection, act.case_id)
            replying.check_second_person(connection, act, waiting)
            try:
                keys = house.answers.decide(connection, act.case_id, refusal, act.now)
            except AnswerRefused as refused:
                refuse(f"{case}: {refused}")
            replying.note_decision(connection, act, keys, refusal, user())

        act_on(house, case, by, as_json, do)


def _check_hand(line: CaseLine, act: Act) -> None:
    """End the command where somebody else has the case in hand."""
    if line.claimed_by and not same_person(line.claimed_by, act.actor):
        refuse(f"{line.claimed_by} has {line.reference} in hand; `case release` frees it")


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
    return Answer(
        case_id=line.id,
        reference=line.reference,
        channel=line.channel,
        account=account_of(house, line, read),
        recipient=line.customer,
        subject=_subject(line, subject),
        text=text,
        answers=_answered(read, line.customer),
        language=line.language,
        awaits_approval=needs_approval(house, connection, line),
    )


def _answered(read: list[ReadMail], recipient: str) -> tuple[str | None, ...]:
    """Return the ids of the recipient's own mails, the newest last.

    A case may hold mail of others, merged or forwarded: their ids are none of his business, and
    whoever knows an id of a thread may join it.
    """
    own = recipient.lower()
    by_him = [
        answered_id(one.reading)
        for one in read
        if (sender := original_of(one.reading).sender) is not None and sender.email.lower() == own
    ]
    return tuple(by_him[-_MOST_ANSWERED:])


def account_of(house: House, line: CaseLine, read: list[ReadMail]) -> str:
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
