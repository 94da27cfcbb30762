"""Delivery reports and PEC receipts -> the rows of the mails they are about, and their cases."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from daemon.records import CaseNews, Report, Reported
from daemon.store.tables import outgoing

_KINDS = {"failed": "returned", "accepted": "accepted", "delivered": "delivered"}
"""Outcome -> kind of the case's event; the others change nothing."""


def note_reports(connection: Connection, reported: Sequence[Reported]) -> list[CaseNews]:
    """Tie reports to what they are about; return what their cases are told, each once.

    A report is believed because it names a Message-ID that only its recipient has seen.
    """
    named = [one for one in reported if one.report.outcome in _KINDS]
    news = []
    for one in sorted(named, key=lambda one: one.at):
        news += _noted(connection, one)
    return news


def _noted(connection: Connection, reported: Reported) -> list[CaseNews]:
    report, kind = reported.report, _KINDS[reported.report.outcome]
    column = outgoing.c[f"{kind}_at"]
    about = (outgoing.c.message_id == report.about, column.is_(None))
    rows = connection.execute(
        select(outgoing.c.id, outgoing.c.key, outgoing.c.case_id)
        .where(*about)
        .order_by(outgoing.c.id)
    ).all()
    values: dict[str, object] = {column.name: reported.at}
    if kind == "returned":
        values["returned"] = _words(report)
    chosen = update(outgoing).where(outgoing.c.id.in_([row.id for row in rows]))
    connection.execute(chosen.values(values))
    detail = {"about": report.about, "said": _words(report)}
    return [
        CaseNews(case_id=row.case_id, kind=kind, at=reported.at, detail=detail, mail=row.key)
        for row in rows
        if row.case_id is not None
    ]


def _words(report: Report) -> str:
    return " ".join(filter(None, (report.status, report.said))) or report.outcome
