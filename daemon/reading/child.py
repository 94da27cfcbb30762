"""Frames of raw mails on standard input -> frames of readings on standard output.

The loop of a reading child. Started by `daemon.reading.process` as
`python -m daemon.reading.child PARENT_PID PAGE_FD`; PAGE_FD is one page of memory shared with the
parent, whose first four bytes say which mail of the frame is in hand. Writing a number there costs
nothing and survives any death, so the parent always knows whom to charge.
"""

import logging
import mmap
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

from daemon.reading.confine import cut_off, tie_to_parent
from daemon.reading.frames import HEADER, OUT_OF_MEMORY, Hello, Kind, Outcome, frame, items
from daemon.reading.reader import Mark, Reader
from daemon.reading.records import ReadingOptions
from daemon.records import Unreadable

Build = Callable[[ReadingOptions], Reader]


def main(build: Build = Reader) -> None:
    """Serve until standard input ends; `build` makes the reader of the options that come first."""
    tie_to_parent(int(sys.argv[1]))
    mark = _marker(int(sys.argv[2]))
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not land among the answers
    logging.disable()  # mail-parser's complaints quote the mail
    try:
        _serve(build, os.fdopen(0, "rb"), answers, mark)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _serve(build: Build, orders: BinaryIO, answers: BinaryIO, mark: Mark) -> None:
    reader: Reader | None = None
    while order := _next(orders):
        kind, wanted = order
        if kind is Kind.START or reader is None:
            reader = build(wanted[0])
            _send(answers, frame(Kind.START, [Outcome(answer=_hello(reader))]))
            continue
        _send(answers, _answer(reader, kind, wanted, mark))


def _hello(reader: Reader) -> Hello:
    """Confine the process, now that all it needs is loaded, and introduce it."""
    return Hello(model=reader.version, model_error=reader.model_error, is_confined=cut_off())


def _answer(reader: Reader, kind: Kind, wanted: Sequence[Any], mark: Mark) -> bytes:
    calls: dict[Kind, Callable[[Sequence[Any], Mark], Sequence[Outcome[Any]]]] = {
        Kind.READ: reader.read,
        Kind.VIEW: reader.view,
        Kind.REASONS: reader.reasons,
        Kind.CLASSIFY: reader.classify,
    }
    outcomes = calls[kind](wanted, mark)
    try:
        return frame(kind, outcomes)
    except UnicodeEncodeError:
        return frame(kind, [_encodable(kind, outcome) for outcome in outcomes])


def _encodable(kind: Kind, outcome: Outcome[Any]) -> Outcome[Any]:
    """Keep one mail's impossible characters from taking the whole frame with them."""
    try:
        frame(kind, [outcome])
    except UnicodeEncodeError:
        detail = "its text cannot be written as UTF-8"
        return Outcome(unreadable=Unreadable(reason="error", detail=detail))
    return outcome


def _next(orders: BinaryIO) -> tuple[Kind, tuple[Any, ...]] | None:
    """Read one order; `None` at the end of the stream."""
    header = orders.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    length, number = HEADER.unpack(header)
    kind = Kind(number)
    return kind, items(kind, orders.read(length))


def _send(answers: BinaryIO, whole: bytes) -> None:
    rest = memoryview(whole)
    while rest:
        rest = rest[answers.write(rest) :]


def _marker(descriptor: int) -> Mark:
    page = memoryview(mmap.mmap(descriptor, mmap.PAGESIZE)).cast("i")

    def mark(place: int) -> None:
        page[0] = place

    return mark


if __name__ == "__main__":
    main()
