"""Intake decides, touching nothing: what to fetch, how long to wait, who moved a mail."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.intake.moves import OwnMove, Place, Sighting, explain
from daemon.intake.plan import back_off_s, batches, compare, cursor, is_live
from tests.builders import MORNING

uids = st.sets(st.integers(1, 60), max_size=40)
sizes = st.dictionaries(st.integers(1, 10_000), st.integers(-5, 5_000), max_size=60)
moments = st.integers(0, 6).map(lambda minute: MORNING + timedelta(minutes=minute))
maybe_moments = st.none() | moments
names = st.sampled_from(["INBOX", "Alfa", "Beta"])


@given(uids, uids, st.data())
def test_a_listing_says_of_every_uid_what_changed(
    server: set[int], held: set[int], data: st.DataObject
) -> None:
    """New, gone and back are told apart, ascending, and nothing else is named."""
    present = data.draw(st.sets(st.sampled_from(sorted(held)))) if held else set()
    listing = compare(server, held, present)
    assert set(listing.new) == server - held
    assert set(listing.gone) == present - server
    assert set(listing.back) == (held - present) & server
    for part in (listing.new, listing.gone, listing.back):
        assert list(part) == sorted(set(part))


@given(uids, uids)
def test_after_a_listing_is_carried_out_the_next_is_empty(server: set[int], held: set[int]) -> None:
    """Rows for what is new, marks for what is gone: then nothing more is to be done."""
    listing = compare(server, held, held)
    held |= set(listing.new)
    assert compare(server, held, held - set(listing.gone)) == replace(
        listing, new=(), gone=(), back=()
    )


@given(sizes, st.integers(1, 20), st.integers(1, 9_000))
def test_batches_ask_for_each_mail_once_within_the_limits(
    announced: dict[int, int], mails: int, size: int
) -> None:
    """In ascending order, never too many or too large, unless a single mail is."""
    cut = list(batches(announced, mails, size))
    assert [uid for batch in cut for uid in batch.uids] == sorted(announced)
    for batch in cut:
        assert 1 <= len(batch.uids) <= mails
        assert batch.size == sum(max(announced[uid], 0) for uid in batch.uids)
        assert batch.size <= size or len(batch.uids) == 1


@given(uids, uids)
def test_the_cursor_passes_nothing_without_a_row(held: set[int], server: set[int]) -> None:
    """Everything up to it has a row, and the next mail on the server has none."""
    reached = cursor(held, server)
    assert all(uid in held for uid in server if uid <= reached)
    beyond = sorted(uid for uid in server if uid > reached)
    assert not beyond or beyond[0] not in held


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.dates(date(2020, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_day_goes_live_as_a_whole(moment: datetime, day: date) -> None:
    """The house's calendar date of the receipt decides, in every zone and on both DST nights."""
    for zone in map(ZoneInfo, ("Europe/Rome", "Europe/Warsaw", "America/New_York", "UTC")):
        received = moment.replace(tzinfo=zone)
        assert is_live(received, day, zone) is (received.date() >= day)
        assert not is_live(received, None, zone)


@given(st.integers(-3, 5000), st.floats(0.01, 100), st.floats(0.01, 10_000))
def test_waiting_grows_and_stays_within_its_bounds(
    failures: int, first_s: float, most_s: float
) -> None:
    """Never longer than the most, never shorter than half of what is due, 0 without failures."""
    wait_s = back_off_s(failures, first_s, most_s)
    if failures <= 0:
        assert wait_s == 0
        return
    due = min(most_s, first_s * 2 ** min(failures - 1, 30))
    assert due / 2 <= wait_s <= due


