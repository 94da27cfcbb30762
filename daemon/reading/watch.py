"""What the kernel says of a child -> whether the mail in hand is over a limit."""

import os
from dataclasses import dataclass
from pathlib import Path

from daemon.clock import monotonic

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How long a child may have one mail in hand."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a process holds, in bytes: address space, and how much of it is in memory."""

    space: int
    resident: int


class Watch:
    """Counts, mail by mail, the time a child takes over each.

    A mail's counts begin when the parent first sees it in hand, so they are short by at most
    one look; a child that lies about its place gains one allowance per mail of its frame.
    """

    def __init__(self, pid: int, allowance: Allowance) -> None:
        self._pid = pid
        self._allowance = allowance
        self._place: int | None = None
        self._wall_from = self._cpu_from = 0.0

    def breach(self, place: int) -> str | None:
        """Return the name of the limit that the mail at `place` is over, if any."""
        if place != self._place:
            self._place = place
            self._wall_from, self._cpu_from = monotonic(), cpu_s(self._pid)
            return None
        if cpu_s(self._pid) - self._cpu_from > self._allowance.cpu_s:
            return "cpu_s"
        return "wall_s" if monotonic() - self._wall_from > self._allowance.wall_s else None


def cpu_s(pid: int) -> float:
    """Return the seconds of processor time a process has used, user and system."""
    line = Path(f"/proc/{pid}/stat").read_bytes()
    fields = line[line.rindex(b")") + 2 :].split(b" ", 14)  # the name may hold anything
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory(pid: int) -> Memory:
    """Return what a living process holds."""
    space, resident, *_ = Path(f"/proc/{pid}/statm").read_bytes().split()
    return Memory(space=int(space) * PAGE_BYTES, resident=int(resident) * PAGE_BYTES)
