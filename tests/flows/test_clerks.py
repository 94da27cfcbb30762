"""What people do in their mail program, and what their cases make of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import clock
from tests.flows.front_desk import FrontDesk, front_desk, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server

COMPLAINTS, REQUESTS, NEWS = "Queues/Complaints", "Queues/Requests", "Queues/News"
QUEUES = f"""
[queues.requests]
account = "info"
folder = "{REQUESTS}"
[queues.news]
account = "info"
folder = "{NEWS}"
[[rules]]
name = "requests"
when = {{ label = "request" }}
queue = "requests"
[[rules]]
name = "news"
when = {{ label = "newsletter" }}
queue = "news"
[acknowledgements]
kinds = []
"""


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink) -> Iterator[FrontDesk]:
    """Give a house with three queues."""
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=QUEUES) as opened:
        yield opened


def move(desk: FrontDesk, source: str, target: str, *, uid: int | None = None) -> None:
    """Move a mail as a person does, and let the house see it."""
    store = desk.imap.store
    chosen = uid or store.folder(source).uids()[-1]
    if not store.has(target):
        store.create(target)
    store.copy(source, chosen, target)
    store.remove(source, chosen, "MOVE")
    desk.work()
    desk.work()


def test_a_mail_moved_to_done_closes_its_case_and_back_opens_it(desk: FrontDesk) -> None:
    """As if it had not been closed: the term is the one it had."""
    desk.receive(written("Reclamo"))
    desk.work()
    due = desk.cases()[0].line.due_at
    assert due is not None
    assert desk.imap.store.has(f"{COMPLAINTS}/Done")  # made with the queue
    move(desk, COMPLAINTS, f"{COMPLAINTS}/Done")
    (case,) = desk.cases()
    assert (case.line.state, case.line.cause, case.line.due_at) == ("closed", "", None)
    assert case.events[-1].actor == "mailbox info"
    move(desk, f"{COMPLAINTS}/Done", COMPLAINTS)
    (case,) = desk.cases()
    assert (case.line.state, case.line.due_at) == ("open", due)
    assert desk.told() == [["opened", "closed", "reopened"]]


def test_between_queues_the_case_gets_the_label_of_the_other(desk: FrontDesk) -> None:
    """And its deadlines: a request runs under none here, a newsletter is no case at all."""
    desk.receive(written("Reclamo"))
    desk.work()
    move(desk, COMPLAINTS, REQUESTS)
    (case,) = desk.cases()
    assert (case.line.kind, case.line.queue, case.line.due_at) == ("request", "requests", None)
    move(desk, REQUESTS, COMPLAINTS)
    (case,) = desk.cases()
    assert (case.line.kind, case.line.queue) == ("complaint", "complaints")
    assert case.line.due_at is not None
    move(desk, COMPLAINTS, NEWS)
    (case,) = desk.cases()
    assert (case.line.state, case.line.cause) == ("closed", "no case")
    move(desk, NEWS, COMPLAINTS)
    (case,) = desk.cases()
    assert (case.line.state, case.line.kind, case.line.queue) == ("open", "complaint", "complaints")


def test_a_mail_that_was_no_case_becomes_one(desk: FrontDesk) -> None:
    """The model took it for other mail; somebody drags it to the complaints."""
    desk.receive(written("Saluti"))
    assert desk.cases() == []
    move(desk, "INBOX", COMPLAINTS)
    (case,) = desk.cases()
    assert (case.line.kind, case.line.queue, case.line.state) == ("complaint", "complaints", "open")
    assert case.line.due_at is not None
    assert [one.kind for one in case.events] == ["opened", "moved"]


def test_what_is_sorted_out_again_changes_nothing(desk: FrontDesk) -> None:
    """Back to the inbox, or a newsletter that is done."""
    desk.receive(written("Reclamo"))
    desk.work()
    move(desk, COMPLAINTS, "INBOX")
    assert desk.told() == [["opened"]]
    desk.receive(written("Saluti", number=2))
    move(desk, "INBOX", f"{NEWS}/Done", uid=desk.imap.store.folder("INBOX").uids()[-1])
    assert desk.told() == [["opened"]]


def test_our_own_move_is_no_act(desk: FrontDesk) -> None:
    """Sorting a mail into its queue says nothing to its case."""
    desk.receive(written("Reclamo"), written("Domanda", "bo@client.example", number=2))
    for _ in range(3):
        desk.work()
    assert desk.told() == [["opened"], ["opened"]]
    assert len(desk.imap.store.folder(COMPLAINTS).uids()) == 1


def test_what_is_first_seen_where_done_things_are_opens_nothing(desk: FrontDesk) -> None:
    """Somebody answered and filed it while the house was away: no clock, no answer by return."""
    desk.imap.store.create(f"{COMPLAINTS}/Done")
    desk.imap.store.add(f"{COMPLAINTS}/Done", written("Reclamo"), internaldate=clock.now())
    desk.work()
    assert desk.cases() == []


def test_an_old_mail_that_is_tidied_away_closes_no_case_that_lives_on(desk: FrontDesk) -> None:
    """The customer has written again, and that mail still stands in the queue."""
    desk.receive(written("Reclamo"))
    desk.work()
    again = [("In-Reply-To", "<1@client.example>")]
    desk.receive(written("Ancora il reclamo", number=2, headers=again))
    desk.work()
    first, second = desk.imap.store.folder(COMPLAINTS).uids()
    move(desk, COMPLAINTS, f"{COMPLAINTS}/Done", uid=first)
    assert desk.cases()[0].line.state == "open"
    move(desk, COMPLAINTS, f"{COMPLAINTS}/Done", uid=second)
    assert desk.cases()[0].line.state == "closed"


def test_what_the_house_wrote_and_files_is_no_complaint(desk: FrontDesk) -> None:
    """Neither from Sent, nor where the mail program keeps answers beside what they answer."""
    desk.imap.store.create("Sent")
    own = {"sender": "info@desk.example", "to": "anna@client.example"}
    desk.imap.store.add("Sent", written("Re: Reclamo", number=7, **own), internaldate=clock.now())
    desk.work()
    move(desk, "Sent", COMPLAINTS)
    assert desk.cases() == []
    desk.imap.store.add(COMPLAINTS, written("Reclamo", number=8, **own), internaldate=clock.now())
    desk.work()
    assert desk.cases() == []


def test_observed_mail_moves_nothing(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """Before the day of going live a move is only seen."""
    late = {"more": QUEUES, "go_live": "2099-01-01"}
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, **late) as desk:
        desk.receive(written("Reclamo"))
        move(desk, "INBOX", COMPLAINTS)
        assert desk.cases() == []
        assert not desk.imap.store.has(f"{COMPLAINTS}/Done")
