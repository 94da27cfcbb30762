"""The exceptions of reading; each docstring is the message when none is given."""

from daemon.errors import BackdeskError, Temporary


class ReadersAway(Temporary):
    """No reading child could be started; no mail is at fault."""


class PoolClosed(BackdeskError):
    """The pool of reading children is closed."""


class ReaderEnded(BackdeskError):
    """A child died, or was killed by its parent, before it answered.

    Attributes:
        place: position in its frame of the mail in hand; -1 while it still took the frame in,
            the number of mails when all were read and it was scoring or answering.
        reason: `cpu_s`, `wall_s` or `memory` for a limit, else `crash`.
        detail: one line for people.
        stack: where the interpreter stood when a signal ended it; frames only.
    """

    def __init__(self, place: int, reason: str, detail: str, stack: str = "") -> None:
        self.place, self.reason, self.detail, self.stack = place, reason, detail, stack
        super().__init__(detail)
