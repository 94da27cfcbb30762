"""Both engines keep the same promises: what is put into folders, planned, found and passed on."""

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select, update

from daemon.digest.store import count_backlog
from daemon.intake.actions import Outcome
from daemon.intake.appends import Append, Draft, Ending
from daemon.intake.placement import AccountPlace, Placement, QueuePlace
from daemon.intake.stories import story_of
from daemon.intake.views import count_queues
from daemon.store.append_table import appends
from daemon.store.engine import Store
from daemon.store.leases import account_lease
from daemon.store.tables import accounts, actions, deliveries, sightings
from tests.builders import MORNING, held_lease, raw_mail
from tests.contracts.books import LATER, PLACEMENT, Books
from tests.contracts.register import Register

LIVE = date(2026, 1, 1)
HOUSE = Placement(
    accounts={
        "info": AccountPlace(inboxes=("INBOX",), go_live=LIVE, passed_on="Passed on"),
        "desk": AccountPlace(inboxes=("INBOX",), go_live=LIVE),
    },
    queues={"reclami": QueuePlace(account="desk", folder="Queues/Reclami")},
    zone=PLACEMENT.zone,
)
EVENING = LATER + timedelta(hours=8)


class Two(Books):
    """The tables with a queue in another account, and short ways to act in both."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, HOUSE)
        self.appends = self.actions.appends
        self.desk = held_lease(store, account_lease("desk"))

    def planned(self, *raws: bytes, flags: str = "\\Seen") -> list[Append]:
        """Receive mails that belong into the queue, with the flags of their sources."""
        self.receive(self.folder(), *raws)
        self.record(*raws)
        known = {source.id: flags for source in self.appends.sources("info")}
        self.appends.hand_over(self.lease, known, (), LATER)
        return self.appends.open("desk", LATER)

    def queue(self, uidvalidity: int = 3):
        """Return the folder of the queue."""
        return self.ledger.open_folder(self.desk, "desk", "Queues/Reclami", uidvalidity)

    def issue(self, one: Append, uidnext: int = 5, uidvalidity: int = 3) -> None:
        """Say that the command is about to be sent."""
        until = LATER + timedelta(minutes=2)
        self.appends.issue(self.desk, one, (uidvalidity, uidnext), LATER, until)

    def turn_up(self, raw: bytes, uid: int, folder: str = "Queues/Reclami", uidvalidity: int = 3):
        """Let a mail be met in the account of the queue."""
        place = self.ledger.open_folder(self.desk, "desk", folder, uidvalidity)
        at = LATER + timedelta(seconds=1)
        receipts = Books.receive(self, place, raw, first_uid=uid, at=at)
        if folder != "INBOX":  # an append keeps the date of its source
            with self.store.write() as connection:
                here = deliveries.c.id == receipts[0].delivery_id
                connection.execute(update(deliveries).where(here).values(received_at=MORNING))
        return receipts

    def list_queue(self, *uids: int) -> None:
        """List the queue's folder in full."""
        self.listed(self.queue(), *uids)

    def row(self, one: Append):
        """Return the row of an append."""
        with self.store.read() as connection:
            return connection.execute(select(appends).where(appends.c.id == one.id)).one()

    def passing_on(self) -> list[str]:
        """Return the targets of the planned moves of the source's account."""
        return [action.target for action in self.actions.open("info")]


@pytest.fixture
def two(store: Store) -> Two:
    """Give the tables of an empty store."""
    return Two(store)


def test_a_decision_plans_it_in_the_same_step_and_once(two: Two) -> None:
    """With all that is needed; no move is planned beside it, and asking again changes nothing."""
    raw = raw_mail(1)
    (one,) = two.planned(raw)
    assert (one.account, one.target, one.state) == ("desk", "Queues/Reclami", "planned")
    assert (one.digest, one.size) == (sha256(raw).digest(), len(raw))
    assert (one.message_id, one.flags, one.received_at) == ("<1@nord.example>", "\\Seen", MORNING)
    assert two.passing_on() == []
    two.receive(two.folder(), raw)
    assert len(two.appends.open("desk", LATER)) == 1


