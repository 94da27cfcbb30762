"""Batches -> answers, through one child after another; each lane is one thread of the pool."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from daemon.reading.errors import PoolClosed, ReaderEnded, ReadersAway
from daemon.reading.frames import Hello, Kind, Outcome
from daemon.reading.process import ReaderProcess
from daemon.reading.records import ReadingOptions
from daemon.reading.retry import Group, Task, after_end, first_groups
from daemon.records import Unreadable

LOG = logging.getLogger(__name__)
START_TRIES = 2

Outcomes = list[Outcome[Any]]


@dataclass(slots=True, kw_only=True)
class Batch:
    """Tasks of one kind that one lane works off, and who is told.

    Attributes:
        done: called once, with one outcome per task in the order of `tasks`.
        answers: place -> outcome, filled as they come.
        interruption: why what is left unanswered was not read.
    """

    kind: Kind
    tasks: Sequence[Task]
    done: Callable[[Outcomes], None]
    answers: dict[int, Outcome[Any]] = field(default_factory=dict)
    interruption: str = "reading stopped"

    def outcomes(self) -> Outcomes:
        """Return one outcome per task; what was not answered is `interrupted`."""
        return [self.answers.get(task.place) or self._interrupted() for task in self.tasks]

    def _interrupted(self) -> Outcome[Any]:
        return Outcome(unreadable=Unreadable(reason="interrupted", detail=self.interruption))


class Lane:
    """A thread's child, and how batches fare with it.

    Everything but `pid` and `hello` belongs to one thread: the kernel kills a child when the
    thread that started it ends.

    Args:
        before_retry: see `ReadingPool`.
        is_stopping: asked often; once true, what is left is answered `interrupted`.
    """

    def __init__(
        self,
        options: ReadingOptions,
        before_retry: Callable[[int], None],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._options = options
        self._before_retry = before_retry
        self._is_stopping = is_stopping
        self._process: ReaderProcess | None = None
        self.hello: Hello | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child; `None` between two."""
        process = self._process
        return None if process is None else process.pid

    def serve(self, batch: Batch) -> None:
        """Work a batch off and tell its owner, whatever happens."""
        try:
            self._work_off(batch)
        except (ReadersAway, PoolClosed) as error:
            batch.interruption = str(error)
        except Exception:
            # The rim of this thread: the batch is answered, and the child, in whatever state,
            # is not used again.
            LOG.exception("reading lane failed", extra={"action": "reading_lane_failed"})
            batch.interruption = "reading failed unexpectedly; see the log"
            self.end()
        _tell(batch)

    def start(self) -> ReaderProcess:
        """Return a child fit for work; raises `ReadersAway` or `PoolClosed`."""
        if self._process is not None and (not self._process.is_alive or self._process.is_worn):
            self.end()
        if self._process is None:
            self._process = self._started(START_TRIES)
            self.hello = self._process.hello
        return self._process

    def end(self) -> None:
        """End the child, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def _started(self, tries: int) -> ReaderProcess:
        if self._is_stopping():
            raise PoolClosed
        try:
            return ReaderProcess(self._options, self._is_stopping)
        except ReadersAway as error:
            LOG.warning("reader not started", extra={"action": "reader_start", "why": str(error)})
            if tries <= 1:
                raise
            return self._started(tries - 1)

    def _work_off(self, batch: Batch) -> None:
        groups = deque(first_groups(batch.tasks))
        while groups:
            group = groups.popleft()
            if self._is_announced(group, batch):
                groups.extend(self._attempt(group, batch))

    def _is_announced(self, group: Group, batch: Batch) -> bool:
        """Have the attempt committed before a child sees a mail again; say if it was."""
        task = group[0]
        if not task.is_retry or task.key is None:
            return True
        try:
            self._before_retry(task.key)
        except Exception:
            # A hook of the caller's: an attempt that is not in the ledger may not begin.
            LOG.exception("attempt not committed", extra={"action": "reading_attempt"})
            detail = "the attempt could not be committed"
            why = Unreadable(reason="interrupted", detail=detail)
            batch.answers[task.place] = Outcome(unreadable=why)
            return False
        return True

    def _attempt(self, group: Group, batch: Batch) -> tuple[Group, ...]:
        """Read a group; return the groups that are left to read because of its child's end."""
        process = self.start()
        try:
            outcomes = process.ask(batch.kind, [task.element for task in group])
        except ReaderEnded as end:
            self._process = None
            _log_end(end, len(group))
            plan = after_end(group, end)
            for task, why in plan.given_up:
                batch.answers[task.place] = Outcome(unreadable=why)
            return plan.groups
        except PoolClosed:
            self._process = None
            raise
        for task, outcome in zip(group, outcomes, strict=True):
            batch.answers[task.place] = outcome
        return ()


def _tell(batch: Batch) -> None:
    try:
        batch.done(batch.outcomes())
    except Exception:
        # A hook of the caller's; the lane goes on for the other callers.
        LOG.exception("receiver of readings failed", extra={"action": "reading_receiver_failed"})


def _log_end(end: ReaderEnded, mails: int) -> None:
    facts = {"action": "reader_ended", "reason": end.reason, "place": end.place, "mails": mails}
    LOG.warning("reader ended: %s", end.detail, extra=facts)
