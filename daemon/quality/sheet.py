"""Reports and the register -> rows with fixed names, as CSV and as documents for JSON.

CSV as RFC 4180 has it. A cell that a spreadsheet would take for a formula gets an apostrophe before
it: what stands in the register is partly the customer's choice of words.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from daemon.quality.records import Complaints, Entry, Group, Period, Served, Service
from daemon.quality.statistics import Bar, Quantile, Share

COLUMNS = (
    "report", "since", "until", "queue", "section", "name", "measure", "value", "low", "high",
    "at_least",
)  # fmt: skip
REGISTER = tuple(field.name for field in fields(Entry))

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # OWASP, CSV injection
Row = dict[str, object]


def as_csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return rows under their columns; moments as ISO 8601, nothing as nothing."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return sheet.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "" if value is None else str(value)


def rows_of(report: Complaints | Service) -> Iterator[Row]:
    """Yield a report as rows of one measure each; shares from 0 to 1, times in seconds."""
    head: Row = {
        "report": _name(report),
        "since": report.period.first,
        "until": report.period.last,
        "queue": report.queue or "",
    }
    rows = _service_rows(report) if isinstance(report, Service) else _complaint_rows(report)
    for row in rows:
        yield head | row


def register_rows(entries: Iterable[Entry]) -> Iterator[Row]:
    """Yield the lines of the register."""
    return (asdict(one) for one in entries)


def document_of(report: Complaints | Service) -> dict[str, Any]:
    """Return a report for JSON; times in seconds, shares from 0 to 1."""
    period: Period = report.period
    whole = asdict(report)
    del whole["period"]
    return {
        "report": _name(report),
        "since": period.first.isoformat(),
        "until": period.last.isoformat(),
        "timezone": str(period.zone),
        "made_at": period.now,
        **whole,
    }


def _name(report: Complaints | Service) -> str:
    return "service" if isinstance(report, Service) else "complaints"


def _complaint_rows(report: Complaints) -> Iterator[Row]:
    yield from _group("total", report.total)
    for section in ("causes", "decisions", "products", "severities"):
        yield from _bars(section, getattr(report, section))
    for term in report.terms:
        name = " · ".join(filter(None, (term.profile, term.clock)))
        yield from _share("terms", name, "kept", term.kept)
        for measure in ("missed", "running", "dropped"):
            yield _row("terms", name, measure, getattr(term, measure))
    yield from _share("repeats", "", "customers", report.repeats.customers)
    yield _row("repeats", "", "unknown", report.repeats.unknown)
    for cost in report.costs:
        yield _row("costs", cost.profile, f"amount_{cost.currency}", cost.amount)
        yield _row("costs", cost.profile, "terms", cost.terms)
        yield _row("costs", cost.profile, "growing", cost.growing)
    for section in ("queues", "channels"):
        for group in getattr(report, section):
            yield from _group(section, group)


def _service_rows(report: Service) -> Iterator[Row]:
    yield from _served("total", report.total)
    for section in ("kinds", "queues", "persons"):
        for one in getattr(report, section):
            yield from _served(section, one)
    yield from _bars("answers", report.channels)
    for step in report.volume:
        for measure in ("received", "closed"):
            yield _row("volume", step.first.isoformat(), measure, getattr(step, measure))


def _row(section: str, name: str, measure: str, value: object) -> Row:
    return {"section": section, "name": name, "measure": measure, "value": value}


def _bars(section: str, bars: Iterable[Bar]) -> Iterator[Row]:
    for one in bars:
        yield _row(section, one.name, "number", one.number)
        yield _row(section, one.name, "share", round(one.share, 6))
        yield _row(section, one.name, "cumulative", round(one.cumulative, 6))


def _share(section: str, name: str, measure: str, share: Share) -> Iterator[Row]:
    yield _row(section, name, measure, share.hits)
    yield _row(section, name, f"{measure}_of", share.of)
    if share.share is not None and share.low is not None and share.high is not None:
        bounds = {"low": round(share.low, 6), "high": round(share.high, 6)}
        yield _row(section, name, f"{measure}_share", round(share.share, 6)) | bounds


def _group(section: str, group: Group) -> Iterator[Row]:
    for measure in ("received", "closed", "open", "overdue"):
        yield _row(section, group.name, measure, getattr(group, measure))
    yield from _share(section, group.name, "kept", group.kept)


def _served(section: str, served: Served) -> Iterator[Row]:
    yield _row(section, served.name, "received", served.received)
    for timing in served.timings:
        for measure in ("done", "waiting", "left"):
            value = getattr(timing, measure)
            yield _row(section, served.name, f"{timing.measure}_{measure}", value)
        times = {"": timing.wall} | ({"business_": timing.business} if timing.business else {})
        for kind, found in times.items():
            for part in ("median", "p90"):
                quantile: Quantile = getattr(found, part)
                row = _row(section, served.name, f"{timing.measure}_{kind}{part}_s", None)
                if quantile.seconds is not None:
                    row |= {"value": round(quantile.seconds, 3), "at_least": quantile.at_least}
                yield row
