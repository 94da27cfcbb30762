"""The account of a queue misbehaves while mail of another is put there: once, or named."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from daemon import clock
from daemon.digest.store import count_backlog
from daemon.errors import MailboxAway
from daemon.intake.stories import story_of
from daemon.jobs import House, reconcile
from daemon.store.append_table import appends
from daemon.store.packs import Packs
from daemon.store.tables import actions, case_mails, cases, contents, mails, readings
from tests.builders import raw_mail
from tests.flows.passing import Both, column, states
from tests.houses import poll
from tests.servers.fake_imap import FakeImap, Fault, Kind

SIX = tuple(sorted(raw_mail(n, "alfa", size=2_000 * n) for n in range(6)))


@pytest.fixture
def both(fake_imap: FakeImap, quiet: FakeImap) -> Iterator[Both]:
    """Give two mailboxes, and six mails in the first that belong into the second."""
    pair = Both(source=quiet, target=fake_imap)
    pair.receive(*SIX)
    return pair


PASSING = {
    "end in the middle of a mail": Fault(kind=Kind.CUT, command="LITERAL", size=700, nth=2),
    "end at the first byte of a mail": Fault(kind=Kind.CUT, command="LITERAL", size=0),
    "end after the mail without an answer": Fault(kind=Kind.CUT, command="APPEND", size=0, nth=3),
    "end in the middle of the answer": Fault(kind=Kind.CUT, command="APPEND", size=9, nth=2),
    "end before the mail is taken": Fault(kind=Kind.DROP, command="APPEND", nth=2),
    "silence": Fault(kind=Kind.SILENCE, command="APPEND", nth=2),
    "a wrong tag": Fault(kind=Kind.WRONG_TAG, command="APPEND"),
    "unavailable": Fault(kind=Kind.NO, command="APPEND", text="[UNAVAILABLE] later"),
    "unavailable before the mail": Fault(kind=Kind.NO, command="LITERAL", text="[INUSE] later"),
    "the folder is refused for a moment": Fault(kind=Kind.NO, command="SELECT", text="[INUSE] x"),
    "end before the folder is made": Fault(kind=Kind.DROP, command="CREATE"),
    "the folder is taken away": Fault(
        kind=Kind.ACT, command="APPEND", nth=1, act=lambda store: store.delete("Queues/Alfa")
    ),
}


@pytest.mark.parametrize("gives_appenduid", [True, False])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_passes_doubles_and_loses_nothing(
    tmp_path: Path, both: Both, fault: Fault, gives_appenduid: bool
) -> None:
    """After it each mail lies in the queue once, and each source was passed on."""
    both.target.gives_appenduid = gives_appenduid
    both.target.fault(fault)
    with both.house(tmp_path) as house:
        both.until(house, appends, "done")
        both.until(house, actions, "done")
        assert both.in_queue() == both.passed_on() == list(SIX)
        assert both.in_inbox() == []
        assert house.actions.persons_moves() == []
        for account in ("info", "desk"):
            counts = reconcile(house, account)
            assert [one.missing for one in counts] == [0] * len(counts)
        with house.store.read() as connection:
            assert connection.scalar(select(func.count()).select_from(mails)) == len(SIX)


@pytest.mark.parametrize("size", [0, 1, 60, 300])
def test_a_server_that_writes_line_ends_of_its_own_has_it_once(
    tmp_path: Path, both: Both, size: int
) -> None:
    """The answer is lost, and what lies there has other bytes: known by its content."""
    raw = raw_mail(70, "alfa").replace(b"\r\n", b"\n")
    both.receive(raw)
    both.target.normalises = True
    both.target.gives_appenduid = False
    both.target.fault(Fault(kind=Kind.CUT, command="APPEND", nth=7, size=size))
    with both.house(tmp_path) as house:
        both.until(house, appends, "done")
        both.until(house, actions, "done")
        written = b"\r\n".join(raw.splitlines()) + b"\r\n"
        assert both.in_queue() == sorted([*SIX, written])
        assert both.passed_on() == sorted([*SIX, raw])
        with house.store.read() as connection:
            assert connection.scalar(select(func.count()).select_from(contents)) == 7
            copies = select(func.count()).where(readings.c.copy_of.is_not(None))
            assert connection.scalar(copies) == 1
            for table in (case_mails, cases):  # each mail opened its own, a copy none
                assert connection.scalar(select(func.count()).select_from(table)) == 7
        assert None not in column(house, appends.c.target_delivery_id)


def test_a_server_that_rewrites_mails_has_it_once(tmp_path: Path, both: Both) -> None:
    """Neither bytes nor content are the same: known by Message-ID and date, after a lost answer."""

    def rewrite(store) -> None:
        (uid,) = list(store.raws("Queues/Alfa"))[-1:]
        old = store.folder("Queues/Alfa").mails[uid]
        store.remove("Queues/Alfa", uid, "EXPUNGE")
        store.add("Queues/Alfa", old.raw + b"-- \r\nscanned\r\n", internaldate=old.internaldate)

    both.target.gives_appenduid = False
    both.target.fault(Fault(kind=Kind.CUT, command="APPEND", nth=6, size=0))
    both.target.fault(Fault(kind=Kind.ACT, command="LOGIN", nth=2, act=rewrite))
    with both.house(tmp_path) as house:
        both.until(house, appends, "done")
        both.until(house, actions, "done")
        assert len(both.in_queue()) == len(SIX)
        assert both.passed_on() == list(SIX)


def test_a_target_that_is_away_for_a_while_gets_its_mail_later(tmp_path: Path, both: Both) -> None:
    """Meanwhile the mail stays where people find it."""
    with both.house(tmp_path) as house:
        both.target.stop()
        for _ in range(3):
            poll(house, "info")
            with pytest.raises(MailboxAway):
                poll(house, "desk")
        assert both.in_inbox() == list(SIX)
        assert states(house, appends) == ["planned"] * len(SIX)
        both.target.start()
        both.rounds(house)
        assert both.in_queue() == both.passed_on() == list(SIX)


def due_now(house: House) -> None:
    """Let the time of the next attempt come."""
    with house.store.write() as connection:
        again = appends.c.retry_at.is_not(None)
        past = clock.now() - timedelta(seconds=1)
        connection.execute(update(appends).where(again).values(retry_at=past))


@pytest.mark.parametrize("command", ["APPEND", "LITERAL"])
@pytest.mark.parametrize("words", ["[OVERQUOTA] mailbox is full", "message contains NUL bytes"])
def test_a_refusal_is_named_counted_and_tried_again(
    tmp_path: Path, both: Both, command: str, words: str
) -> None:
    """With the server's words; the account goes on, and the mail stays until there is room."""
    both.target.fault(Fault(kind=Kind.NO, command=command, text=words, times=0))
    with both.house(tmp_path) as house:
        both.rounds(house)
        assert states(house, appends) == ["failed"] * len(SIX)
        assert {words} == {str(note)[-len(words) :] for note in column(house, appends.c.note)}
        assert both.in_inbox() == list(SIX)
        with house.store.read() as connection:
            assert count_backlog(connection)["unmoved"] == len(SIX)
        (row,) = story_of(house.store, 1).appends
        assert round((row["retry_at"] - row["finished_at"]).total_seconds()) == 300
        tried = len([one for one in both.target.texts if one.startswith("APPEND")])
        both.rounds(house)
        assert len([one for one in both.target.texts if one.startswith("APPEND")]) == tried
        due_now(house)
        both.rounds(house, 1)
        (row,) = story_of(house.store, 1).appends
        assert round((row["retry_at"] - row["finished_at"]).total_seconds()) == 600
        both.target.script.clear()
        due_now(house)
        both.rounds(house)
        assert both.in_queue() == both.passed_on() == list(SIX)
        with house.store.read() as connection:
            assert count_backlog(connection)["unmoved"] == 0


