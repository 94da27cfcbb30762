"""The ledger -> the digest: every mail counted once, everything that waits is named."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from daemon.cases.acts import Act, close
from daemon.cases.records import NewCase
from daemon.cases.store import Cases
from daemon.digest.daily import digest_for
from daemon.digest.records import Digest
from daemon.records import ClockDue, FolderCount, OutgoingMail
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from daemon.store.tables import actions, outgoing
from tests.builders import ENGINES, HOMING, MORNING, chosen_store, open_test_store
from tests.stages.digest_builders import (
    UNSURE,
    Kept,
    automatic,
    enqueue_all,
    enter,
    enter_account,
    enter_folder,
    enter_unfetchable,
    letters_of,
    settings,
)

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give an empty store of each engine."""
    opened = chosen_store(request, tmp_path)
    yield opened
    opened.close()


def digest(store: Store) -> Digest:
    """Return the digest of the Monday."""
    return digest_for(store, settings(), MONDAY, MORNING)


def test_every_mail_of_the_period_is_counted_in_one_place(store: Store) -> None:
    """Labels, unsure, automatic, copies, quarantined and waiting sum to what was received."""
    enter_account(store)
    folder = enter_folder(store)
    request = replace(Kept(), label="request", queue="requests")
    first = enter(store, folder, 0, Kept())
    kinds = (
        *(Kept(), request, request, request, UNSURE, automatic("bounce"), automatic("bounce")),
        *(automatic("dsn"), replace(Kept(), copy_of=first), Kept(state="received")),
        *(Kept(state="quarantined", reason="depth"), replace(Kept(), live=False)),
    )
    for number, kept in enumerate(kinds, start=1):
        enter(store, folder, number, kept)
    enter(store, folder, 90, replace(Kept(), origin="import"))
    enter(store, folder, 91, replace(Kept(), stored_at=MORNING - 3 * DAY))
    enter(store, folder, 92, replace(Kept(), stored_at=MORNING + timedelta(seconds=1)))
    enter(store, folder, 93, replace(Kept(), received_at=MORNING - 30 * DAY))
    intake = digest(store).intake
    assert intake.received == 14
    assert intake.by_label == (("complaint", 4), ("request", 3))
    assert intake.automatic == (("bounce", 2), ("dsn", 1))
    assert (intake.unsure, intake.copies, intake.quarantined, intake.waiting) == (1, 1, 1, 1)
    assert (intake.older, intake.observed, intake.imported) == (1, 1, 1)
    assert intake.by_queue == (("complaints", 4), ("requests", 3), ("unsure", 1))


KEPT = st.builds(
    Kept,
    state=st.sampled_from(["read", "read", "received", "quarantined"]),
    label=st.sampled_from([None, "complaint", "request", "repairs"]),
    automatic=st.sampled_from([None, None, "bounce", "own"]),
    copy_of=st.sampled_from([None, None, 1]),
    live=st.booleans(),
    origin=st.sampled_from(["arrived", "sighted", "import"]),
    stored_at=st.integers(-80, 4).map(lambda hours: MORNING + timedelta(hours=hours)),
)


