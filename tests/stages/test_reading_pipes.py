"""Frames through real pipes: whole, of any size, and never more than the parent can bear."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen, run

import pytest

from daemon.reading.frames import HEADER, LARGEST_ANSWER, Kind, Work, frame
from daemon.reading.pipes import COMPLAINT_BYTES, Malformed, Pipes

TURNS = 20_000  # of up to 10 ms each; only a broken exchange uses them up
READ = frame(Kind.READ, [])


@contextmanager
def pipes_to(*command: str) -> Iterator[Pipes]:
    """Start a program and hand out the parent's ends of its pipes."""
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, bufsize=0) as child:
        pipes = Pipes(child)
        try:
            yield pipes
        finally:
            child.kill()
            pipes.close()


def answer_of(pipes: Pipes) -> bytes | None:
    """Turn until there is an answer; `None` when the program ended without one."""
    for _ in range(TURNS):
        pipes.turn(0.01)
        if (payload := pipes.answer(Kind.READ)) is not None:
            return bytes(payload)
        if pipes.is_over:
            return None
    raise AssertionError("neither an answer nor an end")


def saying(answer: bytes) -> tuple[str, ...]:
    """Return the command of a program that takes an order in, then writes `answer` and waits."""
    program = (
        f"import sys; sys.stdin.buffer.read({len(READ)}); "
        f"sys.stdout.buffer.write(bytes.fromhex('{answer.hex()}')); sys.stdout.flush(); "
        "sys.stdin.buffer.read()"
    )
    return (sys.executable, "-S", "-c", program)


@pytest.mark.parametrize("size", [0, 1, 70_000, 5_000_000])
def test_frames_larger_than_a_pipe_pass_both_ways_at_once(size: int) -> None:
    """`cat` answers while it is still being asked: whoever blocks on one side never ends."""
    whole = frame(Kind.READ, [Work(raw=bytes(size))])
    with pipes_to("/bin/cat") as pipes:
        for _ in range(3):
            pipes.send(whole)
            assert answer_of(pipes) == whole[HEADER.size :]


@pytest.mark.parametrize(
    "answer",
    [
        HEADER.pack(LARGEST_ANSWER + 1, Kind.READ),
        HEADER.pack(2**32 - 1, Kind.READ),
        HEADER.pack(0, Kind.VIEW),
        HEADER.pack(0, 250),
        HEADER.pack(1, Kind.READ) + b"ab",
    ],
)
def test_what_is_no_frame_is_refused_before_it_is_held(answer: bytes) -> None:
    """Too long by its own word, of another kind, or with bytes to spare."""
    with pipes_to(*saying(answer)) as pipes:
        pipes.send(READ)
        with pytest.raises(Malformed):
            answer_of(pipes)


def test_half_a_frame_is_no_answer() -> None:
    """A program that ends in the middle has ended without one."""
    program = f"import sys; sys.stdout.buffer.write({HEADER.pack(10, Kind.READ)!r} + b'abc')"
    with pipes_to(sys.executable, "-S", "-c", program) as pipes:
        pipes.send(READ)
        assert answer_of(pipes) is None


def test_only_the_end_of_a_long_complaint_is_kept() -> None:
    """A program that fills its standard error neither blocks nor fills the parent."""
    program = "import sys; sys.stderr.write('x' * 3_000_000 + 'last words')"
    with pipes_to(sys.executable, "-S", "-c", program) as pipes:
        pipes.send(READ)
        assert answer_of(pipes) is None
        assert len(pipes.complaint()) <= COMPLAINT_BYTES
        assert pipes.complaint().endswith("last words")


def test_the_parent_loads_nothing_that_only_children_need() -> None:
    """The pool itself imports neither the parsers nor the models: it stays small and safe."""
    program = (
        "import sys, daemon.reading.pool; "
        "print({'numpy', 'sklearn', 'py3langid', 'mailparser', 'selectolax'} & set(sys.modules))"
    )
    done = run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "set()"