def test_nothing_is_put_anywhere_before_the_source_was_asked(two: Two) -> None:
    """A mail that is no longer there is superseded; the account of the queue never sees it."""
    two.receive(two.folder(), raw_mail(1), raw_mail(2))
    two.record(raw_mail(1), raw_mail(2))
    first, second = two.appends.sources("info")
    assert two.appends.open("desk", LATER) == []
    assert (first.folder, first.uidvalidity, first.uid) == ("INBOX", 1, 1)
    two.appends.hand_over(two.lease, {second.id: ""}, [first.id], LATER)
    (one,) = two.appends.open("desk", LATER)
    assert (one.id, one.flags) == (second.id, "")
    assert two.appends.sources("info") == []
    assert two.column(select(appends.c.state).order_by(appends.c.id)) == ["superseded", "planned"]


def test_a_told_place_is_ours_and_its_source_passed_on(two: Two) -> None:
    """APPENDUID: the delivery is there before the folder is listed, and the move is planned."""
    (one,) = two.planned(raw_mail(1))
    two.issue(one)
    done = Ending(state="done", folder_id=two.queue().id, uid=5)
    two.appends.finish(two.desk, one, done, LATER)
    assert two.ledger.uids(two.queue()) == {5: True}
    assert two.passing_on() == ["Passed on"]
    assert not two.actions.has_open("desk")
    two.appends.finish(two.desk, one, done, LATER)  # repeated: nothing more
    assert two.passing_on() == ["Passed on"]


def test_an_answer_without_a_place_is_found_by_the_next_listing(two: Two) -> None:
    """The folder is listed anew for it, and what is met there is not taken for a person's."""
    (one,) = two.planned(raw_mail(1))
    two.issue(one)
    two.appends.finish(two.desk, one, Ending(state="done"), LATER)
    assert two.actions.has_open("desk")
    assert two.passing_on() == ["Passed on"]
    two.turn_up(raw_mail(1), 5)
    two.list_queue(5)
    assert two.appends.resolve(two.desk, "desk", EVENING) == 1
    assert two.column(select(deliveries.c.origin).order_by(deliveries.c.id)) == ["arrived", "own"]
    assert two.row(one).uid == 5
    assert not two.actions.has_open("desk")


@pytest.mark.parametrize("folder", ["Queues/Reclami", "Queues/Altro"])
def test_an_unknown_outcome_is_known_when_the_mail_turns_up(two: Two, folder: str) -> None:
    """In the queue, or where a person has moved it on at once; then it is done and passed on."""
    (one,) = two.planned(raw_mail(1))
    two.issue(one)
    two.turn_up(raw_mail(1), 5, folder)
    two.list_queue(5)
    assert two.appends.resolve(two.desk, "desk", EVENING) == 1
    assert two.row(one).state == "done"
    assert two.passing_on() == ["Passed on"]


def test_a_mail_that_was_there_before_is_not_taken_for_ours(two: Two) -> None:
    """A lower number than any it may have, or another folder and date: it is planned again."""
    (one,) = two.planned(raw_mail(1))
    two.issue(one, uidnext=6)
    two.turn_up(raw_mail(1), 5)
    two.turn_up(raw_mail(1), 9, "INBOX", 8)
    two.list_queue(5)
    assert two.appends.resolve(two.desk, "desk", EVENING) == 0
    assert two.row(one).state == "planned"


