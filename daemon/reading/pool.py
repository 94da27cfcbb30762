"""Batches of raw mails -> readings, in children that can be killed.

Thread-safe: any thread may submit; answers come on the pool's own threads, one per child.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from daemon.clock import monotonic
from daemon.errors import BackdeskError, MailError
from daemon.reading.errors import PoolClosed, ReadersAway
from daemon.reading.frames import Hello, Kind, Outcome, PlainWork, Question, Work
from daemon.reading.lane import Batch, Lane, Outcomes
from daemon.reading.records import Job, Judgement, PlainMail, ReadingOptions
from daemon.reading.retry import Task
from daemon.records import Mail, Reading, Unreadable

BATCH = 50  # mails, where the pool itself cuts
PATIENCE_S = 5.0  # for a killed child to be buried

Answer = tuple[int, Reading | Unreadable]
Done = Callable[[list[Answer]], None]
Errand = Callable[[Lane], None]


class ReadingPool:
    """`workers` children, started when first needed, replaced when they die or grow.

    Args:
        before_retry: called with a job's key, on a pool thread, before each time a child sees
            that mail again on its own, also when an earlier process saw it (`Job.attempts`); the
            place to commit the attempt in the ledger. If it
            raises, the mail is answered `interrupted` and not read.
    """

    def __init__(
        self,
        options: ReadingOptions,
        workers: int,
        *,
        before_retry: Callable[[int], None] = lambda _key: None,
    ) -> None:
        self._queue: deque[Errand] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._kill_from = float("inf")  # monotonic; from then on children are killed
        self._lanes = [Lane(options, before_retry, self._is_stopping) for _ in range(workers)]
        self._inboxes: list[deque[Errand]] = [deque() for _ in self._lanes]
        self._threads = [
            threading.Thread(target=self._run, args=pair, name=f"reading-{number}", daemon=True)
            for number, pair in enumerate(zip(self._lanes, self._inboxes, strict=True))
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        """Return the pool; its children start when first needed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, dropping what is queued if an error is on its way."""
        self.close(10.0 if kind is None else 0.0)

    def submit(self, jobs: Sequence[Job], done: Done) -> None:
        """Queue one batch and return at once; one child reads it, so submit several batches.

        `done` is called exactly once, on a pool thread, with one answer per job in the order of
        `jobs`. It must not raise (it is logged and dropped if it does) and should not take long:
        the child waits meanwhile. 20 to 100 mails per batch are a good size. The queue has no
        bound: the caller bounds the bytes in flight.

        `Unreadable.reason` is the limit's name (also `cpu_s`, `wall_s`, `memory`), `crash` (the
        third attempt that killed its child), `error` (with traceback), or `interrupted`: the
        pool was closed or no child could be started; the mail is not at fault and is to be
        read again later, not quarantined.

        Raises:
            PoolClosed: nothing was queued.
        """
        keys = [job.key for job in jobs]

        def tell(outcomes: Outcomes) -> None:
            done(list(zip(keys, map(_one, outcomes), strict=True)))

        tasks = [_task(place, job) for place, job in enumerate(jobs)]
        self._put(Batch(kind=Kind.READ, tasks=tasks, done=tell))

    def read(self, jobs: Sequence[Job]) -> list[Answer]:
        """Read `jobs` on all children and wait; answers in the order of `jobs`."""
        answers: list[Future[list[Answer]]] = []
        for start in range(0, len(jobs), BATCH):
            answers.append(Future())
            self.submit(jobs[start : start + BATCH], answers[-1].set_result)
        return [answer for future in answers for answer in future.result()]

    def view(self, raw: bytes | Path) -> Mail:
        """Read one mail whole, for people to see; raises `MailError` or `ReadersAway`."""
        mail: Mail = self._ask(Kind.VIEW, Work.of(raw))
        return mail

    def reasons(self, raw: bytes | Path, label: str, top: int = 5) -> list[str]:
        """Say which words and traits of a mail speak for `label`; empty without a model.

        Raises `MailError` or `ReadersAway`.
        """
        return list(self._ask(Kind.REASONS, Question(work=Work.of(raw), label=label, top=top)))

    def classify(self, mails: Sequence[PlainMail], *, reasons: int = 0) -> list[Judgement]:
        """Judge mails known by their text only, in order, each with at most `reasons` reasons.

        Raises `MailError` for a mail that cannot be judged, or `ReadersAway`.
        """
        futures = []
        for start in range(0, len(mails), BATCH):
            works = [PlainWork(mail=mail, reasons=reasons) for mail in mails[start : start + BATCH]]
            futures.append(self._queued(Kind.CLASSIFY, works))
        return [_answer(outcome) for future in futures for outcome in future.result()]

    def warm(self) -> None:
        """Start all children and load what they need; raises `ReadersAway` if one cannot."""
        started: list[Future[None]] = [Future() for _ in self._lanes]
        with self._changed:
            self._refuse_when_closed()
            for inbox, future in zip(self._inboxes, started, strict=True):
                inbox.append(partial(_start, future=future))
            self._changed.notify_all()
        for future in started:
            future.result()

    @property
    def model(self) -> str | None:
        """Version of the model in use; `None` before a child was started or without one."""
        return next((hello.model for hello in self._hellos() if hello.model), None)

    @property
    def model_error(self) -> str | None:
        """Why the configured model is not in use; `None` when it is, or none is configured."""
        return next((hello.model_error for hello in self._hellos() if hello.model_error), None)

    @property
    def is_confined(self) -> bool:
        """Whether the kernel holds all children started so far off sockets and processes."""
        return all(hello.is_confined for hello in self._hellos())

    def pids(self) -> tuple[int, ...]:
        """Return the process ids of the living children."""
        return tuple(pid for lane in self._lanes if (pid := lane.pid) is not None)

    def close(self, deadline_s: float = 10.0) -> None:
        """Finish what is queued within the deadline, answer the rest `interrupted`, end children.

        May be called again, also to shorten the deadline of a call under way.
        """
        with self._changed:
            self._is_closed = True
            self._kill_from = min(self._kill_from, monotonic() + deadline_s)
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, self._kill_from - monotonic()) + PATIENCE_S)

    def _hellos(self) -> list[Hello]:
        return [lane.hello for lane in self._lanes if lane.hello is not None]

    def _is_stopping(self) -> bool:
        return monotonic() >= self._kill_from

    def _put(self, batch: Batch, *, is_urgent: bool = False) -> None:
        with self._changed:
            self._refuse_when_closed()
            add = self._queue.appendleft if is_urgent else self._queue.append
            add(lambda lane: lane.serve(batch))
            self._changed.notify_all()

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise PoolClosed

    def _queued(
        self, kind: Kind, elements: Sequence[object], *, is_urgent: bool = False
    ) -> "Future[Outcomes]":
        future: Future[Outcomes] = Future()
        tasks = [Task(place=place, element=element) for place, element in enumerate(elements)]
        self._put(Batch(kind=kind, tasks=tasks, done=future.set_result), is_urgent=is_urgent)
        return future

    def _ask(self, kind: Kind, element: object) -> Any:  # noqa: ANN401 - typed by the kind
        """Ask one thing ahead of all that is queued: a person is waiting."""
        return _answer(self._queued(kind, [element], is_urgent=True).result()[0])

    def _run(self, lane: Lane, inbox: deque[Errand]) -> None:
        while errand := self._next(inbox):
            errand(lane)
        lane.end()

    def _next(self, inbox: deque[Errand]) -> Errand | None:
        """Wait for something to do; `None` when the pool is closed and all is done."""
        with self._changed:
            while not (inbox or self._queue):
                if self._is_closed:
                    return None
                self._changed.wait()
            return (inbox or self._queue).popleft()


def _task(place: int, job: Job) -> Task:
    size = len(job.raw) if isinstance(job.raw, bytes) else 0
    return Task(
        place=place,
        element=Work.of(job.raw),
        key=job.key,
        size=size,
        alone=job.alone,
        attempts=job.attempts,
        is_retry=job.attempts > 0,
    )


def _one(outcome: Outcome[Reading]) -> Reading | Unreadable:
    if outcome.answer is not None:
        return outcome.answer
    return outcome.unreadable or Unreadable(reason="interrupted", detail="no answer")


def _answer(outcome: Outcome[Any]) -> Any:  # noqa: ANN401 - typed by the kind asked
    if outcome.unreadable is None:
        return outcome.answer
    away = outcome.unreadable.reason == "interrupted"
    kind: type[BackdeskError] = ReadersAway if away else MailError
    raise kind(outcome.unreadable.detail)


def _start(lane: Lane, future: "Future[None]") -> None:
    try:
        lane.start()
    except Exception as error:  # noqa: BLE001 - whoever warms the pool waits for an answer
        future.set_exception(error)
    else:
        future.set_result(None)
