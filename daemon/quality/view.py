"""A report and a language -> headings, sentences and tables in their order, for every way to show.

Whatever people have written into the register comes as one line of harmless text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.quality.records import (
    Complaints,
    Cost,
    Group,
    Period,
    Served,
    Service,
    Step,
    Terms,
    Timing,
)
from daemon.quality.statistics import Bar, Quantile
from daemon.quality.words import Words, percent

MOST_BARS = 10  # rows of a Pareto table; the rest is one more
MOST_SMALL = 100  # terms: with more of them the interval says nothing that the share does not
NAME_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a heading; cells are text already."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: int = 1  # the first columns are names, the others figures
    bars: tuple[float, ...] = ()  # one per row, as a part of the longest; (): none are drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A report in words."""

    language: str
    title: str
    lines: tuple[str, ...]  # what matters most, a sentence a line
    tables: tuple[Table, ...]
    notes: tuple[str, ...]  # what the figures mean
    empty: str  # said under a heading without rows


def one_line(text: str, most: int = NAME_CHARS) -> str:
    """Return a word of the house without what could hide in it or break the line."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def complaints_view(report: Complaints, words: Words) -> View:
    """Return the report on complaints in words."""
    bars = (
        ("h_causes", "causes", report.causes),
        ("h_decisions", "decisions", report.decisions),
        ("h_products", "products", report.products),
        ("h_severities", "severities", report.severities),
    )
    named = [one for one in bars if one[1] == "causes" or any(bar.name for bar in one[2])]
    notes = ("note_cases", "note_causes", "note_terms", "note_repeats")
    return View(
        language=words.language,
        title=_title("complaints", report.period, words),
        lines=_complaint_lines(report, words),
        tables=(
            *(_pareto(heading, kind, rows, words) for heading, kind, rows in named),
            _terms(report.terms, words),
            *((_costs(report.costs, words),) if report.costs else ()),
            _groups("h_queues", "queues", report.queues, words),
            _groups("h_channels", "channels", report.channels, words),
        ),
        notes=_notes((*notes, *(("note_costs",) if report.costs else ())), report.period, words),
        empty=words.say("empty"),
    )


def service_view(report: Service, words: Words) -> View:
    """Return the report on service in words."""
    has_business = any(one.business for one in report.total.timings)
    groups = (
        ("h_kinds", "kinds", report.kinds),
        ("h_queues", "queues", report.queues),
        ("h_persons", "persons", report.persons),
    )
    business = "note_business" if has_business or not report.total.received else "no_business"
    notes = ("note_cases", "note_times", "note_open", business)
    return View(
        language=words.language,
        title=_title("service", report.period, words),
        lines=_service_lines(report, words),
        tables=(
            _timings(report.total.timings, words),
            *(_served(heading, kind, rows, words) for heading, kind, rows in groups if rows),
            _pareto("h_answers", "channels", report.channels, words),
            _volume(report, words),
        ),
        notes=_notes(notes, report.period, words),
        empty=words.say("empty"),
    )


def headline(report: Complaints, words: Words) -> str:
    """Return what a report on complaints says first, on one line."""
    total = report.total
    parts = [words.say("received", total.received), words.say("closed", total.closed)]
    parts.append(words.say("open", total.open))
    return ", ".join([*parts, words.say("overdue", total.overdue)] if total.overdue else parts)


def subject(report: Complaints, words: Words) -> str:
    """Return the subject of the mail that brings a report."""
    first, last = words.day(report.period.first), words.day(report.period.last)
    return words.say("subject", first=first, last=last, parts=headline(report, words))


def _title(what: str, period: Period, words: Words) -> str:
    first, last = words.day(period.first), words.day(period.last)
    return words.say("title", what=words.say(what), first=first, last=last)


def _notes(keys: Sequence[str], period: Period, words: Words) -> tuple[str, ...]:
    made = words.say("made", moment=words.moment(period.now, period.zone))
    return (*(words.say(key) for key in keys), made)


def _complaint_lines(report: Complaints, words: Words) -> tuple[str, ...]:
    total, repeats = report.total, report.repeats
    kept = words.say("no_terms")
    if total.kept.of:
        kept = words.say("kept", total.kept.of, hits=total.kept.hits, share=words.share(total.kept))
        if total.kept.of < MOST_SMALL:
            kept = f"{kept}; {words.say('c_interval')}: {words.interval(total.kept)}"
    again = words.say("no_customers")
    if repeats.customers.of:
        hits, share = repeats.customers.hits, words.share(repeats.customers)
        again = words.say(
            "repeated", repeats.customers.of, hits=hits, share=share, days=repeats.days
        )
    unknown = (words.say("unknown", repeats.unknown),) if repeats.unknown else ()
    return (*_of_queue(report.queue, words), headline(report, words), kept, again, *unknown)


def _service_lines(report: Service, words: Words) -> tuple[str, ...]:
    (waiting,) = (one.waiting for one in report.total.timings if one.measure == "answer")
    came = words.say("came", report.total.received)
    line = f"{came}, {words.say('unanswered', waiting)}" if waiting else came
    return (*_of_queue(report.queue, words), line)


def _of_queue(queue: str | None, words: Words) -> tuple[str, ...]:
    return () if queue is None else (words.say("of_queue", name=one_line(queue)),)


def _columns(words: Words, *keys: str) -> tuple[str, ...]:
    return tuple(words.say(f"c_{key}") for key in keys)


def _pareto(heading: str, kind: str, bars: Sequence[Bar], words: Words) -> Table:
    """Return a Pareto table; beyond the first rows the rest is summed up."""
    shown, rest = bars, bars[MOST_BARS:]
    rows = [(one_line(words.name(kind, one.name)), one) for one in shown[:MOST_BARS]]
    if rest:
        number, share = sum(one.number for one in rest), sum(one.share for one in rest)
        summed = Bar(name="", number=number, share=share, cumulative=1.0)
        rows.append((words.say("others", len(rest)), summed))
    longest = max((one.number for _, one in rows), default=1)
    return Table(
        heading=words.say(heading),
        columns=_columns(words, "name", "number", "share", "cumulative"),
        rows=tuple(
            (name, str(one.number), percent(one.share), percent(one.cumulative))
            for name, one in rows
        ),
        bars=tuple(one.number / longest for _, one in rows),
    )


def _terms(terms: Sequence[Terms], words: Words) -> Table:
    keys = ("term", "kept", "judged", "share", "interval", "missed", "running", "dropped")
    rows = (
        (
            one_line(" · ".join(filter(None, (one.profile, one.clock)))),
            str(one.kept.hits),
            str(one.kept.of),
            words.share(one.kept),
            words.interval(one.kept) if one.kept.of < MOST_SMALL else "",
            str(one.missed),
            str(one.running),
            str(one.dropped),
        )
        for one in terms
    )
    return Table(heading=words.say("h_terms"), columns=_columns(words, *keys), rows=tuple(rows))


def _costs(costs: Sequence[Cost], words: Words) -> Table:
    rows = (
        (one.profile, str(one.terms), words.amount(one.amount, one.currency), str(one.growing))
        for one in costs
    )
    columns = _columns(words, "profile", "terms", "amount", "growing")
    return Table(heading=words.say("h_costs"), columns=columns, rows=tuple(rows))


def _groups(heading: str, kind: str, groups: Sequence[Group], words: Words) -> Table:
    keys = ("name", "received", "closed", "open", "overdue", "kept", "judged", "share")
    rows = (
        (
            one_line(words.name(kind, one.name)),
            *(str(one) for one in (one.received, one.closed, one.open, one.overdue)),
            str(one.kept.hits),
            str(one.kept.of),
            words.share(one.kept),
        )
        for one in groups
    )
    return Table(heading=words.say(heading), columns=_columns(words, *keys), rows=tuple(rows))


def _timings(timings: Sequence[Timing], words: Words) -> Table:
    keys = ["measure", "done", "waiting", "left", "median", "p90"]
    has_business = any(one.business for one in timings)
    rows = []
    for one in timings:
        cells = [words.name("measures", one.measure)]
        cells += [str(number) for number in (one.done, one.waiting, one.left)]
        cells += [words.time(one.wall.median), words.time(one.wall.p90)]
        if has_business:
            cells += [_in_hours(one, "median", words), _in_hours(one, "p90", words)]
        rows.append(tuple(cells))
    keys += ["median_business", "p90_business"] if has_business else []
    has_any = any(one.done or one.waiting or one.left for one in timings)
    return Table(
        heading=words.say("h_times"),
        columns=_columns(words, *keys),
        rows=tuple(rows) if has_any else (),
    )


def _in_hours(timing: Timing, which: str, words: Words) -> str:
    if timing.business is None:
        return ""
    found: Quantile = getattr(timing.business, which)
    return words.time(found, in_days=False)


def _served(heading: str, kind: str, served: Sequence[Served], words: Words) -> Table:
    keys = ["name", "received", "unanswered", "acknowledge", "answer", "answer_p90", "close"]
    has_business = any(timing.business for one in served for timing in one.timings)
    rows = []
    for one in served:
        acknowledge, answer, close = one.timings
        cells = [one_line(words.name(kind, one.name)), str(one.received), str(answer.waiting)]
        cells += [words.time(acknowledge.wall.median), words.time(answer.wall.median)]
        cells += [words.time(answer.wall.p90), words.time(close.wall.median)]
        if has_business:
            cells.append(_in_hours(answer, "median", words))
        rows.append(tuple(cells))
    keys += ["answer_business"] if has_business else []
    return Table(
        heading=words.say("medians", heading=words.say(heading)),
        columns=_columns(words, *keys),
        rows=tuple(rows),
    )


def _volume(report: Service, words: Words) -> Table:
    longest = max((one.received for one in report.volume), default=0)
    is_empty = not any(one.received or one.closed for one in report.volume)
    steps: Sequence[Step] = () if is_empty else report.volume
    return Table(
        heading=words.say("h_weeks" if report.is_weekly else "h_days"),
        columns=_columns(words, "first", "received", "closed"),
        rows=tuple((words.weekday(one.first), str(one.received), str(one.closed)) for one in steps),
        bars=tuple(one.received / longest if longest else 0.0 for one in steps),
    )
