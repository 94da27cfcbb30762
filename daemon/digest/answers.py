"""The tables of what people answer to digests: what its numbers mean, and what was said."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from daemon.digest.records import Digest, Period, Undone
from daemon.records import Said
from daemon.store.engine import Store
from daemon.store.tables import (
    case_mails,
    cases,
    digest_answers,
    digest_items,
    mails,
    outgoing,
    readings,
)

_KIND = "digest"
_NEW, _DONE = "new", "done"
_MOST_LISTED = 10
_MOST_IN = 40  # Message-IDs that are looked up


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A digest that somebody got."""

    key: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a number in a digest stands for; one of both is given."""

    mail_id: int | None
    case_id: int | None


def keep_items(connection: Connection, key: str, digest: Digest) -> None:
    """Write down what the numbers of a digest stand for, with the row of its mail."""
    rows = [
        *({"digest": key, "number": one.item, "mail_id": one.mail_id} for one in digest.unsure),
        *({"digest": key, "number": one.item, "case_id": one.case_id} for one in digest.closed),
    ]
    for row in rows:
        connection.execute(insert(digest_items).values(row))


def keep_answers(store: Store, connection: Connection, said: Sequence[Said], now: datetime) -> None:
    """Enter mails that answer digests, or pretend to; repeated, it does nothing."""
    rows = [
        {"mail_id": one.mail_id, "at": now, "genuine": one.is_genuine, "state": _NEW}
        for one in said
    ]
    store.insert_new(connection, digest_answers, rows)


def unheard(store: Store) -> list[tuple[int, bool]]:
    """Return the mails whose words nobody has taken up, and whether each is genuine."""
    query = select(digest_answers.c.mail_id, digest_answers.c.genuine)
    new = query.where(digest_answers.c.state == _NEW).order_by(digest_answers.c.mail_id)
    with store.read() as connection:
        return [(row.mail_id, row.genuine) for row in connection.execute(new)]


def take(connection: Connection, mail_id: int) -> bool:
    """Mark an answer as taken up; False when somebody else has done so."""
    here = (digest_answers.c.mail_id == mail_id) & (digest_answers.c.state == _NEW)
    return connection.execute(update(digest_answers).where(here).values(state=_DONE)).rowcount == 1


def note(
    connection: Connection, mail_id: int, lines: Sequence[dict[str, Any]], **values: object
) -> None:
    """Write down what became of each line of an answer."""
    refused = any("trouble" in one for one in lines)
    detail = json.dumps({"lines": list(lines)}, ensure_ascii=False)
    here = digest_answers.c.mail_id == mail_id
    noted = update(digest_answers).where(here)
    connection.execute(noted.values(refused=refused, detail=detail, **values))


def sent_as(connection: Connection, ids: Sequence[str]) -> Sent | None:
    """Return the digest that went out under the first of these Message-IDs."""
    query = select(outgoing.c.message_id, outgoing.c.key, outgoing.c.recipient).where(
        outgoing.c.message_id.in_(ids[:_MOST_IN]), outgoing.c.kind == _KIND
    )
    found = {row.message_id: row for row in connection.execute(query)}
    row = next((found[one] for one in ids if one in found), None)
    return None if row is None else Sent(key=row.key, recipient=row.recipient)


def items_of(connection: Connection, key: str) -> dict[int, Item]:
    """Return what the numbers of a digest stand for."""
    rows = connection.execute(select(digest_items).where(digest_items.c.digest == key))
    return {row.number: Item(mail_id=row.mail_id, case_id=row.case_id) for row in rows}


def list_undone(
    connection: Connection, period: Period, open_to: ColumnElement[bool], actor: str | None = None
) -> tuple[Undone, ...]:
    """Return the newest answers of a period of which not all was done, forgeries among them.

    Args:
        connection: a transaction.
        period: in which they were taken up.
        open_to: of which cases the reader may know who wrote.
        actor: whose they are, beside the forgeries; None: everybody's.
    """
    during = (digest_answers.c.at >= period.since, digest_answers.c.at < period.until)
    query = (
        select(digest_answers, readings.c.sender, mails.c.received_at)
        .join(mails, mails.c.id == digest_answers.c.mail_id)
        .join(readings, readings.c.mail_id == digest_answers.c.mail_id)
        .outerjoin(case_mails, case_mails.c.mail_id == digest_answers.c.mail_id)
        .outerjoin(cases, cases.c.id == case_mails.c.case_id)
        .where(*during, digest_answers.c.refused, or_(cases.c.id.is_(None), open_to))
    )
    if actor is not None:
        query = query.where((digest_answers.c.actor == actor) | digest_answers.c.actor.is_(None))
    newest = query.order_by(digest_answers.c.mail_id.desc()).limit(_MOST_LISTED)
    return tuple(
        Undone(
            mail_id=row.mail_id,
            sender=row.sender or "",
            received_at=row.received_at,
            lines=tuple(
                (str(one.get("line", "")), str(one["trouble"]))
                for one in json.loads(row.detail)["lines"]
                if "trouble" in one
            ),
        )
        for row in connection.execute(newest)
    )
