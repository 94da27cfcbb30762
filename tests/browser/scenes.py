"""Digests as people may get them: a busy day, a calm one, and one full of hostile mail."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from daemon.digest.records import (
    AccountHealth,
    ClosedCase,
    Deadlines,
    Digest,
    DueCase,
    FolderLine,
    Intake,
    Period,
    QuarantinedMail,
    Reason,
    Scope,
    Senders,
    Trend,
    Trends,
    Unsent,
    UnsureMail,
)

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""A Monday, 07:30 in Rome."""

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_ROME = ZoneInfo("Europe/Rome")
_END_OF_MONDAY = datetime(2026, 11, 23, 23, 59, 59, tzinfo=_ROME)
_PEOPLE = (
    ("Lucia Ferrante", "lucia.ferrante@posta.example"),
    ("Krzysztof Wiśniewski", "k.wisniewski@skrzynka.example"),
    ("", "amministrazione@officine-galvani.example"),
    ("Studio legale Bianchi & Associati", "segreteria@studiobianchi.example"),
    ("Zofia Lewandowska", "zofia@lewandowska.example"),
)
_SUBJECTS = (
    "Bolletta di ottobre pagata due volte",
    "Skarga na opóźnienie w podłączeniu licznika",
    "Contatore guasto da settimane, nessuno risponde al telefono",
    "Re: Re: richiesta di rimborso",
    "Faktura 2026/10/4471 - błędna kwota",
    "",
)
_OWNERS = ("Bruno", "Anna Kowalska", "", "Bruno")
_NEWSLETTERS = Senders(
    rows=(
        ("news@fornitore.example", "Fornitore S.p.A.", 12),
        ("newsletter@izba.example", "Izba Gospodarcza", 7),
        ("no-reply@riviste.example", "", 1),
    ),
    total=23,
    senders=6,
)
_SICK = AccountHealth(
    name="vendite",
    last_success_at=NOW - 5 * _HOUR,
    failures=3,
    last_error="login refused: [AUTHENTICATIONFAILED] Authentication failed.",
    paused=None,
    is_stale=True,
)
_QUEUES = ("complaints", "requests", "complaints", "energy")


def calm() -> Digest:
    """Return the digest of a day on which nothing needs people."""
    return Digest(
        day=date(2026, 11, 23),
        zone=_ROME,
        period=Period(since=NOW - _DAY, until=NOW),
        intake=Intake(
            received=41,
            by_label=(("request", 18), ("newsletter", 11), ("complaint", 7), ("other", 5)),
            by_queue=(("requests", 18), ("newsletters", 11), ("complaints", 7)),
        ),
        unsure=(),
        unsure_total=0,
        quarantined=(),
        quarantined_total=0,
        unfetchable=(),
        folders=(
            _folder("INBOX", 212),
            _folder("Queues/Complaints", 37),
            _folder("Queues/Requests", 64),
        ),
        accounts=(_account("info"), _account("vendite")),
        backlog=0,
        unmoved=0,
        without_model=0,
        outgoing_failed=0,
        outgoing_held=0,
        trends=Trends(
            first=date(2026, 11, 9),
            last=date(2026, 11, 22),
            rows=(
                _trend("received", 41, 38, 52, 47, 33, 6, 3, 44, 61, 39, 42, 36, 8, 2),
                _trend("opened", 3, 5, 2, 9, 4, 0, 1, 2, 7, 5, 3, 4, 1, 0),
                _trend("closed", 4, 4, 3, 2, 6, 0, 0, 5, 1, 8, 2, 7, 0, 0),
            ),
        ),
    )