def test_what_was_refused_and_sorted_by_a_person_is_given_up(tmp_path: Path, both: Both) -> None:
    """He took it out of the inbox: it is no longer counted, nor put there."""
    both.target.fault(Fault(kind=Kind.NO, command="APPEND", text="[OVERQUOTA] full", times=0))
    with both.house(tmp_path) as house:
        both.rounds(house)
        for uid in list(both.source.store.raws("INBOX")):
            both.source.store.remove("INBOX", uid, "EXPUNGE")
        both.rounds(house)
        assert states(house, appends) == ["superseded"] * len(SIX)
        assert both.in_queue() == []


def test_a_folder_that_is_refused_is_named(tmp_path: Path, both: Both) -> None:
    """No right to make it: the row says so, and the round of the account goes well."""
    both.target.fault(Fault(kind=Kind.NO, command="CREATE", text="[NOPERM] not yours", times=0))
    with both.house(tmp_path) as house:
        both.rounds(house)
        assert states(house, appends) == ["failed"] * len(SIX)
        assert "[NOPERM] not yours" in column(house, appends.c.note)[0]


def test_a_mail_over_the_servers_limit_is_not_even_sent(tmp_path: Path, both: Both) -> None:
    """The announced limit is named; smaller mails pass."""
    both.target.append_limit = 7_000
    with both.house(tmp_path) as house:
        both.rounds(house)
        passed = [raw for raw in SIX if len(raw) <= 7_000]
        assert 0 < len(passed) < len(SIX)
        assert both.in_queue() == both.passed_on() == passed
        notes = [note for note in column(house, appends.c.note) if note]
        assert len(notes) == len(SIX) - len(passed)
        assert all("at most 7000 bytes" in note for note in notes)


