"""`[calendars]`, `[hours]` and `[deadlines]` of a parsed document -> what in them cannot work."""

from collections.abc import Iterator
from datetime import date

from daemon.config.deadlines import HOUSE, RECEIPT, term_of
from daemon.config.lines import Path
from daemon.config.raw import Finding, Table, number_of, table_of, tables_of, text_of
from daemon.config.terms import COUNTRIES, shipped_terms
from daemon.config.wording import nearest

_WRITE_HOUSE = f"write [calendars.{HOUSE}] with its country"


def deadline_findings(document: Table) -> Iterator[Finding]:
    """Yield what is wrong with deadlines beyond their single values."""
    for kind in ("calendars", "hours", "deadlines"):
        for name, table in tables_of(document, kind):
            if "name" in table:
                yield (kind, name, "name"), f"unknown key; the name is {name}, as in the header"
    for name, table in tables_of(document, "queues"):
        yield from _of_queue(document, ("queues", name), text_of(table, "deadline"))
    yield from _matters(document)
    for name, table in tables_of(document, "hours"):
        yield from _calendar(document, ("hours", name), table)
    for name, table in tables_of(document, "deadlines"):
        at = ("deadlines", name)
        yield from _calendar(document, at, table)
        yield from _validity(document, at, table)
        yield from _pauses(at, table)
        yield from _clocks(document, at, table)
        yield from _compensation(at, table)


def _matters(document: Table) -> Iterator[Finding]:
    table = table_of(document, "matters")
    queue, queues = text_of(table, "whistleblowing_queue"), table_of(document, "queues")
    if queue and queue not in queues:
        where = ("matters", "whistleblowing_queue")
        yield where, f"{queue!r} is not a queue; {nearest(queue, queues)}"
    for key in table:
        if key != "whistleblowing_queue":
            yield from profile_findings(document, ("matters", key), text_of(table, key))


def _of_queue(document: Table, at: tuple[str, str], profile: str) -> Iterator[Finding]:
    yield from profile_findings(document, (*at, "deadline"), profile)


def profile_findings(document: Table, where: Path, profile: str) -> Iterator[Finding]:
    """Find what speaks against running clocks by a profile that a key names."""
    if not profile or profile in table_of(document, "deadlines"):
        return
    known = shipped_terms().deadlines
    if profile not in known:
        allowed = nearest(profile, {**known, **table_of(document, "deadlines")})
        yield where, f"{profile!r} is not a profile; {allowed}"
        return
    zone = text_of(table_of(document, "service"), "timezone")
    own = table_of(document, "calendars")
    if known[profile].calendar == HOUSE and HOUSE not in own and zone not in COUNTRIES:
        yield where, f"{profile} counts in the calendar of the house; {_WRITE_HOUSE}"
    terms = [str(clock.term) for clock in known[profile].clocks.values()]
    if "business" in " ".join(terms) and HOUSE not in table_of(document, "hours"):
        yield where, f"{profile} counts business hours; write [hours.{HOUSE}]"


def _calendar(document: Table, at: tuple[str, str], table: Table) -> Iterator[Finding]:
    named, own = text_of(table, "calendar", HOUSE), table_of(document, "calendars")
    known: dict[str, object] = {**own}
    if own or named != HOUSE:
        known |= shipped_terms().calendars
    zone = text_of(table_of(document, "service"), "timezone")
    if named == HOUSE and HOUSE not in known and zone not in COUNTRIES:
        yield at, f"counts in the calendar of the house; {_WRITE_HOUSE}"
    elif named != HOUSE and named not in known:
        yield (*at, "calendar"), f"{named!r} is not a calendar; {nearest(named, known)}"


def _validity(document: Table, at: tuple[str, str], table: Table) -> Iterator[Finding]:
    first, last = table.get("valid_from"), table.get("valid_until")
    if type(first) is date and type(last) is date and last < first:
        yield (*at, "valid_until"), "is before valid_from"
    earlier = text_of(table, "earlier")
    known = {**shipped_terms().deadlines, **table_of(document, "deadlines")} if earlier else {}
    if earlier and (earlier not in known or earlier == at[1]):
        yield (*at, "earlier"), f"{earlier!r} is not another profile; {nearest(earlier, known)}"
    if earlier and first is None:
        yield (*at, "earlier"), "has no use without valid_from"


def _pauses(at: tuple[str, str], table: Table) -> Iterator[Finding]:
    for key in ("pause_days", "pause_times"):
        if table.get(key) and not table.get("pauses"):
            yield (*at, key), "has no use without pauses; allowed: with a list of reasons"


def _compensation(at: tuple[str, str], table: Table) -> Iterator[Finding]:
    if not isinstance(table.get("compensation"), dict):
        return
    where, pays = (*at, "compensation"), table_of(table, "compensation")
    base, most = number_of(pays, "base") or 0, number_of(pays, "most") or 0
    if not any(pays.get(key) for key in ("base", "per_term", "per_day")):
        yield where, "names no sum; write base, per_term or per_day"
    elif 0 < most < base:
        yield (*where, "most"), "is less than base; allowed: base or more, or 0 for no limit"


def _clocks(document: Table, at: tuple[str, str], table: Table) -> Iterator[Finding]:
    clocks = dict(tables_of(table, "clocks"))
    starts = {name: text_of(clock, "starts", RECEIPT) for name, clock in clocks.items()}
    desks, desk = table_of(document, "hours"), text_of(table, "hours", HOUSE)
    if "hours" in table and desk not in desks:
        yield (*at, "hours"), f"{desk!r} is not one of [hours]; {nearest(desk, desks)}"
    for name, clock in clocks.items():
        where = (*at, "clocks", name)
        yield from _clock(name, clock, where)
        yield from _start(name, starts, where)
        terms = f"{text_of(clock, 'term')} {text_of(clock, 'extended')}"
        if "business" in terms and "hours" not in table and desk not in desks:
            yield where, f"counts business hours; write [hours.{desk}]"
    if RECEIPT in clocks:
        yield (*at, "clocks", RECEIPT), "has its meaning already; choose another name"


def _clock(name: str, clock: Table, where: Path) -> Iterator[Finding]:
    if "name" in clock:
        yield (*where, "name"), f"unknown key; the name is {name}, as in the header"
    if _is_shorter(clock):
        yield (*where, "extended"), "is less than term; allowed: the whole term, extended"
    if clock.get("interim_reply") is True and "extended" not in clock:
        yield (*where, "interim_reply"), "has no use without extended"


def _start(name: str, starts: dict[str, str], where: Path) -> Iterator[Finding]:
    if starts[name] not in (RECEIPT, *starts):
        allowed = nearest(starts[name], (RECEIPT, *starts))
        yield (*where, "starts"), f"{starts[name]!r} is not a clock of this profile; {allowed}"
    elif name != RECEIPT and _goes_round(name, starts):
        yield (*where, "starts"), f"never starts: it waits for itself; allowed: {RECEIPT!r}"


def _is_shorter(clock: Table) -> bool:
    try:
        term, extended = term_of(clock.get("term")), term_of(clock.get("extended"))
    except ValueError:
        return False  # another problem's
    return term.unit == extended.unit and extended.amount < term.amount


def _goes_round(name: str, starts: dict[str, str]) -> bool:
    seen, current = {name}, starts[name]
    while current in starts:
        if current in seen:
            return True
        seen.add(current)
        current = starts[current]
    return False
