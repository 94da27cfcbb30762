"""A case before and after an act -> what changed, in words and in the house's own time."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from daemon.cases.records import CaseClock, CaseEvent, CaseFile
from daemon.config.dates import moment_in_words

_FIELDS = ("kind", "state", "queue", "owner", "cause", "decision")
_INNER = frozenset({"was", "parts", "changed", "clocks", "sha256", "course"})
"""What events keep for undoing them, and not for people."""

SILENCE = {
    "accepted": "the term is over: no answer counts as acceptance",
    "refused": "the term is over: no answer counts as refusal",
}
"""Effect of silence -> what is said of an overdue case."""


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment in the house's time, to the minute."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def in_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment in the house's time: Monday 21 December 2026, at 23:59."""
    return moment_in_words(moment, zone, "en")


def changes(before: CaseFile, after: CaseFile, zone: ZoneInfo) -> Iterator[str]:
    """Yield what an act changed in a case and its clocks, one thing a line."""
    for name in _FIELDS:
        was, now = getattr(before.line, name), getattr(after.line, name)
        if was != now:
            yield f"{name}: {now or 'none'} (before: {was or 'none'})"
    was_due, due = before.line.due_at, after.line.due_at
    if was_due != due:
        told = in_words(due, zone) if due else "nothing is due"
        yield f"due: {told} (before: {in_words(was_due, zone) if was_due else 'none'})"
    own = {clock.name: clock for clock in before.clocks}
    for clock in after.clocks:
        yield from _of_clock(own.pop(clock.name, None), clock, zone)
    yield from (f"{name}: runs no more" for name in own)


def _of_clock(before: CaseClock | None, clock: CaseClock, zone: ZoneInfo) -> Iterator[str]:
    if before is None:
        yield f"{clock.name}: runs until {in_words(clock.due_at, zone)}"
        return
    if clock.met_at != before.met_at:
        met = f"met on {in_words(clock.met_at, zone)}" if clock.met_at else "not met any more"
        yield f"{clock.name}: {met}"
    elif clock.sent_at is not None and clock.sent_at != before.sent_at:
        yield f"{clock.name}: sent; it is met when that is delivered (case answer --delivered)"
    if clock.only_if != before.only_if:
        yield f"{clock.name}: {'counts only for ' + clock.only_if if clock.only_if else 'counts'}"
    if clock.is_held != before.is_held:
        yield f"{clock.name}: {'stands still' if clock.is_held else 'runs on'}"
    if clock.due_at != before.due_at:
        yield f"{clock.name}: due {in_words(clock.due_at, zone)}"


def state_of(clock: CaseClock, zone: ZoneInfo) -> str:
    """Return how a clock stands: met, sent, standing still; "" where it runs."""
    if clock.met_at is not None:
        return f"met {local(clock.met_at, zone)}"
    sent = f"sent {local(clock.sent_at, zone)}, not delivered" if clock.sent_at else ""
    return "; ".join(filter(None, (sent, "stands still" if clock.is_held else "")))


def words(event: CaseEvent, zone: ZoneInfo) -> str:
    """Return what an event says, on one line."""
    told = (
        f"{key}: {_plain(value, zone)}" for key, value in event.detail.items() if key not in _INNER
    )
    return ", ".join(one for one in told if not one.endswith(": "))


def _plain(value: object, zone: ZoneInfo) -> str:
    """Return a value of an event in words; a change as what it is now."""
    if isinstance(value, dict):
        parts = ((key, _plain(one, zone)) for key, one in value.items())
        return "; ".join(f"{key} {one}" for key, one in parts if one)
    if isinstance(value, list):
        return ", ".join(filter(None, (_plain(one, zone) for one in value)))
    if value is None or value is False:
        return ""
    return "yes" if value is True else _with_moment(str(value), zone)


def _with_moment(text: str, zone: ZoneInfo) -> str:
    """Return a text; a moment, as events keep it, in the house's time."""
    if "T" not in text or not text[:4].isdigit():
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return local(moment, zone) if moment.tzinfo else text
