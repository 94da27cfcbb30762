"""Orders -> outcomes, by one child process that is watched and can be killed.

The parent's side of `daemon.reading.child`. Everything a hostile mail could do to its child ends
here as `ReaderEnded`.
"""

import contextlib
import mmap
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import Any

import msgspec

from daemon.reading.errors import PoolClosed, ReaderEnded, ReadersAway
from daemon.reading.frames import OUT_OF_MEMORY, Hello, Kind, Outcome, frame, outcomes
from daemon.reading.pipes import Malformed, Pipes
from daemon.reading.records import ReadingOptions
from daemon.reading.watch import Allowance, Watch, memory

TICK_S = 0.03  # how often a busy child is looked at
GOODBYE_S = 2.0
START_S = 60.0  # to import the libraries and load the models, on a loaded machine
GROWTH_BYTES = 128 * 1024 * 1024  # resident, above what the warm child held
LONGEST_LIFE = 20_000  # mails
RECEIVING = -1  # the place of a child that still takes its order in

_STACK_MARKS = ("Fatal Python error", '  File "')


class ReaderProcess:
    """One started child. Not thread-safe: it belongs to the thread that started it.

    Args:
        options: how it is to read.
        is_stopping: asked at each look; once true, whatever is under way raises `PoolClosed`.

    Raises:
        ReadersAway: the child could not be started.
    """

    def __init__(self, options: ReadingOptions, is_stopping: Callable[[], bool]) -> None:
        self._is_stopping = is_stopping
        self._allowance = Allowance(cpu_s=START_S, wall_s=START_S)
        self._mails = self._count = 0
        self._spawn(options.child_module)
        try:
            self.hello = self._greet(options)
            self._resident = self._cap_memory(options.limits.memory_bytes)
        except OSError as error:  # it died just after its greeting, or may not be limited
            self.kill()
            raise ReadersAway(f"no reader could be limited: {error}") from error
        self._allowance = Allowance(cpu_s=options.limits.cpu_s, wall_s=options.limits.wall_s)

    @property
    def pid(self) -> int:
        """Process id, valid until `kill`."""
        return self._child.pid

    @property
    def is_worn(self) -> bool:
        """Whether it has read or grown so much that another should take its place."""
        grown = memory(self.pid).resident - self._resident
        return self._mails >= LONGEST_LIFE or grown > GROWTH_BYTES

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._child.poll() is None

    def ask(self, kind: Kind, elements: Sequence[object]) -> tuple[Outcome[Any], ...]:
        """Send one order and wait for its outcomes, one per element and in their order.

        Raises `ReaderEnded`, after which the child is gone, or `PoolClosed`, likewise.
        """
        self._count = len(elements)
        self._mails += self._count
        try:
            payload = self._exchange(kind, frame(kind, elements))
            return outcomes(kind, payload, self._count)
        except (Malformed, msgspec.MsgspecError, ValueError) as error:
            self.kill()
            detail = "the reader gave a malformed answer"
            raise ReaderEnded(self._count, "crash", detail) from error

    def kill(self) -> None:
        """End the child at once and leave nothing of it behind; harmless when repeated."""
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        self._pipes.complaint()
        self._pipes.close()

    def _spawn(self, module: str) -> None:
        page = os.memfd_create("place")
        try:
            os.ftruncate(page, mmap.PAGESIZE)
            self._page = memoryview(mmap.mmap(page, mmap.PAGESIZE)).cast("i")
            command = [sys.executable, "-P", "-s", "-m", module, str(os.getpid()), str(page)]
            self._child = Popen(  # noqa: S603 - our own interpreter and our own module
                command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                bufsize=0,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                pass_fds=(page,),
            )
        except OSError as error:
            raise ReadersAway(f"no reader could be started: {error}") from error
        finally:
            os.close(page)
        self._pipes = Pipes(self._child)

    def _greet(self, options: ReadingOptions) -> Hello:
        try:
            outcome = self.ask(Kind.START, [options])[0]
        except ReaderEnded as end:
            # No mail has been near it, so its last words may be repeated.
            last = self._pipes.complaint().strip().rpartition("\n")[2][:300]
            raise ReadersAway(f"no reader could be started: {end.detail}; {last}") from end
        if not isinstance(outcome.answer, Hello):
            self.kill()
            raise ReadersAway(f"no reader could be started: {outcome.unreadable}")
        return outcome.answer

    def _cap_memory(self, extra_bytes: int) -> int:
        """Limit the address space to what is held now and `extra_bytes`; return the resident."""
        held = memory(self.pid)
        cap = held.space + extra_bytes
        resource.prlimit(self.pid, resource.RLIMIT_AS, (cap, cap))
        return held.resident

    def _exchange(self, kind: Kind, order: bytes) -> memoryview:
        self._page[0] = RECEIVING
        watch = Watch(self.pid, self._allowance)
        self._pipes.send(order)
        while True:
            self._pipes.turn(TICK_S)
            if (payload := self._pipes.answer(kind)) is not None:
                return payload
            self._check(watch)

    def _check(self, watch: Watch) -> None:
        place = self._place()
        if self._pipes.is_over:
            raise self._ended()
        if self._is_stopping():
            self.kill()
            raise PoolClosed
        if limit := watch.breach(place):
            self.kill()
            raise ReaderEnded(place, limit, f"limit {limit} exceeded while it was read")

    def _ended(self) -> ReaderEnded:
        """Bury a child that ended by itself, and say of what."""
        with contextlib.suppress(TimeoutExpired):  # it may have closed its answers and live on
            self._child.wait(GOODBYE_S)
        self.kill()
        code, place = self._child.returncode, self._place()
        if code == OUT_OF_MEMORY:
            return ReaderEnded(place, "memory", "limit memory exceeded while it was read")
        how = f"died with signal {-code}" if code < 0 else f"ended with status {code}"
        return ReaderEnded(place, "crash", f"the reader {how}", self._stack())

    def _place(self) -> int:
        """Return which mail is in hand; the child may have written anything there."""
        return min(max(self._page[0], RECEIVING), self._count)

    def _stack(self) -> str:
        """Return where it stood; frames only, so that no word of a mail comes along."""
        lines = self._pipes.complaint().splitlines()
        return "\n".join(line for line in lines if line.startswith(_STACK_MARKS))


def _environment() -> dict[str, str]:
    """Return all that a child gets to see: no secret of the service's, and our import path."""
    roots = [str(Path(root).absolute()) for root in sys.path]
    kept = {name: os.environ[name] for name in ("TMPDIR",) if name in os.environ}
    return kept | {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(roots),
        "PYTHONDONTWRITEBYTECODE": "1",  # it may not write files
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "1",
    }
