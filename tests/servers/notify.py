"""What a service tells systemd -> what a test may wait for (sd_notify(3))."""

import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from time import monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One datagram.

    Attributes:
        fields: its assignments.
        at: when it came; monotonic seconds.
    """

    fields: dict[str, str]
    at: float


class NotifySocket:
    """The socket that stands in `NOTIFY_SOCKET`, and everything that came over it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.bind(str(self.path))
        self._changed = threading.Condition()
        self._notices: list[Notice] = []
        self._thread = threading.Thread(target=self._listen, name="notify", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._say("STOP")
        self._thread.join()
        self._socket.close()

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Everything that came so far, in order."""
        with self._changed:
            return tuple(self._notices)

    def wait(self, field: str, count: int = 1, timeout_s: float = 60.0) -> Notice:
        """Wait until `field` (`READY`, `WATCHDOG`) has come so often, and return that notice."""

        def found() -> list[Notice]:
            return [one for one in self._notices if field in one.fields]

        with self._changed:
            if not self._changed.wait_for(lambda: len(found()) >= count, timeout_s):
                raise AssertionError(f"{field} came {len(found())} times within {timeout_s} s")
            return found()[count - 1]

    def count(self, field: str) -> int:
        """Return how often a field has come."""
        return sum(field in one.fields for one in self.notices)

    def _listen(self) -> None:
        while (text := self._socket.recv(65_536).decode()) != "STOP":
            fields = dict(line.split("=", 1) for line in text.splitlines())
            with self._changed:
                self._notices.append(Notice(fields=fields, at=monotonic()))
                self._changed.notify_all()

    def _say(self, text: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(text.encode(), str(self.path))
