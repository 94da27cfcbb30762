"""What goes into the pool of reading children and, where the shared records do not do, comes out.

Out come `daemon.records.Reading` and `daemon.records.Unreadable`, and a `Judgement` for text
that never was a mail.
"""

from dataclasses import dataclass, field
from pathlib import Path

from daemon.mail.staff import Staff
from daemon.reading.limits import ReadingLimits
from daemon.records import Automatic

SHIPPED_LANGUAGES = ("it", "pl", "en", "de", "fr", "es")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """How the children read; the same for all children of a pool, for as long as it lives.

    Attributes:
        model_dir: folder with `model.npz` and `model.json`; `None` reads without scores. A model
            that cannot be loaded also reads without scores, see `ReadingPool.model_error`.
        languages: ISO 639-1 codes among which the language of a mail is told.
        wanted_headers: lower-cased names of the headers that `Reading.headers` keeps.
        our_servers: authserv-ids (lower case) of our mail servers, believed on who a mail is from.
        staff: who is of the house: what they pass on is looked for in their mail.
        timezone: IANA name of the zone in which times without one are meant.
        own_instance: value of `X-Backdesk-Instance` by which our own mail is known.
        is_automatic_scored: score bounces, receipts and the like as well. Their label means nothing
            and nothing is decided by it; `backdesk classify` promises scores for every line.
        child_module: what `python -m` starts; the fault tests put a worse child here.
    """

    limits: ReadingLimits = field(default_factory=ReadingLimits)
    model_dir: Path | None = None
    languages: tuple[str, ...] = SHIPPED_LANGUAGES
    wanted_headers: tuple[str, ...] = ()
    our_servers: tuple[str, ...] = ()
    staff: Staff = field(default_factory=Staff)
    timezone: str = "UTC"
    own_instance: str | None = None
    is_automatic_scored: bool = False
    child_module: str = "daemon.reading.child"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One mail to read.

    Attributes:
        key: the caller's number for it; comes back with the answer, never reaches the child.
        raw: its bytes, or the file that holds them (the child reads the file itself).
        alone: read with nothing else in hand, as after an attempt that did not finish.
        attempts: earlier attempts that did not finish, without the one now beginning.
    """

    key: int
    raw: bytes | Path
    alone: bool = False
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainMail:
    """A mail known by its text only, as a line of JSON gives it.

    Attributes:
        headers: (lower-cased name, value); `None` when the source says nothing about headers,
            which is not the same as a mail without them.
    """

    subject: str
    body: str
    sender: str | None = None
    headers: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a child says of a plain mail: as in `Reading`, with the words behind the scores.

    Automatic mail has scores too; what its source does not tell (parts, most headers) cannot
    make it automatic.
    """

    language: str | None  # ISO 639-1; None when too short to tell
    scores: dict[str, float] | None  # label -> calibrated probability, sum 1; None: no model
    model: str | None
    automatic: Automatic | None = None
    reasons: tuple[str, ...] = ()  # why the best label, heaviest first; empty unless asked for
