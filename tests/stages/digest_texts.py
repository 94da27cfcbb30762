"""Digests that hold one of everything, and what stands in their pages, for tests of their words."""

from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
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
    Unfetchable,
    Unsent,
    UnsureMail,
)
from daemon.records import Automatic
from tests.builders import MORNING

ROME = ZoneInfo("Europe/Rome")
VOID = {"meta", "br"}

EMPTY = Digest(
    day=date(2026, 11, 23),
    zone=ROME,
    period=Period(since=MORNING - timedelta(days=1), until=MORNING),
    intake=Intake(),
    unsure=(),
    unsure_total=0,
    quarantined=(),
    quarantined_total=0,
    unfetchable=(),
    folders=(),
    accounts=(),
    backlog=0,
    unmoved=0,
    without_model=0,
    outgoing_failed=0,
    outgoing_held=0,
)
UNSURE = UnsureMail(
    mail_id=7,
    subject="Lampada rotta",
    sender="anna@client.example",
    sender_name="Anna Rossi",
    received_at=MORNING - timedelta(hours=2),
    reason="unsure: complaint 0.35 or request 0.33",
    item=1,
)
SICK = AccountHealth(
    name="info",
    last_success_at=MORNING - timedelta(hours=5),
    failures=2,
    last_error="login refused",
    paused="5 mails in a row failed unexpectedly",
    is_stale=True,
)
LATE = DueCase(
    reference="2026-00042-74",
    kind="complaint",
    subject="Bolletta doppia",
    customer="ugo@client.example",
    customer_name="Ugo Verdi",
    queue="complaints",
    owner="Bruno",
    due_at=MORNING - timedelta(days=2),
    severity="critical",
    priority="urgent",
    reason=Reason(
        profile="it-energy",
        clock="answer",
        met_by="answer",
        amount=30,
        unit="days",
        since=MORNING - timedelta(days=33),
        paused_days=1,
        is_extended=True,
        is_rolled=True,
    ),
)
CLOSED = ClosedCase(
    item=2,
    case_id=3,
    reference="2026-00003-55",
    kind="complaint",
    subject="Contatore rotto",
    customer="ada@client.example",
    customer_name="",
    queue="complaints",
    closed_at=MORNING - timedelta(hours=15),
)
REFUSED = Unsent(
    state="failed",
    kind="answer",
    recipient="ugo@client.example",
    reference="2026-00042-74",
    why="550 no such user",
)
FULL = replace(
    EMPTY,
    deadlines=Deadlines(
        overdue=(LATE,),
        overdue_total=5,
        soon=(replace(LATE, reference="2026-00043-71", kind="unsure", owner="", queue=""),),
        soon_total=1,
    ),
    intake=Intake(
        received=30,
        older=2,
        observed=5,
        by_label=(("complaint", 9), ("repairs", 2)),
        unsure=3,
        automatic=tuple((kind.value, 1) for kind in Automatic),
        copies=2,
        quarantined=1,
        waiting=6,
        by_queue=(("complaints", 9),),
        imported=22,
    ),
    unsure=(UNSURE,),
    unsure_total=3,
    quarantined=(QuarantinedMail(mail_id=9, reason="depth", since=MORNING),),
    quarantined_total=1,
    unfetchable=(Unfetchable(account="info", folder="INBOX", number=2),),
    folders=(
        FolderLine(account="info", folder="INBOX", server=40, held=33, quarantined=5, missing=2),
    ),
    accounts=(SICK, replace(SICK, name="sales", last_success_at=None)),
    backlog=6,
    unmoved=1,
    without_model=4,
    outgoing_failed=1,
    outgoing_held=12,
    awaiting=1,
    held_back=1,
    scope=Scope(queues=frozenset(["complaints", "energy"]), owner="Bruno", name="Bruno Neri"),
    unsent=(
        REFUSED,
        replace(REFUSED, state="awaiting", why="waits for the approval of a second person"),
        replace(REFUSED, state="held back", why="the limit of an hour is reached", reference=""),
    ),
    closed=(CLOSED,),
    closed_total=2,
    newsletters=Senders(rows=(("news@shop.example", "Shop", 4),), total=9, senders=3),
    trends=Trends(
        first=date(2026, 11, 9),
        last=date(2026, 11, 22),
        rows=(
            Trend(name="received", numbers=(0, 3, 12_345, *([1] * 11))),
            Trend(name="opened", numbers=(0,) * 14),
            Trend(name="closed", numbers=(1, *([0] * 13))),
        ),
    ),
)

LINKS = ("https://post.example.org/l/7", "https://post.example.org/c/3")
LINKED = replace(
    FULL,
    unsure=(replace(UNSURE, link=LINKS[0]),),
    closed=(replace(CLOSED, link=LINKS[1]),),
)


class Outline(HTMLParser):
    """What stands in an HTML page: whether it nests, its elements, its links, its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.sources: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag not in ("strong", "span"):
            self.text += " "
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data
