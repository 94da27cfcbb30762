"""Which ids of earlier mails a mail names, and who took part in it; bounded, whatever it holds."""

from daemon.records import Reading

_MOST_IDS = 32  # of References that are looked at: the first, and the last ones
_MOST_PEOPLE = 50
_LONGEST_ID = 500


def ids_answered(reading: Reading) -> tuple[str, ...]:
    """Return the Message-IDs that a mail answers, the nearest first (RFC 5322, 3.6.4)."""
    last = reading.references[-_MOST_IDS:][::-1]
    named = (reading.in_reply_to, *last, *reading.references[:1])
    return tuple(dict.fromkeys(one for one in named if one and len(one) <= _LONGEST_ID))


def people_of(reading: Reading) -> tuple[str, ...]:
    """Return the addresses of those who took part in a mail, the sender first."""
    sender = (reading.sender,) if reading.sender else ()
    everybody = (*sender, *reading.reply_to, *reading.to, *reading.cc)
    addresses = (one.email.lower() for one in everybody[:_MOST_PEOPLE] if one.email)
    return tuple(dict.fromkeys(addresses))
