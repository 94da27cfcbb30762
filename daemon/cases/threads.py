"""Which ids of earlier mails a mail names, and who wrote it; bounded, whatever it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.mail.tokens import Tokens
from daemon.records import Reading
from daemon.triage.acknowledge import untagged

_MOST_IDS = 32  # of References that are looked at: the last ones, and the first
_LONGEST_ID = 500  # bytes
_LONGEST_ADDRESS = 320  # bytes (RFC 5321, 4.5.3.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Homing:
    """Knows mail that answers ours by the words that only we can have written."""

    tokens: Tokens
    separators: str = ""  # what stands in our addresses before the tag of a case

    def cases_named(self, reading: Reading) -> Sequence[int]:
        """Return the cases that a mail names by our Message-IDs, the nearest first, or address."""
        by_id = map(self.tokens.case_of_id, ids_answered(reading))
        to = (*reading.to, *reading.cc)[:_MOST_IDS]
        by_address = (self.tokens.case_of_address(one.email, self.separators) for one in to)
        return tuple(dict.fromkeys(one for one in (*by_id, *by_address) if one is not None))


def ids_answered(reading: Reading) -> tuple[str, ...]:
    """Return the Message-IDs that a mail answers, the nearest first (RFC 5322, 3.6.4)."""
    last = reading.references[-_MOST_IDS:][::-1]
    named = (reading.in_reply_to, *last, *reading.references[:1])
    return tuple(dict.fromkeys(one for one in named if one and _fits(one, _LONGEST_ID)))


def id_of(reading: Reading) -> str | None:
    """Return the Message-ID of a mail, None where it has none that can be kept."""
    own = reading.message_id
    return own if own and _fits(own, _LONGEST_ID) else None


def writer_of(reading: Reading) -> str | None:
    """Return the address of who wrote a mail, in lower case.

    Nobody else: whom a mail names in To and Cc is its sender's claim, and would let a stranger
    draw other people's complaints into a case of his own.
    """
    address = address_of(reading)
    return address and address.lower()


def address_of(reading: Reading) -> str | None:
    """Return the address of who wrote a mail, None where it has none that can be kept."""
    address = reading.sender.email if reading.sender else ""
    return address if address and _fits(address, _LONGEST_ADDRESS) else None


def mailbox_of(address: str | None) -> str | None:
    """Return the mailbox that an address leads to, by which one customer is told from another."""
    return untagged(address) if address else None


def _fits(text: str, most: int) -> bool:
    return len(text.encode("utf-8", "replace")) <= most
