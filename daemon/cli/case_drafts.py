"""`case draft`: a canned reply laid down in the drafts of a mailbox, for a person to send."""

from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from daemon import clock
from daemon.cases import acts, papers, replying
from daemon.cases.records import OPEN, Act, CaseLine
from daemon.cases.views import case_file
from daemon.cli.case_answers import account_of
from daemon.cli.case_desk import CaseName, Who, do_on, group, the_case
from daemon.cli.exits import complain, refuse
from daemon.cli.house import AsJson, ConfigFile, open_house
from daemon.cli.output import print_json, print_pairs, print_table
from daemon.config.wording import nearest
from daemon.intake.appends import Draft
from daemon.intake.stories import ReadMail, reading_of
from daemon.jobs import House, needs_approval
from daemon.outbox.drafts import DraftRefused, Wanted, Written
from daemon.outbox.letters import LANGUAGES

COLUMNS = ["key", "account", "target", "state", "note", "planned_at", "finished_at"]


@group.command()
def draft(
    case: CaseName,
    reply: Annotated[
        str | None, typer.Option("--reply", metavar="NAME", help="The canned reply.")
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="The replies that there are, and the case's drafts.")
    ] = False,
    language: Annotated[
        str | None, typer.Option("--language", help="it, pl or en (default: the customer's).")
    ] = None,
    account: Annotated[
        str | None,
        typer.Option("--account", help="Whose drafts (default: where the customer wrote to)."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Once more, although it was laid down before.")
    ] = False,
    by: Who = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Lay a canned reply down in a mailbox's drafts, to be finished and sent from there."""
    with open_house(config) as house:
        if list_:
            _list(house, case, as_json)
            return
        known = house.drafts.replies()
        if reply is None or reply not in known:
            refuse(f"--reply: {reply or ''!r} is not a reply; {nearest(reply or '', known)}")
        if language is not None and language not in LANGUAGES:
            refuse(f"--language: {language!r}; allowed: {', '.join(LANGUAGES)}")
        now = clock.now()
        wanted = _wanted(house, case, reply, (account, language))
        _check_approval(house, case)
        _check_folder(house, wanted.account, now)
        row = _lay_down(house, wanted, again=again, by=by, now=now)
    _tell(wanted, row, as_json)


def _check_approval(house: House, case: str) -> None:
    """End the command where a second person must approve what is answered."""
    with house.store.read() as connection:
        line = the_case(connection, case)
        if needs_approval(house, connection, line):
            refuse(f"{line.reference}: its answer wants approval; write it with `case reply`")


def _list(house: House, case: str, as_json: bool) -> None:
    replies = house.drafts.replies()
    with house.store.read() as connection:
        drafts = house.actions.appends.drafts(connection, the_case(connection, case).id)
    if as_json:
        print_json({"replies": replies, "drafts": drafts})
        return
    print_table(["reply", "languages"], [[name, ", ".join(of)] for name, of in replies.items()])
    if drafts:
        print_table(COLUMNS, [[one[name] for name in COLUMNS] for one in drafts], "drafts")


def _wanted(house: House, case: str, reply: str, chosen: tuple[str | None, str | None]) -> Wanted:
    """Return what a draft is about; the command ends where it cannot be answered by mail."""
    account, language = chosen
    with house.store.read() as connection:
        line = the_case(connection, case)
        if line.state != OPEN:
            refuse(f"{line.reference} is {line.state}; `case reopen` opens it again")
        if not line.customer:
            refuse(f"{line.reference}: the customer has no e-mail address")
        ids = case_file(connection, line).mails
        read = [mail for one in ids if (mail := reading_of(connection, one)) is not None]
    newest = _newest(line, read)
    accounts = house.settings.accounts
    if account is not None and account not in accounts:
        refuse(f"--account: {account!r} is not an account; {nearest(account, accounts)}")
    return Wanted(
        case_id=line.id,
        reference=line.reference,
        account=account or account_of(house, line, read),
        reply=reply,
        language=language or house.drafts.language_for(line.language),
        customer=line.customer,
        customer_name=line.customer_name or "",
        subject=line.subject,
        received_at=line.received_at,
        due_at=line.due_at,
        queue=line.queue or "",
        owner=line.owner or "",
        message_id=newest.reading.message_id if newest else None,
        references=newest.reading.references if newest else (),
    )


def _newest(line: CaseLine, read: list[ReadMail]) -> ReadMail | None:
    """Return the newest mail of the customer, else the newest of the case."""
    own = [
        one
        for one in read
        if one.reading.sender and one.reading.sender.email.lower() == (line.customer or "").lower()
    ]
    return max(own or read, key=lambda one: one.received_at, default=None)


def _check_folder(house: House, account: str, now: datetime) -> None:
    """End the command where nothing may be written to the mailbox."""
    if not house.settings.accounts[account].drafts:
        refuse(f"accounts.{account}.drafts is empty: no drafts are laid down there")
    if not house.pipeline.policy.placement.is_live(account, now):
        refuse(f"accounts.{account} is only observed (go_live): nothing is written there")


def _lay_down(
    house: House, wanted: Wanted, *, again: bool, by: str, now: datetime
) -> dict[str, Any]:
    """Enter a draft, unless there is one; return its row, with whether it is new."""
    appends = house.actions.appends
    prefix = f"draft:{wanted.reference}:{wanted.reply}:{wanted.language}:"
    with house.store.read() as connection:
        drafts = appends.drafts(connection, wanted.case_id)
    before = [one for one in drafts if one["key"].startswith(prefix)]
    if before and not again:
        complain("it was laid down before; --again does so once more")
        return {**before[-1], "new": False}
    try:
        written = house.drafts.write(wanted, len(before) + 1, now)
    except DraftRefused as refused:
        refuse(f"{wanted.reference}: {refused}")
    _enter(house, wanted, written, by)
    with house.store.read() as connection:
        return {**appends.drafts(connection, wanted.case_id)[-1], "new": True}


def _enter(house: House, wanted: Wanted, written: Written, by: str) -> None:
    paper = papers.pack(house.store, house.packs, written.key, written.message)
    folder = house.settings.accounts[wanted.account].drafts
    laid = Draft(
        key=written.key,
        case_id=wanted.case_id,
        account=wanted.account,
        target=folder,
        digest=paper.digest,
        size=len(written.message),
        message_id=written.message_id,
    )

    def do(connection: Connection, act: Act) -> None:
        acts.lock(connection, act)
        papers.enter(house.store, connection, paper)
        if not house.actions.appends.plan_draft(connection, laid, act.now):
            refuse(f"{wanted.reference}: somebody has it laid down just now")
        replying.note_draft(
            connection,
            act,
            reply=wanted.reply,
            language=wanted.language,
            account=wanted.account,
            folder=folder,
            mail=written.key,
        )

    do_on(house, wanted.reference, by, do)


def _tell(wanted: Wanted, row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json({"case": wanted.reference, **row})
        return
    title = f"draft for {wanted.reference}"
    print_pairs(title, [(name, row[name]) for name in ("account", "target", "state", "note")])