@st.composite
def situations(draw: st.DrawFn) -> tuple[Sighting, list[Place], list[OwnMove]]:
    """Draw a mail that turned up, its other places, and our moves of it."""
    seen = Sighting(
        delivery_id=99, folder=draw(names), seen_at=draw(moments), listed_at=draw(moments)
    )
    places = [
        Place(
            delivery_id=number,
            folder=draw(names),
            gone_at=draw(maybe_moments),
            listed_at=draw(maybe_moments),
            explains=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    moves = [
        OwnMove(
            action_id=100 + place.delivery_id,
            delivery_id=place.delivery_id,
            target=draw(names),
            state=draw(st.sampled_from(["planned", "issued", "done", "superseded", "failed"])),
            was_issued=draw(st.booleans()),
            target_listed_at=draw(maybe_moments),
            finished_at=draw(maybe_moments),
        )
        for place in places
        if draw(st.booleans())
    ]
    return seen, places, moves


@given(situations())
def test_a_move_is_a_persons_only_on_evidence(
    situation: tuple[Sighting, list[Place], list[OwnMove]],
) -> None:
    """Gone elsewhere, explaining nothing else, and no move of ours that could have led here."""
    seen, places, moves = situation
    found = explain(seen, places, moves)
    if found is None or found.outcome != "person":
        return  # most situations are something else
    source = next(p for p in places if p.delivery_id == found.from_delivery_id)
    assert source.gone_at is not None
    assert not source.explains
    assert source.folder != seen.folder
    assert not [m for m in moves if m.target == seen.folder and m.state in ("issued", "done")]
    assert not [m for m in moves if m.delivery_id == source.delivery_id and m.state == "issued"]


@given(situations())
def test_a_move_is_ours_whenever_one_of_ours_led_there(
    situation: tuple[Sighting, list[Place], list[OwnMove]],
) -> None:
    """An issued or done move to this folder claims the appearance; a given-up one only rarely."""
    seen, places, moves = situation
    moves = [move for move in moves if move.state != "superseded"]
    leading = {
        m.action_id for m in moves if m.target == seen.folder and m.state in ("issued", "done")
    }
    found = explain(seen, places, moves)
    assert (found is not None and found.outcome == "own") is bool(leading)
    assert found is None or found.action_id is None or found.action_id in leading


def given_up(state: str = "superseded", **changes: object) -> OwnMove:
    """Return a move to Complaints that was issued, and given up at MORNING."""
    move = OwnMove(
        action_id=7,
        delivery_id=1,
        target="Complaints",
        state=state,
        was_issued=True,
        target_listed_at=MORNING,
        finished_at=MORNING,
    )
    return replace(move, **changes)


def late_copy(listed_at: datetime) -> tuple[Sighting, list[Place]]:
    """Return a mail that is known in Complaints now, its UID met at a moment; gone from INBOX."""
    late = MORNING + timedelta(hours=2)
    seen = Sighting(delivery_id=99, folder="Complaints", seen_at=late, listed_at=listed_at)
    inbox = Place(delivery_id=1, folder="INBOX", gone_at=MORNING, listed_at=late, explains=False)
    return seen, [inbox]


def test_what_stood_unread_in_the_target_when_a_move_was_given_up_was_moved_by_us() -> None:
    """The server did not give it; somebody else would have had to move it in the same moment."""
    found = explain(*late_copy(MORNING), [given_up()])
    assert found is not None
    assert (found.outcome, found.action_id) == ("own", 7)


@pytest.mark.parametrize("never_sent", [False, True])
def test_what_came_after_a_move_was_given_up_was_moved_by_a_person(*, never_sent: bool) -> None:
    """However long ago; nor can a move have led anywhere whose command was never sent."""
    at = MORNING if never_sent else MORNING + timedelta(seconds=1)
    found = explain(*late_copy(at), [given_up(was_issued=not never_sent)])
    assert found is not None
    assert found.outcome == "person"


def test_a_move_that_took_place_goes_before_one_that_was_given_up() -> None:
    """Else the one that took place would be free to claim the next move of a person."""
    moves = [given_up(), given_up("done", action_id=8)]
    found = explain(*late_copy(MORNING), moves)
    assert found is not None
    assert found.action_id == 8


@given(situations())
def test_a_copy_is_called_one_only_after_everything_was_listed_again(
    situation: tuple[Sighting, list[Place], list[OwnMove]],
) -> None:
    """While a source may turn out to be gone, nothing is said."""
    seen, places, moves = situation
    found = explain(seen, places, moves)
    if found is None or found.outcome != "copy":
        return
    present = [place for place in places if place.gone_at is None]
    assert all(place.listed_at and place.listed_at >= seen.seen_at for place in present)


@given(situations())
def test_once_all_is_listed_everything_is_explained(
    situation: tuple[Sighting, list[Place], list[OwnMove]],
) -> None:
    """No appearance stays open for ever: with listings after the fact there is an answer."""
    seen, places, moves = situation
    late = MORNING + timedelta(hours=1)
    assert explain(seen, listed(places, late), ended(moves, late)) is not None


def listed(places: Sequence[Place], moment: datetime) -> list[Place]:
    """Say that every folder was listed at a moment."""
    return [replace(place, listed_at=moment) for place in places]


def ended(moves: Sequence[OwnMove], moment: datetime) -> list[OwnMove]:
    """Say that every issued move has ended by a moment."""
    # Settling runs in every round: an issued move ends as soon as its target was listed.
    return [
        replace(
            move, target_listed_at=moment, state="done" if move.state == "issued" else move.state
        )
        for move in moves
    ]