def busy(items: int = 20) -> Digest:
    """Return the digest of a bad Monday; each of its longest lists has `items` entries."""
    overdue = tuple(_due(n, -1 - n * 37 % 40) for n in range(items))
    soon = tuple(_due(n + 40, n * 3 // max(items, 1)) for n in range(items))
    unsure = tuple(_unsure(n) for n in range(items))
    closed = tuple(_closed(n, items + 1 + n) for n in range(3))
    return replace(
        calm(),
        intake=Intake(
            received=63,
            older=2,
            by_label=(("complaint", 21), ("request", 14), ("newsletter", 9), ("other", 3)),
            unsure=8,
            automatic=(("bounce", 3), ("auto-reply", 2)),
            copies=2,
            quarantined=1,
            by_queue=(("complaints", 21), ("requests", 14), ("newsletters", 9)),
        ),
        deadlines=Deadlines(
            overdue=tuple(sorted(overdue, key=lambda one: one.due_at)),
            overdue_total=items + 14,
            soon=tuple(sorted(soon, key=lambda one: one.due_at)),
            soon_total=items,
            soon_until=date(2026, 11, 26),
        ),
        unsure=unsure,
        unsure_total=items,
        closed=closed,
        closed_total=3,
        unsent=_unsent(),
        outgoing_failed=1,
        outgoing_held=1,
        awaiting=1,
        held_back=1,
        quarantined=(QuarantinedMail(mail_id=4711, reason="depth", since=NOW - 3 * _HOUR),),
        quarantined_total=1,
        folders=(*calm().folders, replace(_folder("INBOX", 40), account="vendite", missing=2)),
        accounts=(_account("info"), _SICK),
        newsletters=_NEWSLETTERS,
    )


def personal() -> Digest:
    """Return the digest of one person, of two queues, with links."""
    few = busy(3)
    linked = tuple(
        replace(one, link=f"https://post.example.org/l/{one.mail_id}?t=4kq9-Zb0x")
        for one in few.unsure
    )
    queues = frozenset(("complaints", "energy"))
    scope = Scope(queues=queues, owner="Bruno", name="Bruno Neri")
    return replace(few, scope=scope, unsure=linked)


def hostile(words: str, items: int = 20) -> Digest:
    """Return a busy digest in which strangers have written `words` wherever they can."""
    full = busy(items)

    def due(case: DueCase) -> DueCase:
        return replace(case, subject=words, customer=words, customer_name=words)

    return replace(
        full,
        deadlines=replace(
            full.deadlines,
            overdue=tuple(map(due, full.deadlines.overdue)),
            soon=tuple(map(due, full.deadlines.soon)),
        ),
        unsure=tuple(
            replace(one, subject=words, sender=words, sender_name=words, sentence=words)
            for one in full.unsure
        ),
        closed=tuple(
            replace(one, subject=words, customer=words, customer_name=words) for one in full.closed
        ),
        unsent=tuple(replace(one, recipient=words, why=words) for one in full.unsent),
        newsletters=Senders(rows=((words, words, 3),), total=3, senders=1),
        accounts=(replace(full.accounts[1], last_error=words, paused=words),),
        folders=tuple(replace(one, folder=words) for one in full.folders),
    )


def _folder(name: str, number: int) -> FolderLine:
    return FolderLine(
        account="info", folder=name, server=number, held=number, quarantined=0, missing=0
    )


def _account(name: str) -> AccountHealth:
    return AccountHealth(
        name=name,
        last_success_at=NOW - timedelta(minutes=2),
        failures=0,
        last_error=None,
        paused=None,
        is_stale=False,
    )


def _trend(name: str, *numbers: int) -> Trend:
    return Trend(name=name, numbers=numbers)


def _due(number: int, days: int) -> DueCase:
    name, address = _PEOPLE[number % len(_PEOPLE)]
    due_at = _END_OF_MONDAY + days * _DAY
    return DueCase(
        reference=f"2026-{number + 118:05d}-{(number * 37) % 97:02d}",
        kind=("complaint", "complaint", "request", "unsure")[number % 4],
        subject=_SUBJECTS[number % len(_SUBJECTS)],
        customer=address,
        customer_name=name,
        queue=_QUEUES[number % len(_QUEUES)],
        owner=_OWNERS[number % len(_OWNERS)],
        due_at=due_at,
        severity="critical" if number % 7 == 0 else "",
        priority="urgent" if number % 5 == 0 else "",
        reason=Reason(
            profile="it-energy",
            clock="answer",
            met_by="answer",
            amount=30,
            unit="days",
            since=due_at - 32 * _DAY,
            paused_days=2 if number % 3 == 0 else 0,
            is_rolled=number % 4 == 1,
        ),
    )


def _unsure(number: int) -> UnsureMail:
    name, address = _PEOPLE[(number + 2) % len(_PEOPLE)]
    return UnsureMail(
        item=number + 1,
        mail_id=4200 + number,
        subject=_SUBJECTS[(number + 3) % len(_SUBJECTS)],
        sender=address,
        sender_name=name,
        received_at=NOW - (number + 1) * _HOUR,
        reason="unsure: complaint 0.35 or request 0.33",
        sentence="Ho già scritto due volte e nessuno mi ha risposto." if number % 2 else "",
    )


def _closed(number: int, item: int) -> ClosedCase:
    name, address = _PEOPLE[number % len(_PEOPLE)]
    return ClosedCase(
        item=item,
        case_id=number + 1,
        reference=f"2026-{number + 80:05d}-11",
        kind="complaint",
        subject=_SUBJECTS[number],
        customer=address,
        customer_name=name,
        queue="complaints",
        closed_at=NOW - 20 * _HOUR,
    )


def _unsent() -> tuple[Unsent, ...]:
    rows = (
        ("awaiting", "answer", ""),
        ("failed", "answer", "550 5.1.1 <lucia.ferrante@posta.example>: user unknown"),
        ("held", "newsletter", "the connection ended after the final dot: it may have arrived"),
        ("held back", "acknowledgement", "3 went to this address within 24 hours"),
    )
    return tuple(
        Unsent(
            state=state,
            kind=kind,
            recipient=_PEOPLE[number][1],
            reference=f"2026-{number + 60:05d}-07",
            why=why,
        )
        for number, (state, kind, why) in enumerate(rows)
    )
