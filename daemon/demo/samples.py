"""The sample mails -> those of a demo, evenly over the languages, each for one of the accounts."""

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from itertools import chain, zip_longest
from pathlib import Path

from daemon.demo.records import Sample

FOLDER = Path(__file__).parent / "mails"
LANGUAGES = ("it", "pl", "en")
STRIDE = 7  # the files are sorted by label; neighbours end up apart
_RECEIVED = re.compile(rb"^(Received:[^;]{1,1000};)\s*[^\r\n]+", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^(Message-ID:\s*<)", re.IGNORECASE | re.MULTILINE)


def samples(number: int) -> Iterator[Sample]:
    """Yield so many mails; beyond those there are they come again, under other Message-IDs."""
    mails = [path.read_bytes() for path in _in_turn()]
    for place in range(number):
        turn, which = divmod(place, len(mails))
        raw = _renamed(mails[which], turn) if turn else mails[which]
        yield Sample(account=_account_of(raw), raw=raw)


def arriving(raw: bytes, now: datetime) -> bytes:
    """Return a mail as one that comes in now: so says the line of our own server."""
    date = format_datetime(now).encode()
    return _RECEIVED.sub(lambda line: line[1] + b" " + date, raw, count=1)


def _in_turn() -> tuple[Path, ...]:
    """Return the samples so that the first few are of every language and of several labels."""
    by_language = [_spread(sorted(FOLDER.glob(f"{name}-*.eml"))) for name in LANGUAGES]
    return tuple(path for path in chain(*zip_longest(*by_language)) if path is not None)


def _spread(paths: list[Path]) -> list[Path]:
    places = sorted(range(len(paths)), key=lambda place: place * STRIDE % len(paths))
    return [paths[place] for place in places]


def _renamed(raw: bytes, turn: int) -> bytes:
    """Return the mail as another one: its content digest hangs on the Message-ID."""
    return _MESSAGE_ID.sub(rb"\g<1>again-%d." % turn, raw, count=1)


def _account_of(raw: bytes) -> str:
    head = raw.partition(b"\r\n\r\n")[0]
    return "orders" if b"orders@" in head else "info"