def test_one_mail_is_what_one_append_brought_about(two: Two) -> None:
    """Two appends of the same bytes, one copy there: the other is repeated."""
    raw = raw_mail(1)
    (one,) = two.planned(raw)
    two.receive(two.folder(), raw, first_uid=2)
    two.listed(two.folder(), 1, 2)
    assert two.actions.explain_sightings(two.lease, "info", EVENING) == {"copy": 1}
    (source,) = two.appends.sources("info")
    two.appends.hand_over(two.lease, {source.id: ""}, (), LATER)
    first, second = two.appends.open("desk", LATER)
    two.issue(first)
    two.issue(second)
    two.turn_up(raw, 7)
    two.list_queue(7)
    assert two.appends.resolve(two.desk, "desk", EVENING) == 1
    assert [two.row(each).state for each in (first, second)] == ["done", "planned"]
    assert first.id == one.id


def test_nothing_is_repeated_while_it_may_be_there(two: Two) -> None:
    """Not listed since, too early, unfetchable or unread mail in the folder, reading paused."""
    (one,) = two.planned(raw_mail(1))
    two.issue(one)
    two.appends.resolve(two.desk, "desk", EVENING)  # not listed
    assert two.row(one).state == "issued"
    two.list_queue()
    two.appends.resolve(two.desk, "desk", LATER)  # the server may still be at it
    assert two.row(one).state == "issued"
    two.ledger.name_unfetchable(two.desk, two.queue(), {5: "no answer"}, EVENING)
    two.appends.resolve(two.desk, "desk", EVENING)
    assert two.row(one).state == "issued"
    two.turn_up(raw_mail(2), 5)  # given now, and not yet read
    two.appends.resolve(two.desk, "desk", EVENING)
    assert two.row(one).state == "issued"
    two.record(raw_mail(2), queue=None)
    two.ledger.pause("desk", "five in a row", EVENING)
    two.appends.resolve(two.desk, "desk", EVENING)
    assert two.row(one).state == "issued"
    with two.store.write() as connection:
        connection.execute(update(accounts).values(paused=None))
    two.appends.resolve(two.desk, "desk", EVENING)
    assert two.row(one).state == "planned"


def test_a_sighting_that_is_ours_is_nobodys_move(two: Two) -> None:
    """The account of the queue held the mail already: what turns up beside it is explained."""
    two.turn_up(raw_mail(1), 1, "INBOX", 8)
    (one,) = two.planned(raw_mail(1))
    two.issue(one)
    two.turn_up(raw_mail(1), 5)
    two.list_queue(5)
    two.appends.resolve(two.desk, "desk", EVENING)
    assert two.column(select(sightings.c.outcome)) == ["own"]
    assert two.actions.explain_sightings(two.desk, "desk", EVENING) == {}
    assert two.actions.persons_moves() == []


def test_a_content_that_is_there_is_known(two: Two) -> None:
    """In the folder, or about to be moved there by an action; elsewhere it is not."""
    (one,) = two.planned(raw_mail(1))
    assert not two.appends.is_there(one)
    two.turn_up(raw_mail(1), 1, "Other", 8)
    assert not two.appends.is_there(one)
    two.turn_up(raw_mail(1), 5)
    assert two.appends.is_there(one)


def test_a_refused_one_waits_for_its_time(two: Two) -> None:
    """Then it is due again; one that never will be is not, and what went is no longer counted."""
    first, second = two.planned(raw_mail(1), raw_mail(2))
    later = LATER + timedelta(minutes=5)
    two.appends.finish(two.desk, first, Ending(state="failed", note="full", retry_at=later), LATER)
    two.appends.finish(two.desk, second, Ending(state="failed", note="cut"), LATER)
    assert two.appends.open("desk", LATER) == []
    assert [one.id for one in two.appends.open("desk", later)] == [first.id]
    two.listed(two.folder(), gone=(1, 2))
    two.appends.resolve(two.desk, "desk", EVENING)
    assert [two.row(one).state for one in (first, second)] == ["superseded"] * 2