@pytest.mark.slow
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(mails=st.lists(KEPT, max_size=12))
def test_the_counts_always_sum(mails: list[Kept], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever was taken in, no mail is left out of the sum and none is in it twice."""
    store = open_test_store(tmp_path_factory.mktemp("digest"))
    folder = enter_folder(store)
    enter(store, folder, 0, replace(Kept(), stored_at=MORNING - 9 * DAY))
    for number, kept in enumerate(mails, start=1):
        enter(store, folder, number, kept)
    intake = digest(store).intake
    store.close()
    counted = sum(n for _, n in (*intake.by_label, *intake.automatic))
    rest = intake.unsure + intake.copies + intake.quarantined + intake.waiting
    assert intake.received == counted + rest


def test_each_mail_is_in_one_digest_only(store: Store) -> None:
    """The next digest begins where the last one ended, also when a day was left out."""
    folder, office = enter_folder(store), settings()
    moments = [MORNING + hours * timedelta(hours=1) for hours in (-9, -1, 0, 1, 30, 71)]
    for number, moment in enumerate(moments):
        enter(store, folder, number, replace(Kept(), stored_at=moment))
    received = []
    for days in (0, 1, 3):
        made = digest_for(store, office, MONDAY + days * DAY, MORNING + days * DAY)
        received.append(made.intake.received)
        enqueue_all(store, office, made)
    assert received == [2, 2, 2]


def test_a_past_day_ends_with_its_midnight(store: Store) -> None:
    """Asked for a day that is over, the digest counts up to the end of that local day."""
    made = digest_for(store, settings(), MONDAY, MORNING + 5 * DAY)
    assert made.period.until.isoformat() == "2026-11-23T23:00:00+00:00"
    assert made.period.since.isoformat() == "2026-11-21T23:00:00+00:00"


def test_unsure_mail_is_listed_until_a_person_has_decided(store: Store) -> None:
    """New ones first, then the oldest; none that is moved, gone, imported or was only observed."""
    folder = enter_folder(store)
    week_old = {"stored_at": MORNING - 7 * DAY, "received_at": MORNING - 7 * DAY}
    listed = [
        enter(store, folder, 1, replace(UNSURE, **week_old)),
        enter(store, folder, 2, UNSURE),
        enter(store, folder, 3, replace(UNSURE, live=False)),
        enter(store, folder, 4, replace(UNSURE, moved_by="own")),
    ]
    for number, kept in enumerate(
        (
            replace(UNSURE, moved_by="person"),
            replace(UNSURE, gone_at=MORNING),
            replace(UNSURE, origin="import"),
            replace(UNSURE, live=False, **week_old),
            automatic("bounce"),
            Kept(),
        ),
        start=5,
    ):
        enter(store, folder, number, kept)
    made = digest(store)
    assert [mail.mail_id for mail in made.unsure] == [*listed[1:], listed[0]]
    assert made.unsure_total == 4
    assert made.unsure[0].reason == "unsure: complaint 0.35 or request 0.33"


def test_long_lists_are_cut_and_say_so(store: Store) -> None:
    """Twenty are listed, all are counted."""
    folder = enter_folder(store)
    for number in range(25):
        enter(store, folder, number, UNSURE)
    for number in range(25, 48):
        enter(store, folder, number, Kept(state="quarantined", reason="crash"))
    made = digest(store)
    assert (len(made.unsure), made.unsure_total) == (20, 25)
    assert (len(made.quarantined), made.quarantined_total) == (20, 23)


def test_folders_say_server_and_held(store: Store) -> None:
    """Set aside and unfetchable are named, a mail moved away since the listing is no loss."""
    inbox = enter_folder(store, server_count=7)
    enter_folder(store, "Queues/Unsure", server_count=0)
    enter_folder(store, "Not watched", server_count=50)
    enter_folder(store, uidvalidity=2, current=False, server_count=99)
    enter(store, inbox, 1, Kept())
    enter(store, inbox, 2, replace(Kept(), gone_at=MORNING))
    enter(store, inbox, 3, replace(Kept(), gone_at=MORNING - DAY))
    enter(store, inbox, 4, Kept(state="quarantined", reason="crash"))
    enter_unfetchable(store, inbox, 50)
    made = digest(store)
    lines = [(f.folder, f.server, f.held, f.quarantined, f.missing) for f in made.folders]
    assert lines == [("INBOX", 7, 2, 2, 3), ("Queues/Unsure", 0, 0, 0, 0)]
    assert [(u.folder, u.number) for u in made.unfetchable] == [("INBOX", 1)]
    assert made.missing == 3
    assert made.needs_people


def test_a_fresh_reconciliation_takes_the_place_of_the_listings(store: Store) -> None:
    """When the job has just compared, the digest shows what it found."""
    count = FolderCount(
        account="info", folder="INBOX", uidvalidity=1, server=5, held=4, quarantined=0, missing=1
    )
    made = digest_for(store, settings(), MONDAY, MORNING, counts=[count])
    assert (made.folders[0].server, made.missing) == (5, 1)


def test_health_names_what_is_wrong(store: Store) -> None:
    """An account without success for an hour, or never seen, is named; one that is well is not."""
    office = settings(
        '[accounts.sales]\nhost = "imap.example.org"\nusername = "sales@desk.example"\n'
    )
    enter_account(store, last_success_at=MORNING - timedelta(minutes=59))
    made = digest_for(store, office, MONDAY, MORNING)
    assert [(a.name, a.is_well) for a in made.accounts] == [("info", True), ("sales", False)]
    later = digest_for(store, office, MONDAY, MORNING + timedelta(minutes=2))
    assert [a.name for a in later.troubled] == ["info", "sales"]


def test_what_could_not_be_done_is_counted(store: Store) -> None:
    """Moves that failed, outgoing mails refused or held, mails without a model, the backlog."""
    enter_account(store)
    folder = enter_folder(store)
    no_model = replace(UNSURE, reason="no model", queue=None)
    mail_id = enter(store, folder, 1, no_model)
    enter(store, folder, 2, Kept(state="received"))
    mails = [
        OutgoingMail(key=f"x:{n}", kind="survey", sender="a", recipient="b", message=b"")
        for n in range(3)
    ]
    Outgoing(store).enqueue(mails, MORNING)
    with store.write() as connection:
        failed = {"delivery_id": 1, "mail_id": mail_id, "account": "info", "target": "x"}
        failed |= {"state": "failed", "planned_at": MORNING}
        connection.execute(insert(actions).values(failed))
        held = update(outgoing).where(outgoing.c.key == "x:0").values(state="held")
        connection.execute(held)
        connection.execute(update(outgoing).where(outgoing.c.key != "x:0").values(state="failed"))
    made = digest(store)
    assert (made.unmoved, made.outgoing_held, made.outgoing_failed) == (1, 1, 2)
    assert (made.backlog, made.without_model) == (1, 1)


def test_each_recipient_gets_one_mail_a_day_in_their_language(store: Store) -> None:
    """One row per recipient and local date; the second time is a no-op, the next day is not."""
    office = settings()
    made = digest(store)
    assert enqueue_all(store, office, made) == 3
    assert enqueue_all(store, office, digest_for(store, office, MONDAY, MORNING)) == 0
    assert enqueue_all(store, office, digest_for(store, office, MONDAY + DAY, MORNING + DAY)) == 3
    rows = Outgoing(store).list_rows()
    assert sorted(row.key for row in rows)[:3] == [
        "digest:2026-11-23:ann@desk.example",
        "digest:2026-11-23:ewa@desk.example",
        "digest:2026-11-23:team@desk.example",
    ]


def test_a_digest_is_a_whole_mail(tmp_path: Path) -> None:
    """Sent even when empty: from the relay's address, automatic, marked, text and HTML."""
    store = open_test_store(tmp_path)
    made = letters_of(settings(), digest(store))
    store.close()
    by_recipient = {mail.recipient: mail for mail in made}
    message = email.message_from_bytes(
        by_recipient["Ewa@desk.example"].message, policy=email.policy.default
    )
    assert message["From"] == "Backdesk <info@desk.example>"
    assert message["To"] == "Ewa@desk.example"
    assert message["Subject"] == (
        "Backdesk, pon. 23 lis: 1 skrzynka z problemem, niczego nie brakuje"
    )
    assert message["Date"] == "Mon, 23 Nov 2026 07:30:00 +0100"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Backdesk-Instance"] == "house-1"
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert {mail.sender for mail in made} == {"info@desk.example"}
    assert made == letters_of(settings(), digest_of_same(tmp_path))


def digest_of_same(tmp_path: Path) -> Digest:
    """Return the digest of the same ledger, opened again."""
    store = open_test_store(tmp_path)
    made = digest(store)
    store.close()
    return made


def test_a_recipient_that_cannot_be_written_to_does_not_stop_the_others(tmp_path: Path) -> None:
    """An address that needs SMTPUTF8 is passed over; the others get their mail."""
    store = open_test_store(tmp_path)
    office = settings()
    some = office.digest.model_copy(update={"to": ("żółw@desk.example", "ann@desk.example")})
    made = letters_of(office.model_copy(update={"digest": some}), digest(store))
    store.close()
    assert [mail.recipient for mail in made] == ["ann@desk.example"]


def test_cases_are_listed_by_how_much_they_press(store: Store) -> None:
    """Past the term, due by the end of the third day; neither those with time, nor closed ones."""
    register = Cases(store, settings().service.zone, HOMING)
    letter = NewCase(
        kind="complaint", channel="letter", queue="unsure", subject="Bolletta", customer=None,
        customer_name="Ugo Verdi", received_at=MORNING - timedelta(days=40), actor="Ada",
    )  # fmt: skip
    with store.write() as connection:
        for days in (-9, -2, 1, 3.6, 3.8, 30):
            due = ClockDue(
                name="reply", term="30 days", only_if="", met_by="answer",
                due_at=MORNING + timedelta(days=days), silence="accepted" if days == -9 else "",
            )  # fmt: skip
            register.open_by_hand(connection, letter, "it-energy", (due,), MORNING)
        done = register.open_by_hand(connection, letter, "it-energy", (due,), MORNING)
        close(connection, Act(case_id=done, actor="Ada", now=MORNING), "repaired")
    pressing = digest_for(store, settings(), MORNING.date(), MORNING).deadlines
    assert [one.due_at - MORNING for one in pressing.overdue] == [
        timedelta(days=-9),
        timedelta(days=-2),
    ]
    assert [one.silence for one in pressing.overdue] == ["accepted", ""]
    assert (pressing.overdue_total, pressing.soon_total) == (2, 2)
    assert {one.customer_name for one in pressing.soon} == {"Ugo Verdi"}
