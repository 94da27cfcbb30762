"""The ledger and the register -> the lists of a digest: scope, numbers, reasons, trends."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from daemon.cases.acts import Act, assign, close
from daemon.cases.records import NewCase
from daemon.cases.store import Cases
from daemon.digest.daily import digest_for
from daemon.digest.records import Digest, Scope
from daemon.digest.render import render
from daemon.records import ClockDue, OutgoingMail
from daemon.sending.store import AWAITS_APPROVAL, REJECTED, UNKNOWN, Outgoing
from daemon.store.engine import Store
from daemon.store.tables import case_events, case_mails, cases, outgoing
from tests.builders import ENGINES, HOMING, MORNING, chosen_store
from tests.stages.digest_builders import (
    UNSURE,
    Kept,
    enter,
    enter_folder,
    reader_with,
    settings,
)

MONDAY = date(2026, 11, 23)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LETTER = NewCase(
    kind="complaint", channel="letter", queue="complaints", subject="Bolletta", customer=None,
    customer_name="Ugo Verdi", received_at=MORNING - timedelta(days=40), actor="Ada",
)  # fmt: skip


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give an empty store of each engine."""
    opened = chosen_store(request, tmp_path)
    yield opened
    opened.close()


def digest(store: Store, scope: Scope | None = None, now: datetime = MORNING) -> Digest:
    """Return the digest of a morning."""
    return digest_for(store, settings(), now.date(), now, reader=reader_with(scope))


def open_case(
    store: Store, queue: str = "complaints", owner: str = "", due: timedelta = -DAY, **more: str
) -> int:
    """Enter a case; return its id."""
    clock = ClockDue(
        name="reply", term="30 days", only_if="", met_by="answer", due_at=MORNING + due
    )
    register = Cases(store, settings().service.zone, HOMING)
    with store.write() as connection:
        new = replace(LETTER, queue=queue, **more)
        case_id = register.open_by_hand(connection, new, "it-energy", (clock,), MORNING - DAY)
        if owner:
            assign(connection, Act(case_id=case_id, actor="Ada", now=MORNING), owner)
    return case_id


def close_case(store: Store, case_id: int, cause: str, at: datetime) -> None:
    """Close a case for a cause, "" for none."""
    with store.write() as connection:
        close(connection, Act(case_id=case_id, actor="Ada", now=at), cause)


def references(store: Store, *ids: int) -> list[str]:
    """Return the references of cases, in order."""
    with store.read() as connection:
        rows = connection.execute(select(cases.c.id, cases.c.reference)).all()
    known = {row.id: row.reference for row in rows}
    return [known[one] for one in ids]


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (None, {"mine", "ours", "theirs", "other", "mine elsewhere"}),
        (Scope(), {"mine", "ours", "theirs", "other", "mine elsewhere"}),
        (Scope(queues=frozenset(["complaints"])), {"mine", "ours", "theirs"}),
        (Scope(owner="Bruno"), {"mine", "mine elsewhere"}),
        (
            Scope(queues=frozenset(["complaints"]), owner="Bruno"),
            {"mine", "ours", "mine elsewhere"},
        ),
        (Scope(queues=frozenset()), set()),
    ],
)
def test_a_scope_narrows_every_list_of_cases(
    store: Store, scope: Scope | None, seen: set[str]
) -> None:
    """A person's digest: what they have, and what nobody has yet in their queues."""
    queues = {
        "mine": ("complaints", "Bruno"),
        "ours": ("complaints", ""),
        "theirs": ("complaints", "Carla"),
        "other": ("energy", ""),
        "mine elsewhere": ("energy", "Bruno"),
    }
    for name, (queue, owner) in queues.items():
        open_case(store, queue, owner, -DAY, subject=name)
        open_case(store, queue, owner, DAY, subject=name)
        closed = open_case(store, queue, owner, DAY, subject=name)
        close_case(store, closed, "", MORNING - HOUR)
    made = digest(store, scope)
    pressing = made.deadlines
    for listed in (pressing.overdue, pressing.soon, made.closed):
        assert {one.subject for one in listed} == seen
        assert len(listed) == len(seen)
    assert (pressing.overdue_total, pressing.soon_total, made.closed_total) == (len(seen),) * 3
    assert made.trends is not None
    assert made.scope == (scope or Scope())


def test_a_scope_narrows_mails_and_sendings(store: Store) -> None:
    """A mail goes with its case, one without with its queue; a sending goes with its case."""
    folder = enter_folder(store)
    with_case, alone, other = (
        enter(store, folder, number, replace(UNSURE, queue=queue, live=False))
        for number, queue in enumerate(("complaints", "complaints", "energy"))
    )
    mine = open_case(store, "complaints", "Bruno")
    theirs = open_case(store, "complaints", "Carla", kind="unsure")
    with store.write() as connection:
        connection.execute(insert(case_mails).values(mail_id=with_case, case_id=theirs, at=MORNING))
    mails = [
        OutgoingMail(
            key=f"x:{number}", kind="answer", sender="a", recipient="b", message=b"", case_id=case
        )
        for number, case in enumerate((mine, theirs, None))
    ]
    Outgoing(store).enqueue(mails, MORNING)
    with store.write() as connection:
        connection.execute(update(outgoing).values(state="failed"))
    house = digest(store)
    assert {one.mail_id for one in house.unsure} == {with_case, alone, other}
    assert (len(house.unsent), house.outgoing_failed) == (3, 3)
    queue = digest(store, Scope(queues=frozenset(["complaints"])))
    assert {one.mail_id for one in queue.unsure} == {with_case, alone}
    assert (len(queue.unsent), queue.outgoing_failed) == (2, 2)
    person = digest(store, Scope(queues=frozenset(["complaints"]), owner="Bruno"))
    assert {one.mail_id for one in person.unsure} == {alone}
    assert (len(person.unsent), person.outgoing_failed) == (1, 1)
    assert digest(store, Scope(owner="Bruno")).unsure == ()


