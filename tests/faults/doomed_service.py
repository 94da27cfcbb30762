"""`python -m daemon` that is killed as a whole whenever a child is asked to read a doomed mail.

It stands for a mail whose reading takes the machine's memory, and the service with it.
"""

import os
import signal
from collections.abc import Sequence
from typing import Any

from daemon.__main__ import main
from daemon.reading.frames import Kind, Outcome, Work
from daemon.reading.process import ReaderProcess

MARK = b"X-Doom: all"


class DoomedProcess(ReaderProcess):
    """The real parent's side of a child, until it holds a doomed mail."""

    def ask(self, kind: Kind, elements: Sequence[object]) -> tuple[Outcome[Any], ...]:
        if any(isinstance(one, Work) and MARK in (one.raw or b"") for one in elements):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().ask(kind, elements)


if __name__ == "__main__":
    from daemon.reading import lane

    lane.ReaderProcess = DoomedProcess
    main()
