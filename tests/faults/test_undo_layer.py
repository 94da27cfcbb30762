"""The power-loss layer loses exactly what was not synced, and SQLite shows that it means it."""

import os
import random
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlite

from tests.faults.undo import undo

PROLOGUE = """
import os, signal, sys

def synced(content, name):
    file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.write(file, content)
    os.fdatasync(file)

def sync_directory(path):
    directory = os.open(path, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
"""

EPILOGUE = """
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A directory under the layer, where programs run until the power fails."""

    library: Path
    root: Path
    journal: Path

    def run(self, program: str, *, ignore: str = "", kill_at: int = 0) -> str:
        """Run a program that ends by SIGKILL, its own or the layer's; return what it printed."""
        layer = undo.environment(
            self.library, self.root, self.journal, ignore=ignore, kill_at=kill_at
        )
        command = [sys.executable, "-B", "-c", PROLOGUE + textwrap.dedent(program) + EPILOGUE]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=os.environ | layer,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        return done.stdout

    def cut_power(self) -> undo.Loss:
        """Lose everything unsynced."""
        return undo.apply(self.journal, self.root)

    def files(self) -> dict[str, str]:
        """Return name -> content of everything below the root."""
        found = (path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_text() for path in found}


@pytest.fixture
def machine(undo_library: Path, tmp_path: Path) -> Machine:
    """Give a machine with two durable files and a durable directory."""
    root = tmp_path / "root"
    (root / "box").mkdir(parents=True)
    (root / "old").write_text("old words")
    (root / "box" / "other").write_text("other words")
    return Machine(library=undo_library, root=root, journal=tmp_path / "journal")


BEFORE = {"old": "old words", "box/other": "other words"}


@pytest.mark.parametrize(
    "program",
    [
        "open('old', 'w').write('new')",
        "open('old', 'a').write(' and more')",
        "os.truncate('old', 3)",
        "open('old', 'r+').truncate(40)",
        "os.pwrite(os.open('old', os.O_WRONLY), b'NEW', 4)",
        "os.writev(os.open('old', os.O_RDWR), [b'a', b'bc'])",
        "os.posix_fallocate(os.open('old', os.O_RDWR), 0, 5000)",
        "import shutil; shutil.copyfile('box/other', 'old')",
        "open('fresh', 'w').write('x')",
        "synced(b'x', 'fresh')",
        "os.unlink('old')",
        "os.rename('old', 'new')",
        "os.replace('old', 'box/other')",
        "os.link('old', 'second')",
        "os.symlink('old', 'second')",
        "os.makedirs('a/b'); open('a/b/c', 'w').write('x'); sync_directory('a/b')",
        "os.unlink('old'); open('old', 'w').write('again')",
        "os.unlink('box/other'); os.rmdir('box')",
        "open('old', 'w').write('new'); os.rename('old', 'box/x'); os.unlink('box/x')",
        "import subprocess; subprocess.run(['sh', '-c', 'echo hi > old; mv old young; rm young'])",
    ],
)
def test_what_was_not_synced_is_lost(machine: Machine, program: str) -> None:
    """After the cut the tree is what it was before the program ran."""
    machine.run(program)
    machine.cut_power()
    assert machine.files() == BEFORE


@pytest.mark.parametrize(
    ("program", "changed"),
    [
        ("synced(b'new', 'old')", {"old": "new"}),
        ("synced(b'NEW', 'old'); os.pwrite(3, b'lost', 4)", {"old": "NEW"}),
        ("synced(b'x', 'fresh'); sync_directory('.')", {"fresh": "x"}),
        ("open('fresh', 'w').write('x'); sync_directory('.')", {"fresh": ""}),
        ("os.rename('old', 'box/n'); sync_directory('box')", {"old": None, "box/n": "old words"}),
        ("os.unlink('old'); sync_directory('.')", {"old": None}),
        ("open('old', 'w').write('new'); os.sync()", {"old": "new"}),
    ],
)
def test_what_was_synced_stays(
    machine: Machine, program: str, changed: dict[str, str | None]
) -> None:
    """Synced bytes and names survive; what came after them does not."""
    machine.run(program)
    machine.cut_power()
    expected = {name: text for name, text in (BEFORE | changed).items() if text is not None}
    assert machine.files() == expected