def test_items_are_numbered_from_the_first_unsure_mail_on(store: Store) -> None:
    """One number for each thing that can be answered; the same as long as nothing changes."""
    folder = enter_folder(store)
    for number in range(3):
        enter(store, folder, number, UNSURE)
    for hours in (1, 2):
        close_case(store, open_case(store, due=DAY), "", MORNING - hours * HOUR)
    made = digest(store)
    assert [one.item for one in made.unsure] == [1, 2, 3]
    assert [one.item for one in made.closed] == [4, 5]
    assert digest(store) == made
    assert "“4 cause delivery”" in " ".join(render(made, "en").text.split())
    assert made.needs_people


def test_a_cause_is_asked_for_a_week_long_unless_it_is_said(store: Store) -> None:
    """Newest first; neither those closed for a cause, nor those opened again."""
    ids = {}
    for name, cause, at in (
        ("new", "", MORNING - HOUR),
        ("unsaid", "unsaid", MORNING - 2 * HOUR),
        ("said", "delivery", MORNING - HOUR),
        ("week", "", MORNING - 6 * DAY),
        ("old", "", MORNING - 8 * DAY),
        ("later", "", MORNING + HOUR),
    ):
        ids[name] = open_case(store, due=DAY)
        close_case(store, ids[name], cause, at)
    listed = [one.case_id for one in digest(store).closed]
    assert listed == [ids["new"], ids["unsaid"], ids["week"]]


def stop(store: Store, case_id: int, *rows: tuple[str, str | None]) -> None:
    """Enter outgoing mails of a case, each in a state and with a relay's last words."""
    mails = [
        OutgoingMail(
            key=f"x:{number}",
            kind="answer",
            sender="a",
            recipient="b",
            message=b"",
            case_id=case_id,
        )
        for number in range(len(rows))
    ]
    Outgoing(store).enqueue(mails, MORNING)
    with store.write() as connection:
        for number, (state, reply) in enumerate(rows):
            one = update(outgoing).where(outgoing.c.key == f"x:{number}")
            connection.execute(one.values(state=state, reply=reply))


def hold_back(store: Store, case_id: int, *hours: int) -> None:
    """Let a limit have held back acknowledgements, so many hours ago."""
    detail = json.dumps({"why": "the limit of an hour is reached"})
    with store.write() as connection:
        for ago in hours:
            event = {"case_id": case_id, "at": MORNING - ago * HOUR, "actor": "backdesk"}
            event |= {"kind": "held back", "detail": detail}
            connection.execute(insert(case_events).values(event))


def test_what_did_not_leave_has_its_reference_and_reason(store: Store) -> None:
    """What waits for a person first; nothing that was rejected, sent or is on its way."""
    case_id = open_case(store)
    stop(
        store,
        case_id,
        ("held", UNKNOWN),
        ("failed", "550 no such user"),
        ("held", AWAITS_APPROVAL),
        ("failed", f"{REJECTED}too long"),
        ("sent", "250 ok"),
        ("queued", None),
        ("held", None),
    )
    hold_back(store, case_id, 1, 40)
    made = digest(store)
    assert [(one.state, one.why) for one in made.unsent] == [
        ("awaiting", AWAITS_APPROVAL),
        ("failed", "550 no such user"),
        ("held", ""),
        ("held", UNKNOWN),
        ("held back", "the limit of an hour is reached"),
    ]
    assert (made.awaiting, made.outgoing_failed, made.outgoing_held, made.held_back) == (1, 1, 2, 1)
    assert {one.reference for one in made.unsent} == set(references(store, case_id))
    text = " ".join(render(made, "it").text.split())
    assert "è raggiunto il limite orario" in text
    assert "550 no such user" in text