def test_a_mail_of_which_only_the_headers_are_held_stays(tmp_path: Path, both: Both) -> None:
    """It was over limits.mail_bytes: nobody gets half a mail."""
    with both.house(tmp_path) as house:
        poll(house, "info")
        with house.store.write() as connection:
            connection.execute(update(mails).where(mails.c.id == 1).values(cut="mail_bytes"))
        both.rounds(house)
        assert sorted(states(house, appends)) == ["done"] * 5 + ["failed"]
        (row,) = story_of(house.store, 1).appends
        assert (row["state"], row["retry_at"]) == ("failed", None)
        assert "limits.mail_bytes" in row["note"]


def test_flags_that_are_not_told_hold_a_mail_back_until_they_are(
    tmp_path: Path, both: Both
) -> None:
    """It is there, so it is not given up; the others pass."""
    silent = Fault(kind=Kind.OMIT, command="UID FETCH", containing="(FLAGS)", uids=(3,), times=0)
    both.source.fault(silent)
    with both.house(tmp_path) as house:
        both.rounds(house)
        assert sorted(states(house, appends)) == ["done"] * 5 + ["planned"]
        both.source.script.clear()
        both.rounds(house)
        assert both.in_queue() == both.passed_on() == list(SIX)


def test_damaged_bytes_of_one_mail_do_not_stop_the_others(tmp_path: Path, both: Both) -> None:
    """Nothing of it is sent; the row says what is wrong."""
    with both.house(tmp_path) as house:
        poll(house, "info")
        packs: Packs = house.packs
        (place, digest) = next(
            (one.location, one.digest) for one in packs.records() if one.kind == 1
        )
        path = packs.folder / place.pack
        content = bytearray(path.read_bytes())
        content[place.offset + place.length - 40] ^= 0xFF
        path.write_bytes(bytes(content))
        both.rounds(house)
        assert sorted(states(house, appends)) == ["done"] * 5 + ["failed"]
        with house.store.read() as connection:
            failed = select(appends.c.digest).where(appends.c.state == "failed")
            assert connection.scalar(failed) == digest
