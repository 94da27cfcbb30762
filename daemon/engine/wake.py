"""A wait that ends early: between threads, and beside a socket."""

import os
import select
import threading


class Wake:
    """Set from any thread; waited on by one, alone or together with a socket."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._is_set = self._is_closed = False

    def fileno(self) -> int:
        """Return a descriptor that is readable while set."""
        return self._read

    def set(self) -> None:
        """End the wait, or the next one; after `close` nobody waits."""
        with self._lock:
            if not self._is_set and not self._is_closed:
                self._is_set = True
                os.write(self._write, b"1")

    def clear(self) -> None:
        """Take the signal away."""
        with self._lock:
            if self._is_set:
                self._is_set = False
                os.read(self._read, 1)

    def wait(self, timeout_s: float) -> bool:
        """Wait until set or the time is up; return whether it was set, and clear it."""
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        was_set = bool(poll.poll(max(timeout_s, 0) * 1000))
        self.clear()
        return was_set

    def close(self) -> None:
        """Give the descriptors back; their waiter has ended."""
        with self._lock:
            self._is_closed = True
            os.close(self._read)
            os.close(self._write)
