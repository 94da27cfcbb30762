"""A test's script -> which connection and command meets which fault."""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tests.servers.imap_store import MailStore
from tests.servers.imap_wire import numbers


class Kind(Enum):
    """What goes wrong. `text`, `size`, `uids`, `interval_s` and `act` are fields of the fault."""

    BYE = "`* BYE text` and the end, the command not executed"
    DROP = "the connection ends, the command not executed"
    NO = "`NO text` (a response code may lead it), the command not executed"
    BAD = "`BAD text`, the command not executed"
    SILENCE = "no answer ever, the command not executed; the connection stays open"
    CUT = "executed; the connection ends after `size` bytes of the answer (0: nothing)"
    BYE_IN_LITERAL = "executed; in the middle of the first literal comes `* BYE text`, then the end"
    DRIP = "executed; the answer comes one byte every `interval_s`"
    OMIT = "executed; FETCH says nothing of `uids` (of any, when empty)"
    LITERAL_OFF = "executed; every literal's announced length is off by `size`"
    LITERAL_SAYS = "executed; every literal's announced length is `text`, true or not"
    SIZE_OFF = "executed; RFC822.SIZE is off by `size`"
    REVERSED = "executed; untagged lines come in the reverse order"
    UNTAGGED = "executed; the lines `text` come before the answer, unasked"
    PARTLY = "MOVE or COPY does `size` mails, then the connection ends without an answer"
    WRONG_TAG = "executed; the answer carries another tag"
    ACT = "`act(store)` runs just before the command does"
    ACT_AFTER_FIRST = "`act(store)` runs after the first mail of a FETCH answer was sent"
    BEFORE_TLS = "`text` follows the answer to STARTTLS in the same packet, unencrypted"
    GREETING = "`text` is the greeting (`* PREAUTH ...`, `* BYE ...`); use command GREETING"


def _nothing(_store: MailStore) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault and when it strikes.

    Attributes:
        kind: what goes wrong.
        command: name as in `Command.name` (`UID FETCH`, `SELECT`); empty: any command.
            `GREETING` stands for the moment of connecting, `LITERAL` for that in which a literal
            is asked for: NO answers in its place, CUT ends after `size` bytes of it.
        nth: the first such command to strike, 1-based, counted from `script`.
        times: how many in a row; 0 for ever.
        connection: strikes only on this connection of the server, 1-based; 0 on any.
        containing: strikes only commands whose text contains this (`BODY.PEEK[]`).
        naming: strikes only UID commands whose set of numbers has this one; 0: any.
        text, size, uids, interval_s, act: see `Kind`.
    """

    kind: Kind
    command: str = ""
    nth: int = 1
    times: int = 1
    connection: int = 0
    containing: str = ""
    naming: int = 0
    text: str = ""
    size: int = 0
    uids: tuple[int, ...] = ()
    interval_s: float = 1.0
    act: Callable[[MailStore], object] = _nothing

    def concerns(self, name: str, text: str, connection: int) -> bool:
        """Return whether a command counts for this fault."""
        return (
            self.command.upper() in {"", name}
            and self.connection in {0, connection}
            and self.containing in text
            and (not self.naming or _names(text, self.naming))
        )

    def strikes(self, passing: int) -> bool:
        """Return whether the passing (1-based) is among those struck."""
        return passing >= self.nth and (not self.times or passing < self.nth + self.times)


def _names(text: str, uid: int) -> bool:
    spec = text.split()[2:3]  # UID FETCH 1:4,9 (...)
    return bool(spec) and numbers(spec[0].encode("ascii"), uid)(uid)


class Script:
    """The faults in force; shared by all connections."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._passings: defaultdict[int, int] = defaultdict(int)

    def add(self, *faults: Fault) -> None:
        """Put faults in force; their counting starts now."""
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        """Take every fault out of force."""
        with self._lock:
            self._faults.clear()
            self._passings.clear()

    def due(self, name: str, text: str, connection: int) -> tuple[Fault, ...]:
        """Count a command and return the faults that strike it."""
        with self._lock:
            return tuple(
                fault
                for place, fault in enumerate(self._faults)
                if fault.concerns(name, text, connection) and self._count(place, fault)
            )

    def _count(self, place: int, fault: Fault) -> bool:
        self._passings[place] += 1
        return fault.strikes(self._passings[place])
