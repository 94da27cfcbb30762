"""One mail that kills, hangs or exhausts its reader stops no other mail."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.reading.limits import ReadingLimits
from daemon.reading.pool import Answer, ReadingPool
from daemon.reading.records import Job, ReadingOptions
from daemon.records import Reading, Unreadable

MIB = 1024 * 1024
LIMITS = ReadingLimits(cpu_s=0.4, wall_s=2.5, memory_bytes=128 * MIB)
# Without a model and languages a child starts in a third of the time; there are many deaths here.
OPTIONS = ReadingOptions(limits=LIMITS, languages=(), child_module="tests.faults.poison_child")
PLACES = (0, 100, 199)
MIDDLE = (100,)  # of the kinds that halve the batch again and again
EXPECTED = {
    "kill": ("crash", "the reader died with signal 9"),
    "segv": ("crash", "the reader died with signal 11"),
    "exit": ("crash", "the reader ended with status 7"),
    "spin": ("cpu_s", "limit cpu_s exceeded"),
    "hang": ("wall_s", "limit wall_s exceeded"),
    "eat": ("memory", "limit memory exceeded"),
    "late": ("crash", "the reader ended with status 9"),
    "short": ("crash", "the reader gave a malformed answer"),
    "raise": ("error", "reading it failed with RuntimeError"),
    "surrogate": ("error", "its text cannot be written as UTF-8"),
}


class Ledger:
    """Remembers which attempts were committed."""

    def __init__(self) -> None:
        self.attempts: list[int] = []

    def commit(self, key: int) -> None:
        self.attempts.append(key)


@pytest.fixture
def ledger() -> Ledger:
    """Give each test a ledger of its own."""
    return Ledger()


@pytest.fixture
def pool(ledger: Ledger) -> Iterator[ReadingPool]:
    """Give a pool of one child, so that all mails of a batch share it."""
    with ReadingPool(OPTIONS, 1, before_retry=ledger.commit) as pool:
        yield pool


def mail(number: int, poison: str | None = None) -> bytes:
    """Build a small mail, poisoned or not."""
    extra = f"X-Poison: {poison}\r\n" if poison else ""
    return (
        f"From: Ines Moro <ines@vela.example>\r\nTo: info@porto.example\r\n"
        f"Subject: Posto barca {number}\r\nMessage-ID: <{number}@vela.example>\r\n{extra}\r\n"
        f"Buongiorno, vorrei sapere se il posto barca {number} è ancora libero.\r\n"
    ).encode()


def read_as_one_batch(pool: ReadingPool, jobs: list[Job]) -> list[Answer]:
    """Submit all jobs as a single batch and wait for its one answer."""
    told: list[list[Answer]] = []
    done = threading.Event()

    def tell(answers: list[Answer]) -> None:
        told.append(answers)
        done.set()

    pool.submit(jobs, tell)
    assert done.wait(120)
    assert len(told) == 1
    return told[0]


def unread(answers: list[Answer]) -> dict[int, Unreadable]:
    """Return the answers that are no readings."""
    return {key: answer for key, answer in answers if isinstance(answer, Unreadable)}


@pytest.mark.parametrize("poison", EXPECTED)
def test_a_poison_mail_at_any_place_leaves_the_199_others_read(
    pool: ReadingPool, poison: str
) -> None:
    """First, middle and last of 200: each round answers all once, one of them unreadable."""
    for place in MIDDLE if poison in {"late", "short"} else PLACES:
        jobs = [Job(key=n, raw=mail(n, poison if n == place else None)) for n in range(200)]
        answers = read_as_one_batch(pool, jobs)
        assert [key for key, _ in answers] == list(range(200))
        bad = unread(answers)
        assert list(bad) == [place]
        reason, detail = EXPECTED[poison]
        assert bad[place].reason == reason
        assert bad[place].detail.startswith(detail)
        subjects = [answer.subject for _, answer in answers if isinstance(answer, Reading)]
        assert subjects == [f"Posto barca {n}" for n in range(200) if n != place]


def test_several_poison_mails_in_one_batch_are_each_named(pool: ReadingPool) -> None:
    """Four kinds at once: four unreadable, each with its own reason, the rest read."""
    poisons = {3: "segv", 4: "eat", 20: "raise", 39: "exit"}
    jobs = [Job(key=n, raw=mail(n, poisons.get(n))) for n in range(40)]
    reasons = {key: bad.reason for key, bad in unread(read_as_one_batch(pool, jobs)).items()}
    assert reasons == {3: "crash", 4: "memory", 20: "error", 39: "crash"}


def test_every_solo_attempt_is_committed_before_it_begins(
    pool: ReadingPool, ledger: Ledger
) -> None:
    """A crash is tried three times: once with the others, twice alone, so two commits."""
    jobs = [Job(key=n, raw=mail(n, "kill" if n == 5 else None)) for n in range(10)]
    read_as_one_batch(pool, jobs)
    assert ledger.attempts == [5, 5]


def test_a_breach_of_a_limit_is_tried_alone_once_more(pool: ReadingPool, ledger: Ledger) -> None:
    """Other mails of the batch may have been to blame, but alone there is no such excuse."""
    jobs = [Job(key=n, raw=mail(n, "spin" if n == 5 else None)) for n in range(10)]
    read_as_one_batch(pool, jobs)
    assert ledger.attempts == [5]


def test_attempts_of_an_earlier_life_count(pool: ReadingPool, ledger: Ledger) -> None:
    """A mail with two unfinished attempts gets its third, alone, and no fourth."""
    answers = read_as_one_batch(pool, [Job(key=1, raw=mail(1, "kill"), alone=True, attempts=2)])
    assert unread(answers)[1].reason == "crash"
    assert ledger.attempts == [1]


def test_a_mail_that_only_failed_in_company_is_read_alone(tmp_path: Path) -> None:
    """The file is cured between the two attempts: the second one must read it."""
    file = tmp_path / "mail"
    file.write_bytes(mail(1, "kill"))
    with ReadingPool(OPTIONS, 1, before_retry=lambda _: file.write_bytes(mail(1))) as pool:
        answers = read_as_one_batch(pool, [Job(key=0, raw=mail(0)), Job(key=1, raw=file)])
    assert unread(answers) == {}


def test_an_attempt_that_cannot_be_committed_does_not_begin() -> None:
    """The ledger refuses: that mail is interrupted, not at fault, and the others are read."""

    def refuse(_key: int) -> None:
        raise OSError("disk full")

    with ReadingPool(OPTIONS, 1, before_retry=refuse) as pool:
        jobs = [Job(key=n, raw=mail(n, "kill" if n == 1 else None)) for n in range(3)]
        bad = unread(read_as_one_batch(pool, jobs))
    assert {key: answer.reason for key, answer in bad.items()} == {1: "interrupted"}


def test_a_crash_tells_the_stack_and_an_error_tells_no_source(pool: ReadingPool) -> None:
    """The traceback names frames; a foreign message is cut at 200 characters."""
    jobs = [Job(key=1, raw=mail(1, "segv")), Job(key=2, raw=mail(2, "raise"))]
    bad = unread(read_as_one_batch(pool, jobs))
    assert "Segmentation fault" in bad[1].traceback
    assert "in parse" in bad[1].traceback
    assert "in _refuse" in bad[2].traceback
    assert len(bad[2].traceback.rpartition("RuntimeError: ")[2]) == 200


def test_a_child_stays_within_the_memory_of_its_baseline(pool: ReadingPool) -> None:
    """The cap is the address space of the warm child plus the limit, set in the kernel."""
    pool.warm()
    (pid,) = pool.pids()
    limits = Path(f"/proc/{pid}/limits").read_text("ascii").splitlines()
    cap = int(next(line for line in limits if line.startswith("Max address space")).split()[3])
    held = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[0]) * os.sysconf(
        "SC_PAGE_SIZE"
    )
    assert held <= cap <= held + LIMITS.memory_bytes + 16 * MIB


def test_deaths_leave_no_zombie_and_no_open_file(pool: ReadingPool) -> None:
    """After three deaths there is the one living child, and as many open files as before."""
    pool.warm()
    others = children() - set(pool.pids())
    before = len(list(Path("/proc/self/fd").iterdir()))
    for n in range(3):
        read_as_one_batch(pool, [Job(key=n, raw=mail(n, "exit"))])
    pool.warm()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert children() - others == set(pool.pids())


def test_closing_leaves_no_child_behind(pool: ReadingPool) -> None:
    """A closed pool has no child, whatever that child was doing."""
    pool.warm()
    others = children() - set(pool.pids())
    told = threading.Event()
    pool.submit([Job(key=1, raw=mail(1, "hang"))], lambda _: told.set())
    pool.close(0.0)
    assert told.wait(10)
    assert pool.pids() == ()
    assert children() == others


def test_a_child_reaches_nothing_outside(pool: ReadingPool) -> None:
    """Sockets, programs, written files and signals to others are refused by the kernel."""
    pool.warm()
    if not pool.is_confined:
        pytest.skip("this kernel or machine knows no filter of ours")
    ((_, answer),) = read_as_one_batch(pool, [Job(key=1, raw=mail(1, "probe"))])
    assert isinstance(answer, Reading)
    assert answer.subject == "connect: EPERM, run: EPERM, write: EPERM, signal: EPERM"


def test_a_child_sees_no_secret_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the service, where passwords may be, stays with the service."""
    monkeypatch.setenv("BACKDESK_RELAY_PASSWORD", "correct horse")
    with ReadingPool(OPTIONS, 1) as pool:
        pool.warm()
        seen = Path(f"/proc/{pool.pids()[0]}/environ").read_bytes()
    assert b"correct horse" not in seen
    assert b"PYTHONPATH=" in seen


def children() -> set[int]:
    """Return the process ids of all children of this process, zombies included."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text("ascii").split()}
