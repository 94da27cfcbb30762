"""Forty accounts for ten minutes: quick, within its memory, and growing nowhere.

DURATION (seconds, 600) and WAITING (mails in the full mailbox, 20000) make it shorter; the
figures are printed (`pytest -s`).
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap, Fault, Kind
from tests.servers.loopback import open_directory
from tests.services import RunningService, running, until

DURATION_S = float(os.environ.get("DURATION", "600"))
WAITING = int(os.environ.get("WAITING", "20000"))
ACCOUNTS, FOLDERS = 40, 5
FULL, SILENT, REFUSED, QUIET = "desk0", "desk1", "desk2", "desk3"
PROBE_EVERY_S = 15.0
SETTLED_S, STOP_S = 10.0, 20.0
PSS_BYTES = 600_000_000

pytestmark = [pytest.mark.server, pytest.mark.faults, pytest.mark.timeout(3600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What service and children hold at a moment."""

    descriptors: int
    threads: int
    pss: int  # bytes, shared pages counted in shares

    @classmethod
    def of(cls, service: int) -> "Weight":
        """Weigh a process and its children."""
        family = [service, *_children(service)]
        return cls(
            descriptors=sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in family),
            threads=sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in family),
            pss=sum(map(_pss, family)),
        )


@pytest.fixture
def home() -> Iterator[Path]:
    """Give an empty folder with a short name."""
    with open_directory("endure") as folder:
        yield folder


def mail(number: int) -> bytes:
    """Return one mail of some 2 kB."""
    lines = "\r\n".join(f"riga {line} della richiesta {number}" for line in range(60))
    return (
        f"From: Ada Prova <ada{number}@nord.example>\r\nTo: info@aurora.example\r\n"
        f"Subject: Richiesta {number}\r\nMessage-ID: <{number}@nord.example>\r\n"
        f"Date: Mon, 5 Jan 2026 10:00:00 +0100\r\n\r\n{lines}\r\n"
    ).encode()


def configuration(port: int, silent_port: int) -> str:
    """Return forty accounts of five folders, each with a queue of its own for every mail."""
    tables = "".join(
        _account(f"desk{number}", silent_port if f"desk{number}" == SILENT else port)
        for number in range(ACCOUNTS)
    )
    return f"""
[service]
data_dir = "var"
timezone = "Europe/Rome"
log = "json"

[intake]
poll_s = 5
free_disk_bytes = 1000000
{tables}
"""


def test_forty_accounts_stay_quick_and_small(dovecot: Dovecot, home: Path) -> None:
    """One silent, one refused, one full, a mail a second: bars held, nothing grows."""
    numbers = iter(range(10_000_000))
    dovecot.fill(FULL, "INBOX", (mail(next(numbers)) for _ in range(WAITING)))
    silent = FakeImap()
    silent.fault(Fault(kind=Kind.SILENCE, times=0))
    silent.start()
    (home / "wrong").write_text("another-word")
    (home / "wrong").chmod(0o600)
    delays: list[float] = []
    weights: list[Weight] = []
    try:
        with running(home, configuration(dovecot.port, silent.port)) as service:
            _live_through(dovecot, service, numbers, delays, weights)
            stopped_s = service.stop()
            refused = {one["account"] for one in service.logged("backed_off")}
    finally:
        silent.stop()
    _print(delays, weights, stopped_s, _settled(dovecot, FULL))
    assert max(delays) < SETTLED_S
    assert stopped_s < STOP_S
    assert refused <= {REFUSED, SILENT}
    assert REFUSED in refused
    assert max(one.pss for one in weights) < PSS_BYTES
    _assert_flat(weights)


def _live_through(
    dovecot: Dovecot,
    service: RunningService,
    numbers: Iterator[int],
    delays: list[float],
    weights: list[Weight],
) -> None:
    """Deliver a mail a second, now and then one to the quiet account, whose way is timed."""
    begun = monotonic()
    second, probed = 0, begun
    while monotonic() - begun < DURATION_S:
        number = next(numbers)
        if monotonic() - probed > PROBE_EVERY_S:
            probed = monotonic()
            delays.append(_probe(dovecot, number))
            weights.append(Weight.of(service.process.pid))
        else:
            account = 4 + number % (ACCOUNTS - 4)
            dovecot.append(f"desk{account}", _folder(number % FOLDERS), mail(number))
        second += 1
        Event().wait(max(begun + second - monotonic(), 0))


def _probe(dovecot: Dovecot, number: int) -> float:
    before = _settled(dovecot, QUIET)
    dovecot.append(QUIET, "INBOX", mail(number))
    return until(lambda: _settled(dovecot, QUIET) > before, "the quiet account's mail is settled")


def _settled(dovecot: Dovecot, user: str) -> int:
    folder = dovecot.maildir(user, "Queues/All")
    return sum(1 for part in ("new", "cur") for _ in (folder / part).glob("*"))


def _assert_flat(weights: list[Weight]) -> None:
    """Compare the last third with the middle one: by then every connection is open."""
    third = max(len(weights) // 3, 1)
    middle, last = weights[third : 2 * third] or weights[:1], weights[-third:]
    assert max(one.descriptors for one in last) <= max(one.descriptors for one in middle) + 10
    assert max(one.threads for one in last) <= max(one.threads for one in middle) + 5
    assert max(one.pss for one in last) <= 1.15 * max(one.pss for one in middle)


def _print(delays: list[float], weights: list[Weight], stopped_s: float, taken: int) -> None:
    print(f"\n{ACCOUNTS} accounts x {FOLDERS} folders, {DURATION_S:.0f} s, {WAITING} waiting")
    print(f"of the full mailbox settled: {taken}")
    print("quiet account, seconds to the queue:", ", ".join(f"{one:.1f}" for one in delays))
    for one in (weights[0], weights[len(weights) // 2], weights[-1]):
        print(f"PSS {one.pss / 1e6:.0f} MB, {one.descriptors} descriptors, {one.threads} threads")
    print(f"SIGTERM to the end: {stopped_s:.1f} s")


def _account(name: str, port: int) -> str:
    folders = ", ".join(f'"{_folder(number)}"' for number in range(FOLDERS))
    return f"""
[accounts.{name}]
host = "127.0.0.1"
port = {port}
security = "plain"
username = "{name}"
password_file = "{"wrong" if name == REFUSED else "password"}"
folders = [{folders}]
go_live = 2020-01-01

[queues.{name}]
account = "{name}"
folder = "Queues/All"

[[rules]]
name = "all of {name}"
when = {{ account = "{name}" }}
queue = "{name}"
"""


def _folder(number: int) -> str:
    return "INBOX" if number == 0 else f"Box{number}"


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found += map(int, (task / "children").read_text().split())
    return found


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
