"""The three pipes of a child -> whole frames, never blocking the parent on any of them."""

import contextlib
import fcntl
import os
import select
from subprocess import Popen

from daemon.reading.frames import HEADER, LARGEST_ANSWER

CHUNK = 1 << 20
PIPE_BYTES = 1 << 20  # the kernel's default of 64 kB would mean a switch of process for each
COMPLAINT_BYTES = 16_384  # how much of the child's standard error is kept: the last of it


class Malformed(Exception):
    """What came from the child is no frame that was asked for."""


class Pipes:
    """The parent's ends of the pipes of one child.

    Attributes:
        is_over: the child closed its answers, which it does only by ending.
    """

    def __init__(self, child: "Popen[bytes]") -> None:
        if child.stdin is None or child.stdout is None or child.stderr is None:
            raise ValueError("the child was started without pipes")
        self._files = (child.stdin, child.stdout, child.stderr)
        self._orders, self._answers, self._errors = (file.fileno() for file in self._files)
        self._poll = select.poll()
        for descriptor in (self._orders, self._answers, self._errors):
            os.set_blocking(descriptor, False)
        for descriptor in (self._answers, self._errors):
            self._poll.register(descriptor, select.POLLIN)
        for descriptor in (self._orders, self._answers):
            with contextlib.suppress(OSError):  # over the user's share: works, slower
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._rest = memoryview(b"")
        self._answer = bytearray()
        self._complaint = b""
        self.is_over = False

    def send(self, order: bytes) -> None:
        """Begin to send a frame; `turn` does the sending."""
        self._rest = memoryview(order)
        self._answer = bytearray()
        self._poll.register(self._orders, select.POLLOUT)

    def turn(self, timeout_s: float) -> None:
        """Move what can be moved in all directions, waiting at most `timeout_s` for anything."""
        for descriptor, _ in self._poll.poll(timeout_s * 1000):
            if descriptor == self._orders:
                self._push()
            elif descriptor == self._answers:
                self._take()
            else:
                self._listen()

    def answer(self, kind: int) -> memoryview | None:
        """Return the payload of the answer once it is whole.

        Raises `Malformed` as soon as the bytes cannot become a frame of this kind that we hold.
        """
        if len(self._answer) < HEADER.size:
            return None
        length, said = HEADER.unpack_from(self._answer)
        surplus = len(self._answer) - HEADER.size - length
        is_early = surplus == 0 and len(self._rest) > 0  # an answer to half a question
        if said != kind or length > LARGEST_ANSWER or surplus > 0 or is_early:
            raise Malformed
        return memoryview(self._answer)[HEADER.size :] if surplus == 0 else None

    def complaint(self) -> str:
        """Return the end of what the child wrote to standard error."""
        if not self._files[2].closed:
            self._listen()
        return self._complaint.decode("utf-8", "replace")

    def close(self) -> None:
        """Close all three; nothing may be called afterwards but `complaint`."""
        for file in self._files:
            with contextlib.suppress(OSError):
                file.close()

    def _push(self) -> None:
        try:
            self._rest = self._rest[os.write(self._orders, self._rest[:CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # the child is gone; its end of the answers will say so
            self._rest = memoryview(b"")
        if not self._rest:
            self._poll.unregister(self._orders)

    def _take(self) -> None:
        read = self._read(self._answers)
        self._answer += read or b""
        if read == b"":
            self.is_over = True
            self._poll.unregister(self._answers)

    def _listen(self) -> None:
        read = self._read(self._errors)
        self._complaint = (self._complaint + (read or b""))[-COMPLAINT_BYTES:]
        if read == b"":
            with contextlib.suppress(KeyError):  # heard before, after the end
                self._poll.unregister(self._errors)

    @staticmethod
    def _read(descriptor: int) -> bytes | None:
        """Return what is there: b"" at the end, `None` when there is nothing yet."""
        try:
            return os.read(descriptor, CHUNK)
        except BlockingIOError:
            return None
