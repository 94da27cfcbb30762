"""A group of mails and the end of the child that had it -> what to try next, and what to give up.

Pure. The mail in hand is charged and read alone; nobody else is. When no mail was in hand (the
child was scoring or answering) the group is halved until the guilty one stands alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from daemon.reading.errors import ReaderEnded
from daemon.records import Unreadable

MOST_ATTEMPTS = 3
MOST_MAILS, MOST_BYTES = 256, 16 * 1024 * 1024  # of one frame
LIMITS = frozenset(("cpu_s", "wall_s", "memory"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One item on its way through the children.

    Attributes:
        place: its position in the batch, where its answer belongs.
        key: the caller's number for it; `None` when no ledger knows of it.
        element: what goes into the frame.
        size: bytes, about.
        alone: may not share a frame.
        attempts: attempts that did not finish before the present one.
        is_retry: a child saw it before and did not finish it, so the ledger is told first.
    """

    place: int
    element: object
    key: int | None = None
    size: int = 0
    alone: bool = False
    attempts: int = 0
    is_retry: bool = False


Group = tuple[Task, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What follows: groups to read, in this order, and the task given up with its answer."""

    groups: tuple[Group, ...] = ()
    given_up: tuple[tuple[Task, Unreadable], ...] = ()


def first_groups(tasks: Sequence[Task]) -> tuple[Group, ...]:
    """Cut a batch into frames: by count, by bytes, and with lone tasks on their own, last."""
    groups: list[list[Task]] = []
    size = 0
    for task in (task for task in tasks if not task.alone):
        if not groups or len(groups[-1]) == MOST_MAILS or size + task.size > MOST_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(task)
        size += task.size
    return (*map(tuple, groups), *((task,) for task in tasks if task.alone))


def after_end(group: Group, end: ReaderEnded) -> Plan:
    """Decide what becomes of `group`, of which no task was answered when its child ended."""
    if len(group) == 1:
        return _charge(group[0], end, was_alone=True)
    if not 0 <= end.place < len(group):
        middle = len(group) // 2
        return Plan(groups=(group[:middle], group[middle:]))
    rest = group[: end.place] + group[end.place + 1 :]
    plan = _charge(group[end.place], end, was_alone=False)
    return replace(plan, groups=(rest, *plan.groups))


def _charge(task: Task, end: ReaderEnded, *, was_alone: bool) -> Plan:
    attempts = task.attempts + 1
    if attempts >= MOST_ATTEMPTS or (was_alone and end.reason in LIMITS):
        why = Unreadable(reason=end.reason, detail=end.detail, traceback=end.stack)
        return Plan(given_up=((task, why),))
    again = replace(task, alone=True, attempts=attempts, is_retry=True)
    return Plan(groups=((again,),))