def test_an_ignored_sync_does_not_count(machine: Machine) -> None:
    """A pattern takes away the syncs of what it names, and of nothing else."""
    program = """
    synced(b"kept", "box/one.pack")
    synced(b"kept", "box/two.log")
    sync_directory("box")
    """
    machine.run(program, ignore=r"\.pack$")
    machine.cut_power()
    assert machine.files() == BEFORE | {"box/one.pack": "", "box/two.log": "kept"}
    machine.run(program, ignore="^box/$")
    machine.cut_power()
    assert "box/one.pack" in machine.files()  # its name was durable from the first run
    assert machine.files()["box/one.pack"] == "kept"


def test_any_write_may_survive_alone(machine: Machine) -> None:
    """With a choice of survivors the file holds exactly the chosen writes."""
    machine.run("f = os.open('old', os.O_RDWR)\nfor n in range(9): os.pwrite(f, b'%d' % n, n)")
    even = undo.apply(machine.journal, machine.root, lambda record: record.offset % 2 == 0)
    assert machine.files()["old"] == "0l2 4o6d8"
    assert (len(even.survivors), len(even.writes)) == (5, 4)


def test_it_kills_before_the_nth_operation(machine: Machine) -> None:
    """The n-th recorded operation is the first that does not happen."""
    program = "f = os.open('old', os.O_RDWR)\nfor n in range(5): os.pwrite(f, b'#', n)"
    machine.run(program, kill_at=4)
    assert machine.files()["old"] == "### words"


def test_threads_do_not_mix_their_records(machine: Machine) -> None:
    """Four threads and two processes at once: everything can still be undone."""
    machine.run(
        """
        import threading
        child = os.fork()
        def write(n):
            for turn in range(200):
                with open(f"box/{os.getpid()}-{n}", "a") as file:
                    file.write("word")
        threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        if child == 0:
            os._exit(0)
        os.wait()
        """
    )
    assert len(machine.cut_power().writes) == 1600
    assert machine.files() == BEFORE


WRITER = """
from sqlcipher3 import dbapi2 as sqlite
house = sqlite.connect("house.db", isolation_level=None)
house.execute("PRAGMA journal_mode=WAL")
house.execute("PRAGMA synchronous={synchronous}")
house.execute("PRAGMA wal_autocheckpoint=20")
house.execute("CREATE TABLE IF NOT EXISTS ledger (number INTEGER PRIMARY KEY, text)")
for number in range(60):
    house.execute("INSERT INTO ledger VALUES (?, ?)", (number, "x" * 700))
    print(number, flush=True)
"""


def rows_and_health(machine: Machine) -> tuple[int, str]:
    """Return how many rows the ledger holds after the cut, and SQLite's integrity check."""
    house = sqlite.connect(str(machine.root / "house.db"))
    try:
        tables = house.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        rows = house.execute("SELECT count(*) FROM ledger").fetchone()[0] if tables else 0
        return rows, house.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        house.close()


@pytest.mark.parametrize("kill_at", [3, 9, 20, 33, 47, 62, 90, 121, 150, 222, 280, 0])
def test_sqlite_full_keeps_every_commit(machine: Machine, kill_at: int) -> None:
    """WAL with synchronous FULL: wherever the power fails, no committed row is missing."""
    committed = machine.run(WRITER.format(synchronous="FULL"), kill_at=kill_at).split()
    chance = random.Random(kill_at)
    undo.apply(machine.journal, machine.root, lambda _record: chance.random() < 0.5)
    rows, health = rows_and_health(machine)
    assert health == "ok"
    assert len(committed) <= rows <= len(committed) + 1


@pytest.mark.parametrize(
    ("synchronous", "ignore"), [("OFF", ""), ("FULL", "-wal$"), ("FULL", r"-wal$|^house\.db$|/$")]
)
def test_sqlite_without_a_sync_loses_commits(
    machine: Machine, synchronous: str, ignore: str
) -> None:
    """The layer would notice a missing fsync: rows that were committed are gone."""
    committed = machine.run(WRITER.format(synchronous=synchronous), ignore=ignore).split()
    machine.cut_power()
    try:
        rows, health = rows_and_health(machine)
    except sqlite.DatabaseError:  # corrupt is a way of being lost, too
        return
    assert (rows, health) != (len(committed), "ok")
