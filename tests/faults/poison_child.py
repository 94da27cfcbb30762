"""A reading child that does what the X-Poison header of a mail tells it to.

It stands for a mail that gets the better of a parser: everything else is the real child.
"""

import errno
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from daemon.reading import child
from daemon.reading.frames import Outcome, Work
from daemon.reading.reader import Mark, Reader
from daemon.records import Mail, Reading


def _spin() -> None:
    while True:
        pass


def _hang() -> None:
    signal.pause()


def _eat() -> None:
    """Grow without end, and rest between: on a busy machine the time of the CPU runs out first."""
    hoard = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))
        time.sleep(0.01)


def _refuse() -> None:
    raise RuntimeError("secret words of the mail " * 100)


POISONS: dict[bytes, Callable[[], object]] = {
    b"kill": lambda: signal.raise_signal(signal.SIGKILL),
    b"segv": lambda: signal.raise_signal(signal.SIGSEGV),
    b"exit": lambda: os._exit(7),
    b"spin": _spin,
    b"hang": _hang,
    b"eat": _eat,
    b"raise": _refuse,
}


def _probe() -> str:
    """Try what a child taken over by its mail would try; say how each attempt ended."""
    attempts: dict[str, Callable[[], object]] = {
        "connect": lambda: socket.create_connection(("127.0.0.1", 9)),
        "run": lambda: subprocess.run(["/bin/true"], check=True),
        "write": lambda: Path("/tmp/backdesk-probe").write_bytes(b""),
        "signal": lambda: os.kill(os.getppid(), 0),
    }
    return ", ".join(f"{name}: {_ending(attempt)}" for name, attempt in attempts.items())


def _ending(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "unknown")
    return "done"


class PoisonReader(Reader):
    """The real reader, until a mail says otherwise."""

    def parse(self, raw: bytes) -> Mail:
        for name, act in POISONS.items():
            if b"X-Poison: " + name in raw:
                act()
        mail = super().parse(raw)
        return replace(mail, subject=_probe()) if b"X-Poison: probe" in raw else mail

    def read(self, works: Sequence[Work], mark: Mark) -> list[Outcome[Reading]]:
        outcomes = super().read(works, mark)
        raws = [work.raw or b"" for work in works]
        if any(b"X-Poison: late" in raw for raw in raws):  # as a death while scoring
            os._exit(9)
        if any(b"X-Poison: short" in raw for raw in raws):
            return outcomes[:-1]
        if any(b"X-Poison: surrogate" in raw for raw in raws):
            return [_spoilt(outcome, raw) for outcome, raw in zip(outcomes, raws, strict=True)]
        return outcomes


def _spoilt(outcome: Outcome[Reading], raw: bytes) -> Outcome[Reading]:
    if b"X-Poison: surrogate" not in raw or outcome.answer is None:
        return outcome
    fields = {name: getattr(outcome.answer, name) for name in Reading.__slots__}
    return Outcome(answer=Reading(**fields | {"snippet": "\ud800"}))


if __name__ == "__main__":
    child.main(PoisonReader)
