"""Records <-> the frames on the pipes between the pool and a child.

A frame is the length of its payload (4 bytes, big-endian), its kind (1 byte) and the payload: a
msgpack array, one element per item. Every kind of order is answered by one frame of the same
kind with one `Outcome` per item, in the same order. msgpack is data only, and both sides decode
into the declared types, so neither can make the other run or build anything else.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import GenericAlias
from typing import Any, Generic, TypeVar

import msgspec

from daemon.reading.records import Judgement, PlainMail, ReadingOptions
from daemon.records import Mail, Reading, Unreadable

HEADER = struct.Struct(">IB")
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; what a child may make its parent hold

OUT_OF_MEMORY = 86  # exit status by which the parent knows a breach of the memory limit
TOLERANCE = 0.01  # of a sum of probabilities

T = TypeVar("T")


class Kind(IntEnum):
    """What is asked of a child."""

    START = 1
    READ = 2
    VIEW = 3
    REASONS = 4
    CLASSIFY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A raw mail, as bytes or as the file that holds them."""

    raw: bytes | None = None
    path: str | None = None

    @classmethod
    def of(cls, raw: bytes | Path) -> "Work":
        """Wrap what a caller gave."""
        return cls(raw=raw) if isinstance(raw, bytes) else cls(path=str(raw))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which words of a mail speak for a label; at most `top` of them."""

    work: Work
    label: str
    top: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainWork:
    """A plain mail, and how many reasons are wanted with its judgement."""

    mail: PlainMail
    reasons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a child says when it is ready.

    Attributes:
        model: version of the loaded model, `None` without one.
        model_error: why the model that was asked for is not loaded.
        is_confined: whether the kernel holds it off sockets, processes and writing.
    """

    model: str | None
    model_error: str | None
    is_confined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[T]):
    """The answer to one item: exactly one of the two is there."""

    answer: T | None = None
    unreadable: Unreadable | None = None


ITEM_TYPES: dict[Kind, Any] = {
    Kind.START: ReadingOptions,
    Kind.READ: Work,
    Kind.VIEW: Work,
    Kind.REASONS: Question,
    Kind.CLASSIFY: PlainWork,
}
OUTCOME_TYPES: dict[Kind, Any] = {
    Kind.START: Outcome[Hello],
    Kind.READ: Outcome[Reading],
    Kind.VIEW: Outcome[Mail],
    Kind.REASONS: Outcome[tuple[str, ...]],
    Kind.CLASSIFY: Outcome[Judgement],
}


def _path(wanted: type, value: object) -> object:
    """Make a Path again of the text it travels as; msgspec knows no paths."""
    return wanted(value)


_ENCODER = msgspec.msgpack.Encoder(enc_hook=str)
_ITEMS: dict[Kind, msgspec.msgpack.Decoder[tuple[Any, ...]]] = {
    kind: msgspec.msgpack.Decoder(GenericAlias(tuple, (element, ...)), dec_hook=_path)
    for kind, element in ITEM_TYPES.items()
}
_OUTCOMES: dict[Kind, msgspec.msgpack.Decoder[tuple[Outcome[Any], ...]]] = {
    kind: msgspec.msgpack.Decoder(GenericAlias(tuple, (outcome, ...)))
    for kind, outcome in OUTCOME_TYPES.items()
}


def frame(kind: Kind, elements: Sequence[object]) -> bytes:
    """Encode one frame; raises `UnicodeEncodeError` where a text has lone surrogates."""
    buffer = bytearray(HEADER.size)
    _ENCODER.encode_into(elements, buffer, HEADER.size)
    HEADER.pack_into(buffer, 0, len(buffer) - HEADER.size, kind)
    return bytes(buffer)


def items(kind: Kind, payload: bytes | memoryview) -> tuple[Any, ...]:
    """Decode an order; raises `msgspec.DecodeError` for anything but the declared type."""
    return _ITEMS[kind].decode(payload)


def outcomes(kind: Kind, payload: bytes | memoryview, count: int) -> tuple[Outcome[Any], ...]:
    """Decode an answer of `count` outcomes.

    Raises `msgspec.DecodeError` for anything but the declared type and `ValueError` for another
    count, an outcome that is none, and scores that are no probabilities.
    """
    answers = _OUTCOMES[kind].decode(payload)
    if len(answers) != count or not all(map(_is_sound, answers)):
        raise ValueError("the answer does not fit the order")
    return answers


def _is_sound(outcome: Outcome[Any]) -> bool:
    if (outcome.answer is None) == (outcome.unreadable is None):
        return False
    scores = getattr(outcome.answer, "scores", None)
    return scores is None or _are_probabilities(scores)


def _are_probabilities(scores: dict[str, float]) -> bool:
    return (
        bool(scores) and min(scores.values()) >= 0.0 and abs(sum(scores.values()) - 1) < TOLERANCE
    )
