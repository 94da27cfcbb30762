"""Frames carry records whole, and nothing else gets through."""

import math
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.reading.frames import HEADER, Kind, Outcome, Work, frame, items, outcomes
from daemon.reading.records import ReadingOptions
from daemon.records import Address, Attachment, Automatic, Reading, Unreadable

READING = Reading(
    content_digest=bytes(32),
    message_id="<1@mare.example>",
    in_reply_to=None,
    references=("<0@mare.example>",),
    subject="Boa persa ✓",
    sender=Address(name="Zoë", email="zoe@mare.example"),
    reply_to=(),
    to=(Address(name="", email="info@porto.example"),),
    cc=(),
    sent_at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    headers=(("x-priority", "1"),),
    attachments=(Attachment(filename="a.pdf", media_type="application/pdf", size=3, sha256=b"1"),),
    automatic=Automatic.AUTO_REPLY,
    list_id=None,
    language="it",
    scores={"complaint": 0.75, "other": 0.25},
    model="1",
    pec_received_at=None,
    hop_received_at=None,
    snippet="",
)


def answered(*answers: Outcome[Reading]) -> bytes:
    """Return the payload of an answer to READ."""
    return frame(Kind.READ, answers)[HEADER.size :]


def test_a_reading_comes_back_equal() -> None:
    """Times stay aware, tuples stay tuples, enums stay enums."""
    assert outcomes(Kind.READ, answered(Outcome(answer=READING)), 1)[0].answer == READING


def test_options_come_back_equal() -> None:
    """Paths and nested limits included."""
    options = ReadingOptions(model_dir=Path("/srv/model"), wanted_headers=("x-a",))
    assert items(Kind.START, frame(Kind.START, [options])[HEADER.size :]) == (options,)


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_raw_mails_come_back_equal(raws: list[bytes]) -> None:
    """Any bytes, any number of mails; the header tells length and kind."""
    works = tuple(map(Work.of, raws))
    whole = frame(Kind.READ, works)
    assert HEADER.unpack_from(whole) == (len(whole) - HEADER.size, Kind.READ)
    assert items(Kind.READ, whole[HEADER.size :]) == works


@given(st.binary(max_size=400), st.sampled_from(list(Kind)))
def test_strange_bytes_are_refused_and_do_no_harm(payload: bytes, kind: Kind) -> None:
    """The parent sees one of two errors, or records of the declared type."""
    try:
        answers = outcomes(kind, payload, 1)
    except (msgspec.MsgspecError, ValueError):
        return
    assert all(isinstance(answer, Outcome) for answer in answers)


@given(st.data())
def test_a_damaged_answer_is_refused_or_still_typed(data: st.DataObject) -> None:
    """One byte changed anywhere: never another exception, never another type."""
    payload = bytearray(answered(Outcome(answer=READING)))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] = data.draw(st.integers(0, 255))
    try:
        (answer,) = outcomes(Kind.READ, bytes(payload), 1)
    except (msgspec.MsgspecError, ValueError):
        return
    assert isinstance(answer.answer, Reading | None)


@pytest.mark.parametrize(
    "scores", [{}, {"other": math.nan}, {"other": 2.0}, {"other": 1.5, "request": -0.5}]
)
def test_scores_that_are_no_probabilities_are_refused(scores: dict[str, float]) -> None:
    """A child taken over by a mail cannot put a NaN into the ledger."""
    fields = {name: getattr(READING, name) for name in Reading.__slots__} | {"scores": scores}
    with pytest.raises(ValueError, match="does not fit"):
        outcomes(Kind.READ, answered(Outcome(answer=Reading(**fields))), 1)


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        (Outcome(answer=READING), Outcome(answer=READING)),
        (Outcome(),),
        (Outcome(answer=READING, unreadable=Unreadable(reason="error", detail="")),),
    ],
)
def test_an_answer_that_does_not_fit_the_order_is_refused(
    wrong: tuple[Outcome[Reading], ...],
) -> None:
    """One outcome per item, each either an answer or a reason why not."""
    with pytest.raises(ValueError, match="does not fit"):
        outcomes(Kind.READ, answered(*wrong), 1)
