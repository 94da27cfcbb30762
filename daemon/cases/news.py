"""What became of our mail -> events of their cases, and clocks that have ended or run again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update

from daemon.cases import ending
from daemon.cases.clocks import clocks_of
from daemon.cases.ending import Named, Proof
from daemon.cases.records import HOUSE, CaseClock, CaseEvent
from daemon.cases.store import write_events
from daemon.records import CaseNews
from daemon.store.tables import cases
from daemon.triage.casework import CaseRules

_CHANGES = ("acknowledged", "answered", "delivered", "returned")
"""Kinds of news that end clocks, or let them run again."""


def note_news(connection: Connection, news: Sequence[CaseNews], rules: CaseRules) -> None:
    """Keep in the events of cases what became of our mail in them.

    Args:
        connection: a write transaction.
        news: what became of which mail.
        rules: by which clocks are counted that others start.
    """
    if not news:
        return
    grave = [_Grave.of(connection, one) if one.kind in _CHANGES else None for one in news]
    told = [
        (one.case_id, CaseEvent(at=one.at, actor=HOUSE, kind=one.kind, detail=_detail(one, more)))
        for one, more in zip(news, grave, strict=True)
    ]
    write_events(connection, told)
    for more in filter(None, grave):
        more.apply(connection, rules)


def _detail(news: CaseNews, more: "_Grave | None") -> dict[str, Any]:
    mail = {"mail": news.mail} if news.mail and more else {}
    return {**news.detail, **mail, **({"ends": list(more.names)} if more and more.names else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grave:
    """News that bears on clocks."""

    news: CaseNews
    case_id: int  # that answers for it: the case itself, or the one it was merged into
    names: tuple[str, ...]  # of the clocks that it ends

    @classmethod
    def of(cls, connection: Connection, news: CaseNews) -> "_Grave":
        """Return news with its case, which nobody else changes until the transaction ends."""
        stands = select(func.coalesce(cases.c.merged_into, cases.c.id)).where(
            cases.c.id == news.case_id
        )
        case_id = connection.scalar(stands) or news.case_id
        row = connection.execute(select(cases).where(cases.c.id == case_id).with_for_update()).one()
        own, names = clocks_of(connection, case_id), list[str]()
        if news.kind == "acknowledged":
            names = [
                one.name
                for one in own.values()
                if one.met_by in ending.RECEIPT_TOLD
                and (one.since or row.received_at) <= row.received_at
            ]
        elif news.kind == "answered":
            names = _answered(connection, (news.case_id, case_id), news.mail, own)
        return cls(news=news, case_id=case_id, names=tuple(names))

    def apply(self, connection: Connection, rules: CaseRules) -> None:
        """Let clocks end, or run again where the mail came back."""
        news, case_id = self.news, self.case_id
        if news.kind == "delivered":
            ending.note_delivered(connection, rules, case_id, news.mail, news.at)
        elif news.kind == "returned":
            ending.take_back(connection, rules, case_id, news.mail)
        else:
            this = (cases.c.id == case_id, cases.c.acknowledged_at.is_(None))
            connection.execute(update(cases).where(*this).values(acknowledged_at=news.at))
        if self.names:
            here = (news.case_id, case_id)
            known = ending.reports_of(connection, here, news.mail) if news.mail else {}
            proof = Proof(at=news.at, delivered_at=known.get("delivered"), mail=news.mail or None)
            if "returned" not in known:  # it came back before anybody was told that it left
                ending.end(connection, rules, case_id, self.names, proof)


def _answered(
    connection: Connection, case_ids: Sequence[int], mail: str, own: Mapping[str, CaseClock]
) -> list[str]:
    """Return the clocks that an answer ends: those its writer named, else those of the case."""
    said = ending.written(connection, case_ids, mail) if mail else {}
    if "ends" in said:
        return [name for name in said["ends"] if name in own]
    return ending.concerned(own, ending.ANSWER, Named())
