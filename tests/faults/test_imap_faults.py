"""A server misbehaves: nothing is lost or doubled, and the next account never notices."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from daemon.errors import MailboxAway
from daemon.store.tables import accounts, actions, deliveries, folders, mails
from tests.builders import raw_mail
from tests.faults.pair import BODY, TWENTY, Pair
from tests.servers.fake_imap import FakeImap, Fault, Kind
from tests.servers.imap_store import MailStore

PASSING = {
    "silence on a body": Fault(kind=Kind.SILENCE, nth=2, **BODY),
    "silence on the listing": Fault(kind=Kind.SILENCE, command="UID SEARCH"),
    "silence at the login": Fault(kind=Kind.SILENCE, command="LOGIN"),
    "silence instead of a greeting": Fault(kind=Kind.SILENCE, command="GREETING"),
    "silence on a move": Fault(kind=Kind.SILENCE, command="UID MOVE"),
    "a body in drips": Fault(kind=Kind.DRIP, interval_s=0.3, **BODY),
    "the capabilities in drips": Fault(kind=Kind.DRIP, command="CAPABILITY", interval_s=0.3),
    "the login in drips": Fault(kind=Kind.DRIP, command="LOGIN", interval_s=0.5),
    "BYE as greeting": Fault(kind=Kind.GREETING, command="GREETING", text="* BYE full"),
    "BYE inside a literal": Fault(kind=Kind.BYE_IN_LITERAL, nth=2, text="restart", **BODY),
    "BYE before a body": Fault(kind=Kind.BYE, nth=2, text="restart", **BODY),
    "end before a body": Fault(kind=Kind.DROP, **BODY),
    "end before a move": Fault(kind=Kind.DROP, command="UID MOVE"),
    "end after a move without an answer": Fault(kind=Kind.CUT, command="UID MOVE", size=0),
    "end in the middle of a move": Fault(kind=Kind.PARTLY, command="UID MOVE", size=4),
    "end after the move's COPYUID": Fault(kind=Kind.CUT, command="UID MOVE", size=40),
    "a wrong tag": Fault(kind=Kind.WRONG_TAG, **BODY),
    "literals too short": Fault(kind=Kind.LITERAL_OFF, size=-9, **BODY),
    "literals too long": Fault(kind=Kind.LITERAL_OFF, size=9, **BODY),
    "a huge literal": Fault(kind=Kind.LITERAL_SAYS, text="3000000000", **BODY),
    "a literal beyond all numbers": Fault(kind=Kind.LITERAL_SAYS, text="9" * 40, **BODY),
    "a negative literal": Fault(kind=Kind.LITERAL_SAYS, text="-1", **BODY),
    "unavailable": Fault(kind=Kind.NO, text="[UNAVAILABLE] later", **BODY),
    "throttled at the login": Fault(kind=Kind.NO, command="LOGIN", text="[THROTTLED] later"),
    "over quota on a move": Fault(kind=Kind.NO, command="UID MOVE", text="[OVERQUOTA] full"),
    "refused without a reason": Fault(kind=Kind.NO, text="internal error", **BODY),
    "refused listing": Fault(kind=Kind.NO, command="UID SEARCH", text="internal error"),
    "wrong user or password": Fault(
        kind=Kind.NO, command="LOGIN", text="[AUTHENTICATIONFAILED] no"
    ),
    "answers in reverse order": Fault(kind=Kind.REVERSED, times=0, **BODY),
    "unasked lines": Fault(kind=Kind.UNTAGGED, text="* 3 FETCH (FLAGS (\\Seen))", times=0, **BODY),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_passes_leaves_no_trace(pair: Pair, fault: Fault) -> None:
    """After the fault the next rounds bring and settle every mail exactly once."""
    pair.faulty.fault(fault)
    pair.until_well()
    pair.until_well()  # what was moved without an answer is found in its new place
    pair.assert_whole(*TWENTY)
    assert pair.unfetchable() == {}


@pytest.mark.parametrize("size", [0, 1, 12, 30, 200, 333, 700, 1500, 2400])
def test_an_answer_cut_anywhere_leaves_no_trace(pair: Pair, size: int) -> None:
    """The connection ends after so many bytes of a FETCH answer: no part of a mail is kept."""
    pair.faulty.fault(Fault(kind=Kind.CUT, size=size, **BODY))
    pair.until_well()
    pair.assert_whole(*TWENTY)


def test_mails_the_server_does_not_answer_are_named_and_fetched_later(pair: Pair) -> None:
    """Two UIDs without an answer: the others come, these are named, and come when answered."""
    pair.faulty.fault(Fault(kind=Kind.OMIT, command="UID FETCH", uids=(3, 11), times=0))
    assert pair.round() is None
    assert sorted(pair.unfetchable()) == [3, 11]
    assert len(pair.held()) == 18
    pair.faulty.script.clear()
    pair.until_well()
    assert pair.unfetchable() == {}
    pair.assert_whole(*TWENTY)


def test_a_mail_that_always_breaks_the_connection_is_given_up(pair: Pair) -> None:
    """After three times it is named, all others have come; later, answered, it comes as well."""
    pair.faulty.fault(Fault(kind=Kind.DROP, naming=5, times=0, **BODY))
    pair.until_well()
    assert sorted(pair.unfetchable()) == [5]
    assert len(pair.held()) == 19
    pair.faulty.script.clear()
    pair.until_well()
    pair.assert_whole(*TWENTY)


@pytest.mark.parametrize("code", ["[THROTTLED]", "[OVERQUOTA]", "[UNAVAILABLE]"])
def test_two_hours_of_throttling_give_no_mail_up(pair: Pair, code: str) -> None:
    """However often the server says "later", no mail is blamed; afterwards all come."""
    pair.faulty.fault(Fault(kind=Kind.NO, text=f"{code} later", times=0, **BODY))
    for _ in range(6):
        assert isinstance(pair.round(), MailboxAway)
    with pair.house.store.read() as connection:
        failures = select(accounts.c.failures).where(accounts.c.name == "info")
        assert connection.scalar(failures) == 6
    assert pair.unfetchable() == {}
    pair.faulty.script.clear()
    assert pair.round() is None
    pair.assert_whole(*TWENTY)


def test_a_refusal_of_one_mail_does_not_stop_the_others(pair: Pair) -> None:
    """NO to every FETCH that asks for one broken mail: that one is named, nineteen come."""
    pair.faulty.fault(Fault(kind=Kind.NO, naming=9, text="broken index", times=0, **BODY))
    assert pair.round() is None
    assert list(pair.unfetchable()) == [9]
    assert "broken index" in pair.unfetchable()[9]
    assert len(pair.held()) == 19


def test_a_refusal_of_one_mails_size_does_not_stop_the_others(pair: Pair) -> None:
    """NO already where the size is asked for: that one is named, nineteen come."""
    pair.faulty.fault(
        Fault(kind=Kind.NO, naming=9, text="broken index", times=0, command="UID FETCH")
    )
    assert pair.round() is None
    assert list(pair.unfetchable()) == [9]
    assert "broken index" in pair.unfetchable()[9]
    assert len(pair.held()) == 19


def test_a_late_uid_below_the_cursor_is_fetched(pair: Pair) -> None:
    """A mail that appears under a number the cursor has passed is not overlooked."""
    late = pair.faulty.store.reserve("INBOX")
    pair.add(raw_mail(50))
    assert pair.round() is None
    pair.faulty.store.add("INBOX", raw_mail(51), uid=late)
    assert pair.round() is None
    assert len(pair.held()) == 22


def test_new_numbers_between_opening_and_fetching_lose_and_double_nothing(pair: Pair) -> None:
    """UIDVALIDITY changes after EXAMINE, with lower UIDs, while the FETCH is asked for."""

    def renumber(store: MailStore) -> None:
        store.remove("INBOX", 1, "EXPUNGE")
        store.change_uidvalidity("INBOX", first_uid=1)

    pair.faulty.fault(Fault(kind=Kind.ACT, act=renumber, **BODY))
    pair.until_well()
    pair.until_well()
    pair.assert_whole(*(raw for raw in TWENTY[1:]))


def test_new_numbers_before_the_moves_lose_and_double_nothing(pair: Pair) -> None:
    """UIDVALIDITY changes while moves are pending: they are planned again under the new numbers."""
    pair.faulty.fault(
        Fault(
            kind=Kind.ACT,
            command="SELECT",
            act=lambda store: store.change_uidvalidity("INBOX", first_uid=4),
        )
    )
    pair.until_well()
    pair.until_well()
    pair.assert_whole(*TWENTY)


def test_a_folder_that_is_gone_and_comes_back_loses_nothing(pair: Pair) -> None:
    """INBOX refused for a while: it is named; the account goes on, and the mails come later."""
    pair.faulty.fault(Fault(kind=Kind.NO, command="EXAMINE", text="[NONEXISTENT] none", times=3))
    assert pair.round() is None
    with pair.house.store.read() as connection:
        assert "INBOX" in (connection.scalar(select(accounts.c.last_error)) or "")
    pair.until_well()
    pair.assert_whole(*TWENTY)


def test_a_mail_deleted_during_the_fetch_is_no_fault(pair: Pair) -> None:
    """An expunge by somebody else in the middle of a FETCH: the rest comes, nothing is named."""
    pair.faulty.fault(
        Fault(
            kind=Kind.ACT_AFTER_FIRST,
            act=lambda store: store.remove("INBOX", 4, "EXPUNGE"),
            **BODY,
        )
    )
    assert pair.round() is None
    assert pair.unfetchable() == {}
    pair.assert_whole(*(raw for number, raw in enumerate(TWENTY, 1) if number != 4))


def test_a_move_of_ours_whose_copy_cannot_be_read_at_first_is_no_persons(pair: Pair) -> None:
    """The answer to MOVE is lost, and the server gives the moved mail only much later."""
    unread = [Fault(kind=Kind.OMIT, command="UID FETCH", uids=(uid,), times=0) for uid in (1, 2)]

    def lose_the_answer(_store: MailStore) -> None:
        pair.faulty.fault(*unread)

    pair.faulty.fault(Fault(kind=Kind.ACT, command="UID MOVE", act=lose_the_answer))
    pair.faulty.fault(Fault(kind=Kind.CUT, command="UID MOVE"))
    pair.until_well()
    with pair.house.store.read() as connection:
        ended = set(connection.scalars(select(actions.c.state)))
    assert "superseded" in ended
    pair.faulty.script.clear()
    pair.until_well()
    pair.assert_whole(*TWENTY)
    with pair.house.store.read() as connection:
        assert set(connection.scalars(select(actions.c.state))) == {"done"}


def test_a_listing_that_lacked_everything_is_put_right(pair: Pair) -> None:
    """An empty listing makes all mails "gone"; the next one has them back, and they are settled."""
    pair.faulty.fault(Fault(kind=Kind.NO, command="UID MOVE", text="[OVERQUOTA] full", times=0))
    assert isinstance(pair.round(), MailboxAway)
    raws = dict(pair.faulty.store.folder("INBOX").mails)
    pair.faulty.fault(
        Fault(
            kind=Kind.ACT,
            command="UID SEARCH",
            act=lambda store: store.folder("INBOX").mails.clear(),
        )
    )
    pair.round()
    pair.faulty.store.folder("INBOX").mails.update(raws)
    pair.faulty.script.clear()
    pair.until_well()
    with pair.house.store.read() as connection:
        inbox = select(folders.c.id).where(folders.c.name == "INBOX", folders.c.account == "info")
        gone = select(func.count()).where(
            deliveries.c.folder_id.in_(inbox), deliveries.c.gone_at.is_not(None)
        )
        still = len(pair.faulty.store.raws("INBOX"))
        assert connection.scalar(gone) == 20 - still
    assert pair.held() == pair.on_server()


@pytest.mark.parametrize("off", [-49_000_000, -10_000, 10_000, 60_000_000])
def test_a_wrong_announced_size_is_only_a_hint(pair: Pair, off: int) -> None:
    """Whatever RFC822.SIZE says of a 3 MB mail, its bytes are what was fetched."""
    raw = raw_mail(70, "beta", size=3_000_000)
    pair.add(raw)
    size = max(off, -2_999_000)
    pair.faulty.fault(Fault(kind=Kind.SIZE_OFF, command="UID FETCH", size=size, times=0))
    pair.until_well()
    pair.until_well()
    assert pair.unfetchable() == {}
    pair.assert_whole(*TWENTY, raw)


def test_a_large_mail_comes_in_slices(pair: Pair) -> None:
    """50 MB: fetched piece by piece, byte for byte, with nothing left in the spool."""
    raw = raw_mail(70, "beta", size=50_000_000)
    pair.add(raw)
    assert pair.round() is None
    pair.assert_whole(*TWENTY, raw)
    pieces = [text for text in pair.faulty.texts if "BODY.PEEK[]<" in text]
    assert len(pieces) > 10
    assert list((pair.settings.service.data_dir / "spool").iterdir()) == []


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_large_mail_deleted_between_slices_is_not_kept_in_part(pair: Pair, nth: int) -> None:
    """What was fetched of a mail that is deleted meanwhile is no mail."""
    (uid,) = pair.add(raw_mail(70, "beta", size=11_000_000))
    pair.faulty.fault(
        Fault(
            kind=Kind.ACT,
            command="UID FETCH",
            containing="BODY.PEEK[]<",
            nth=nth,
            act=lambda store: store.remove("INBOX", uid, "EXPUNGE"),
        )
    )
    assert pair.round() is None
    pair.until_well()
    assert pair.unfetchable() == {}
    pair.assert_whole(*TWENTY)


def test_a_connection_that_breaks_between_slices_starts_the_mail_again(pair: Pair) -> None:
    """The half file is dropped and the mail fetched anew."""
    raw = raw_mail(70, "beta", size=11_000_000)
    pair.add(raw)
    pair.faulty.fault(
        Fault(kind=Kind.CUT, command="UID FETCH", containing="BODY.PEEK[]<", nth=2, size=9000)
    )
    pair.until_well()
    pair.assert_whole(*TWENTY, raw)


def test_a_mail_over_the_limit_is_kept_with_its_header_and_the_limit_named(
    tmp_path: Path, fake_imap: FakeImap, quiet: FakeImap
) -> None:
    """Its header block is held, the row says why there is no more, and it is settled."""
    pair = Pair(tmp_path / "house", fake_imap, quiet)
    pair.settings = pair.settings.model_copy(
        update={"limits": pair.settings.limits.model_copy(update={"mail_bytes": 5_000_000})}
    )
    raw = raw_mail(70, "alfa", size=9_000_000)
    pair.add(*TWENTY, raw)
    with pair.opened():
        assert pair.round() is None
        with pair.house.store.read() as connection:
            row = connection.execute(select(mails).where(mails.c.cut.is_not(None))).one()
        assert row.cut == "mail_bytes"
        head = raw[: raw.index(b"\r\n\r\n") + 4]
        assert pair.held() == sorted([*TWENTY, head])
        assert raw in pair.faulty.store.raws("Queues/Alfa").values()
        assert pair.faulty.store.raws("INBOX") == {}


def test_a_server_that_is_away_is_met_again(pair: Pair) -> None:
    """Refused connections are an error of this account only; it comes back when the server does."""
    pair.faulty.stop()
    assert isinstance(pair.round(), MailboxAway)
    pair.faulty.start()
    pair.until_well()
    pair.assert_whole(*TWENTY)