def test_people_are_told_of_what_waits_and_of_what_was_refused(two: Two) -> None:
    """In the queue's counts, in the digest's, and in the story of the mail."""
    one, other = two.planned(raw_mail(1), raw_mail(2))
    refused = Ending(state="failed", note="full", retry_at=EVENING)
    two.appends.finish(two.desk, one, refused, LATER)
    assert count_queues(two.store)["reclami"].waiting == 2
    with two.store.read() as connection:
        assert count_backlog(connection)["unmoved"] == 1
    assert one.mail_id is not None
    (told,) = story_of(two.store, one.mail_id).appends
    assert (told["from_account"], told["folder"]) == ("info", "INBOX")
    assert (told["account"], told["target"], told["note"]) == ("desk", "Queues/Reclami", "full")
    for each in (one, other):
        two.issue(each)
        two.appends.finish(two.desk, each, Ending(state="done", is_sought=True), LATER)
    assert count_queues(two.store)["reclami"].waiting == 2  # to be passed on
    with two.store.read() as connection:
        assert count_backlog(connection)["unmoved"] == 0


def test_a_source_that_went_meanwhile_is_not_passed_on(two: Two) -> None:
    """It is in the queue, and where a person has put it."""
    (one,) = two.planned(raw_mail(1))
    two.issue(one)
    two.listed(two.folder(), gone=(1,))
    two.appends.finish(two.desk, one, Ending(state="done", is_sought=True), LATER)
    assert two.passing_on() == []


@pytest.mark.parametrize("state", ["planned", "issued", "done"])
def test_a_source_under_a_new_number_goes_on_with_its_append(two: Two, state: str) -> None:
    """UIDVALIDITY changes at any moment: one append, and the move starts from the new number."""
    raw = raw_mail(1)
    (one,) = two.planned(raw)
    if state != "planned":
        two.issue(one)
    if state == "done":
        two.appends.finish(two.desk, one, Ending(state="done", is_sought=True), LATER)
    renewed = two.folder(uidvalidity=2)
    two.receive(renewed, raw, first_uid=40)
    two.listed(renewed, 40)
    assert two.column(select(appends.c.state)) == [state]
    if state != "done":
        two.appends.finish(two.desk, one, Ending(state="done", is_sought=True), LATER)
    found = [action for action in two.actions.open("info") if action.uidvalidity == 2]
    assert [(action.uid, action.target) for action in found] == [(40, "Passed on")]
    old = [action for action in two.actions.open("info") if action.uidvalidity == 1]
    gone = [Outcome(action=action, state="superseded") for action in old]
    if gone:
        two.actions.finish(two.lease, None, gone, EVENING)
    assert len(two.column(select(actions.c.id))) == 1 + len(old)


def test_drafts_are_planned_once_by_their_key(two: Two, store: Store) -> None:
    """The second of a key is none; a draft is due without a source, and has no delivery."""
    case_id = new_case(store)
    draft = Draft(
        key="draft:1:thanks:it:1", case_id=case_id, account="desk", target="Drafts",
        digest=bytes(32), size=9, message_id="<c1.x@desk.example>",
    )  # fmt: skip
    with store.write() as connection:
        assert two.appends.plan_draft(connection, draft, LATER)
        assert not two.appends.plan_draft(connection, replace(draft, size=10), LATER)
    (one,) = two.appends.open("desk", LATER)
    assert (one.mail_id, one.flags, one.size) == (None, "\\Draft \\Seen", 9)
    two.issue(one)
    until = LATER + timedelta(minutes=3)
    two.appends.postpone(two.desk, one, until)
    assert two.appends.open("desk", LATER + timedelta(minutes=2)) == []
    (again,) = two.appends.open("desk", until)
    assert again.state == "issued"
    assert not two.actions.has_open("desk")
    two.appends.finish(two.desk, again, Ending(state="done", uid=4), EVENING)
    with store.read() as connection:
        (row,) = two.appends.drafts(connection, case_id)
    assert (row["key"], row["state"]) == (draft.key, "done")
    assert two.column(select(deliveries.c.id)) == []


def new_case(store: Store) -> int:
    """Enter a bare case, and return its id."""
    line = Register(store).take()
    assert line is not None
    return line.id
