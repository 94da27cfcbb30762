"""Who gets digests -> which mail is an answer to one of them; pure."""

from collections.abc import Callable
from dataclasses import dataclass

from daemon.mail.trust import FAIL
from daemon.records import Reading

_MOST_IDS = 32  # of References that are looked at


def _nobody(_message_id: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Readership:
    """Who gets digests of ours, and knows what they are called.

    Attributes:
        addresses: of the readers, in lower case.
        is_digest: tells whether a Message-ID is one that we signed.
    """

    addresses: frozenset[str] = frozenset()
    is_digest: Callable[[str], bool] = _nobody

    def is_answer(self, reading: Reading) -> bool:
        """Tell whether a mail is the word of a reader on a digest.

        It names a digest by an id that only its readers have seen, and comes from one of them, as
        far as our server can tell. A subject proves nothing.
        """
        sender = reading.sender.email.lower() if reading.sender else ""
        if not reading.said or sender not in self.addresses or reading.authentic == FAIL:
            return False
        named = (reading.in_reply_to or "", *reading.references[-_MOST_IDS:])
        return any(map(self.is_digest, named))
