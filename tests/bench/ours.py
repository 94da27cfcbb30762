"""A folder on an IMAP server -> the same folder taken in by `poll --once`, each stage timed.

The stages are timed from outside, by wrapping their functions: the CPU time of the thread that
runs them. Reading is the CPU time of the children, as the kernel counts it.
"""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from daemon import bootstrap, config, jobs, pipeline, rounds
from daemon.intake.imap import Mailbox
from daemon.intake.receive import Receiver
from daemon.intake.results import Results
from daemon.reading.process import ReaderProcess
from daemon.store.leases import account_lease
from tests.bench.loops import Run

CONFIGURATION = """
[service]
data_dir = "var"
timezone = "Europe/Rome"

[accounts.info]
host = "127.0.0.1"
port = {port}
security = "plain"
username = "{user}"
password_file = "password"
folders = ["INBOX"]

[queues.accounts]
account = "info"
folder = "Queues/Accounts"

[[rules]]
name = "money"
when = {{ subject_regex = "(?i)\\\\b(invoice|fattura|faktura)\\\\b" }}
queue = "accounts"

[[rules]]
name = "small complaints"
when = {{ label = "complaint", max_size = 20000 }}
queue = "accounts"
"""

STAGES: tuple[tuple[str, object, str], ...] = (
    ("fetch", Mailbox, "uids"),
    ("fetch", Mailbox, "sizes"),
    ("fetch", Mailbox, "bodies"),
    ("receive", Receiver, "receive"),
    ("hand over", ReaderProcess, "ask"),
    ("decide", pipeline, "decide"),
    ("record", Results, "record"),
)


class Clocks:
    """CPU seconds by stage, over all threads."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def wrap(self, stack: ExitStack, stage: str, owner: Any, name: str) -> None:
        """Time a function of a class or module until the stack is left."""
        inner = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            begun = time.thread_time()
            try:
                return inner(*arguments, **named)
            finally:
                with self._lock:
                    self.spent[stage] += time.thread_time() - begun

        setattr(owner, name, timed)
        stack.callback(setattr, owner, name, inner)


def run(port: int, user: str, password: str, folder: Path) -> Run:
    """Take in the whole INBOX in observe mode; timed from the first command to the last commit.

    Start-up (imports, tables, children, models) is over before, and told as the part `start-up`.
    """
    _furnish(folder, CONFIGURATION.format(port=port, user=user), password)
    clocks, done = Clocks(), Run()
    with ExitStack() as stack:
        for stage, owner, name in STAGES:
            clocks.wrap(stack, stage, owner, name)
        begun = time.perf_counter()
        house = stack.enter_context(bootstrap.build(config.load(folder / "backdesk.toml")))
        house.pool.warm()
        done.parts["start-up"] = time.perf_counter() - begun
        lease = house.leases.take(account_lease("info"))
        clocks.spent.clear()
        _timed(lambda: rounds.poll_once(house, "info", lease), house.pool.pids(), clocks, done)
        done.mails = house.tally.total("fetched")
        done.parts |= clocks.spent
        _refuse_losses(house)
        house.leases.release(lease)
    return done


def _furnish(folder: Path, configuration: str, password: str) -> None:
    (folder / "backdesk.toml").write_text(configuration)
    (folder / "password").write_text(password)
    (folder / "password").chmod(0o600)


def _timed(poll: Callable[[], None], children: Sequence[int], clocks: Clocks, done: Run) -> None:
    reading, cpu, begun = _cpu_s(children), time.process_time(), time.perf_counter()
    poll()
    done.wall = time.perf_counter() - begun
    own = time.process_time() - cpu
    clocks.spent["read"] = _cpu_s(children) - reading
    clocks.spent["rest"] = own - sum(
        seconds for stage, seconds in clocks.spent.items() if stage != "read"
    )
    done.cpu = own + clocks.spent["read"]


def _refuse_losses(house: jobs.House) -> None:
    for count in jobs.reconcile(house, "info"):
        if count.missing or count.quarantined:
            raise SystemExit(f"a run that loses or sets aside mail is no run: {count}")


def _cpu_s(pids: Sequence[int]) -> float:
    """Return the CPU time of processes so far (proc(5): utime and stime, in ticks)."""
    fields = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids)
    ticks = sum(int(one[11]) + int(one[12]) for one in fields)
    return ticks / os.sysconf("SC_CLK_TCK")