def test_a_fortnight_is_counted_by_local_day(store: Store) -> None:
    """From midnight to midnight in Rome, up to yesterday; what was imported is left out."""
    folder = enter_folder(store)
    midnight = datetime(2026, 11, 22, 23, 0, tzinfo=MORNING.tzinfo)  # of Monday, in Rome
    moments = (
        midnight,  # today
        midnight - timedelta(seconds=1),
        midnight - DAY,
        midnight - DAY - timedelta(seconds=1),
        midnight - 14 * DAY,
        midnight - 14 * DAY - timedelta(seconds=1),
    )
    for number, moment in enumerate(moments):
        enter(store, folder, number, replace(Kept(), received_at=moment, stored_at=moment))
    enter(store, folder, 50, replace(Kept(), origin="import"))
    done = open_case(store)
    open_case(store, kind="request")
    close_case(store, done, "delivery", MORNING - DAY)
    trends = digest(store).trends
    assert trends is not None
    assert (trends.first, trends.last) == (date(2026, 11, 9), date(2026, 11, 22))
    received, opened, closed = trends.rows
    assert received.numbers == (1, *([0] * 11), 1, 2)
    assert opened.numbers == (*([0] * 13), 1)
    assert closed.numbers == (*([0] * 13), 1)


def test_a_day_that_the_clocks_change_is_one_day(store: Store) -> None:
    """Sunday 25 October 2026 has 25 hours."""
    folder = enter_folder(store)
    begin = datetime(2026, 10, 24, 22, 0, tzinfo=MORNING.tzinfo)
    for number, hours in enumerate((0, 24.9, 25)):
        moment = begin + hours * HOUR
        enter(store, folder, number, replace(Kept(), received_at=moment, stored_at=moment))
    trends = digest(store, now=begin + 4 * DAY).trends
    assert trends is not None
    sunday = (date(2026, 10, 25) - trends.first).days
    assert trends.rows[0].numbers[sunday : sunday + 2] == (2, 1)


def test_newsletters_are_summed_up_on_mondays(store: Store) -> None:
    """By address, whatever its case, the most first; a week back; on other days not at all."""
    folder = enter_folder(store)
    letter = replace(Kept(), label="newsletter", queue="newsletters", sender_name="Shop")
    for number, (sender, moment) in enumerate(
        (
            ("news@shop.example", MORNING - HOUR),
            ("News@Shop.example", MORNING - 6 * DAY),
            ("other@shop.example", MORNING - HOUR),
            ("old@shop.example", MORNING - 8 * DAY),
        )
    ):
        kept = replace(letter, sender=sender, received_at=moment, stored_at=moment)
        enter(store, folder, number, kept)
    enter(store, folder, 9, Kept())
    found = digest(store).newsletters
    assert found is not None
    assert found.rows == (("news@shop.example", "Shop", 2), ("other@shop.example", "Shop", 1))
    assert (found.total, found.senders) == (3, 2)
    assert digest(store, now=MORNING + DAY).newsletters is None


def test_on_friday_stands_what_is_due_on_monday(store: Store) -> None:
    """And on other days what is due by the end of the third."""
    friday = MORNING + 4 * DAY
    for days in (4, 7.6, 7.8):
        open_case(store, due=timedelta(days=days))
    pressing = digest(store, now=friday).deadlines
    assert pressing.soon_until == date(2026, 11, 30)
    assert [(one.due_at - MORNING) / DAY for one in pressing.soon] == [4, 7.6]


def test_a_case_says_why_it_is_due(store: Store) -> None:
    """Its clock as the register has it; one that no profile explains claims no start."""
    open_case(store)
    (case,) = digest(store).deadlines.overdue
    assert case.reason is not None
    assert (case.reason.amount, case.reason.unit, case.reason.since) == (30, "days", None)
    with store.write() as connection:
        connection.execute(update(cases).values(severity="high", owner="Bruno"))
    (case,) = digest(store).deadlines.overdue
    assert (case.severity, case.owner, case.priority) == ("high", "Bruno", "normal")


@pytest.mark.parametrize(
    ("scope", "is_open"),
    [
        (None, False),
        (Scope(queues=frozenset(["reports", "unsure"])), True),
        (Scope(queues=frozenset(["unsure"]), owner="Bruno"), True),
        (Scope(owner="Carla"), False),
    ],
)
def test_who_reports_wrongdoing_is_named_to_few(
    store: Store, scope: Scope | None, is_open: bool
) -> None:
    """The term is in the digest, not who wrote; mail and sendings of the queue are counted only."""
    office = settings(
        '[queues.reports]\naccount = "info"\nfolder = "Reports"\n'
        '[matters]\nwhistleblowing_queue = "reports"\n'
    )
    folder = enter_folder(store)
    enter(store, folder, 1, replace(UNSURE, queue="reports", subject="Zelda", live=False))
    case_id = open_case(store, "reports", "Bruno", subject="Zelda", customer_name="Zelda")
    close_case(store, open_case(store, "reports", "Bruno", subject="Zelda"), "", MORNING - HOUR)
    mail = OutgoingMail(
        key="x", kind="answer", sender="a", recipient="Zelda", message=b"", case_id=case_id
    )
    Outgoing(store).enqueue([mail], MORNING)
    with store.write() as connection:
        connection.execute(update(outgoing).values(state="failed"))
    made = digest_for(store, office, MONDAY, MORNING, reader=reader_with(scope))
    rendered = render(made, "en")
    assert ("Zelda" in rendered.text) == is_open
    assert ("Zelda" in rendered.html) == is_open
    if scope is None:
        assert references(store, case_id)[0] in rendered.text
        assert "(confidential)" in rendered.text
        assert (made.unsure_total, made.outgoing_failed) == (1, 1)
