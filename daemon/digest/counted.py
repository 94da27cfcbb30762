"""What is counted, in one language: intake, newsletters, trends, folders and accounts."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from daemon.digest.layout import Bar, Chart, Charts, Finding, Health, Number, Numbers
from daemon.digest.legible import legible
from daemon.digest.records import AccountHealth, Counts, Digest, FolderLine, Trend, Trends
from daemon.digest.waiting import WHY_CHARS, place, written_by
from daemon.digest.words import Words

BLOCKS = "▁▂▃▄▅▆▇█"
NONE = "·"
"""Stands for a day on which there was nothing."""

_TALLEST = 36  # pixels of the highest bar
_KILO, _SHORT_KILO = 1000, 10_000


def intake_of(digest: Digest, words: Words) -> Numbers:
    """Return what was taken in, by what it is."""
    intake, zone = digest.intake, digest.zone
    since, until = digest.period.since, digest.period.until
    total = words.say("received", intake.received) if intake.received else ""
    sentences = (
        ("older", intake.older),
        ("observed", intake.observed),
        ("imported", intake.imported),
        ("backlog", digest.backlog),
    )
    return Numbers(
        heading=words.say("h_intake"),
        total=total or words.say("none_received"),
        period=words.say(
            "period", since=words.moment(since, zone), until=words.moment(until, zone)
        ),
        rows=tuple(Number(number=n, name=name) for name, n in _kinds(digest, words) if n),
        notes=tuple(words.say(key, number) for key, number in sentences if number),
    )


def _kinds(digest: Digest, words: Words) -> Counts:
    intake = digest.intake
    labels = tuple((words.name("many_labels", label), n) for label, n in intake.by_label)
    automatic = tuple(
        (words.say("l_automatic", kind=words.name("automatic", kind)), n)
        for kind, n in intake.automatic
    )
    rest = (
        (words.say("l_copies"), intake.copies),
        (words.say("l_quarantined"), intake.quarantined),
        (words.say("l_waiting"), intake.waiting),
    )
    return (*labels, (words.say("l_unsure"), intake.unsure), *automatic, *rest)


def queues_of(digest: Digest, words: Words, most: int) -> Numbers:
    """Return what was taken in, by queue; of the first `most`."""
    queues = digest.intake.by_queue
    rows = tuple(Number(number=n, name=name) for name, n in queues[:most])
    more = _more(len(queues) - len(rows), words)
    return Numbers(heading=words.say("h_queues"), rows=rows, more=more)


def _more(left: int, words: Words) -> str:
    return words.say("and_more", left) if left > 0 else ""


def newsletters_of(digest: Digest, words: Words, most: int) -> Numbers:
    """Return who has sent newsletters, the first `most`; nothing on days that do not tell it."""
    found = digest.newsletters
    if found is None or not found.rows:
        return Numbers(heading="", rows=())
    rows = tuple(
        Number(number=n, name=written_by(address, name) or words.say("no_sender"))
        for address, name, n in found.rows[:most]
    )
    left = found.senders - len(rows)
    return Numbers(
        heading=words.say("h_newsletters"),
        rows=rows,
        total=words.say("received", found.total),
        more=words.say("more_senders", left) if left > 0 else "",
    )


def charts_of(digest: Digest, words: Words) -> Charts:
    """Return the trends; nothing where nothing has happened in all that time."""
    trends = digest.trends
    if trends is None or not any(any(one.numbers) for one in trends.rows):
        return Charts(heading="")
    heading = words.say("h_trends", first=words.day(trends.first), last=words.day(trends.last))
    return Charts(heading=heading, rows=tuple(_chart(one, trends, words) for one in trends.rows))


def _chart(trend: Trend, trends: Trends, words: Words) -> Chart:
    most = max(trend.numbers, default=0)
    return Chart(
        name=words.name("trends", trend.name),
        bars=tuple(_bars(trend, trends, most)),
        note=words.say("trend", sum(trend.numbers), most=most) if most else words.say("no_trend"),
    )


def _bars(trend: Trend, trends: Trends, most: int) -> Iterator[Bar]:
    for days, number in enumerate(trend.numbers):
        share = number / most if most else 0.0
        yield Bar(
            number=number,
            short=_short(number),
            height=max(1, round(share * _TALLEST)),
            block=BLOCKS[max(0, round(share * len(BLOCKS)) - 1)] if number else NONE,
            day=(trends.first + timedelta(days=days)).day,
        )


def _short(number: int) -> str:
    """Return a number in at most four characters, as far as a million."""
    if number < _KILO:
        return str(number)
    return f"{number / _KILO:.1f}k" if number < _SHORT_KILO else f"{number // _KILO}k"


def folders_of(digest: Digest, words: Words, most: int) -> Health:
    """Return per folder what the server has, and what we hold; where mail is missing first."""

    def finding(line: FolderLine) -> Finding:
        parts = [words.say("folder", server=line.server, held=line.held)]
        if line.quarantined:
            parts.append(words.say("folder_aside", line.quarantined))
        if line.missing:
            parts.append(words.say("folder_missing", line.missing))
        else:
            parts.append(words.say("folder_same"))
        name = place(line.account, line.folder)
        return Finding(name=name, line=", ".join(parts), is_well=not line.missing)

    return Health(
        heading=words.say("h_folders"),
        rows=_first(map(finding, digest.folders), most),
        empty="" if digest.folders else words.say("no_folders"),
        more=_more(len(digest.folders) - most, words),
    )


def _first(findings: Iterable[Finding], most: int) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda one: one.is_well)[:most])


def accounts_of(digest: Digest, words: Words, most: int) -> Health:
    """Return how each account does; those in trouble first."""
    rows = (
        Finding(name=one.name, line=_account_line(one, digest, words), is_well=one.is_well)
        for one in digest.accounts
    )
    return Health(
        heading=words.say("h_accounts"),
        rows=_first(rows, most),
        empty="" if digest.accounts else words.say("no_accounts"),
        more=_more(len(digest.accounts) - most, words),
    )


def _account_line(account: AccountHealth, digest: Digest, words: Words) -> str:
    last = account.last_success_at and words.moment(account.last_success_at, digest.zone)
    if account.is_well:
        return words.say("account_well", moment=last)
    parts = []
    if last is None:
        parts.append(words.say("account_never"))
    elif account.is_stale:
        parts.append(words.say("account_stale", moment=last))
    if account.failures:
        error = legible(account.last_error or "", WHY_CHARS)
        parts.append(words.say("account_failures", account.failures, error=error))
    if account.paused:
        parts.append(words.say("account_paused", why=legible(account.paused, WHY_CHARS)))
    return "; ".join(parts)
