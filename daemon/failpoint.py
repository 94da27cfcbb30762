"""Named places where the fault tests stop the process, as a power cut would.

`BACKDESK_FAILPOINT=name` or `name:N` (the N-th passing) ends the process there with SIGKILL; with
`BACKDESK_FAILPOINT_ACTION=hang` that passing never returns instead, as a thread that hangs.
Without the variable a passing costs one comparison.
"""

import os
import signal
import threading

_name, _, _count = os.environ.get("BACKDESK_FAILPOINT", "").partition(":")
_left = int(_count or 1)
_hangs = os.environ.get("BACKDESK_FAILPOINT_ACTION") == "hang"


def failpoint(name: str) -> None:
    """Kill the process here, or hang, if the environment asks for this failpoint."""
    if name == _name:
        _pass(name)


def _pass(_name: str) -> None:
    global _left  # noqa: PLW0603 - one process, one countdown, test builds only
    _left -= 1
    if _left == 0 and _hangs:
        threading.Event().wait()
    elif _left <= 0 and not _hangs:
        os.kill(os.getpid(), signal.SIGKILL)
