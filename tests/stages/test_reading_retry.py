"""What follows the end of a child: decided without any child."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from daemon.reading.errors import ReaderEnded
from daemon.reading.retry import (
    MOST_ATTEMPTS,
    MOST_BYTES,
    MOST_MAILS,
    Group,
    Task,
    after_end,
    first_groups,
)


def group_of(count: int) -> Group:
    """Build a group of `count` fresh tasks."""
    return tuple(Task(place=place, element=None, key=place) for place in range(count))


def places(group: Group) -> list[int]:
    """Return the places of a group's tasks."""
    return [task.place for task in group]


def crash(place: int) -> ReaderEnded:
    """Build the end of a child that crashed with the mail at `place` in hand."""
    return ReaderEnded(place, "crash", "the reader died with signal 11")


def test_the_mail_in_hand_is_read_alone_after_the_others() -> None:
    """The rest is one group again, first, with nothing charged to it."""
    rest, alone = after_end(group_of(5), crash(2)).groups
    assert places(rest) == [0, 1, 3, 4]
    assert [task.attempts for task in rest] == [0, 0, 0, 0]
    assert places(alone) == [2]
    assert (alone[0].attempts, alone[0].alone, alone[0].is_retry) == (1, True, True)


def test_a_death_with_no_mail_in_hand_halves_the_group() -> None:
    """While scoring (place = count) or receiving (-1) all are equally suspect: none is charged."""
    for place in (-1, 5):
        first, second = after_end(group_of(5), crash(place)).groups
        assert (places(first), places(second)) == ([0, 1], [2, 3, 4])
        assert not any(task.attempts for task in first + second)


def test_the_third_unfinished_attempt_is_the_last() -> None:
    """Two crashes are retried, the third is given up with what the child died of."""
    (task,) = group_of(1)
    for _ in range(MOST_ATTEMPTS - 1):
        ((task,),) = after_end((task,), crash(0)).groups
    plan = after_end((task,), crash(0))
    assert plan.groups == ()
    assert [why.reason for _, why in plan.given_up] == ["crash"]


def test_a_limit_breached_alone_is_final() -> None:
    """The detail names the limit; a second solo attempt would only cost the same again."""
    plan = after_end(group_of(1), ReaderEnded(0, "cpu_s", "limit cpu_s exceeded"))
    assert plan.groups == ()
    assert [why.reason for _, why in plan.given_up] == ["cpu_s"]


@given(st.lists(st.tuples(st.integers(0, 6 * 1024 * 1024), st.booleans()), max_size=600))
def test_frames_hold_every_task_once_and_stay_small(shapes: list[tuple[int, bool]]) -> None:
    """No task lost or doubled; by count and bytes within bounds; lone tasks alone."""
    tasks = [
        Task(place=place, element=None, size=size, alone=alone)
        for place, (size, alone) in enumerate(shapes)
    ]
    groups = first_groups(tasks)
    assert sorted(place for group in groups for place in places(group)) == list(range(len(tasks)))
    for group in groups:
        assert len(group) <= MOST_MAILS
        assert len(group) == 1 or sum(task.size for task in group) <= MOST_BYTES
        assert len(group) == 1 or not any(task.alone for task in group)


@given(
    st.integers(1, 60),
    st.sets(st.integers(0, 59)),
    st.sets(st.integers(0, 59)),
    st.sampled_from(["crash", "cpu_s", "memory"]),
)
def test_whatever_dies_each_task_is_answered_once(
    count: int, deadly: set[int], late: set[int], reason: str
) -> None:
    """Run to the end: the deadly are given up, all others read, nobody twice, no endless loop."""
    groups = deque([group_of(count)])
    read: list[int] = []
    given_up: list[int] = []
    while groups:
        group = groups.popleft()
        in_hand = [at for at, task in enumerate(group) if task.place in deadly]
        if not in_hand and not any(task.place in late for task in group):
            read += places(group)
            continue
        end = ReaderEnded(in_hand[0] if in_hand else len(group), reason, "gone")
        plan = after_end(group, end)
        given_up += [task.place for task, _ in plan.given_up]
        groups.extend(group for group in plan.groups if group)
    everybody = set(range(count))
    assert sorted(given_up) == sorted(everybody & (deadly | late))
    assert sorted(read) == sorted(everybody - deadly - late)
