"""The records of a digest in words: what the templates lay out, and do not change."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A number that is read from afar."""

    number: int
    name: str
    is_alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One case, mail or folder that waits for a person."""

    title: str
    lines: tuple[str, ...]
    mark: str = ""  # stands large before it: days, a time of day, or the number to answer with
    unit: str = ""  # of the mark, in words
    is_alarm: bool = False
    link: str = ""  # absolute
    link_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list of entries under a heading; without entries it is not shown."""

    heading: str
    rows: tuple[Entry, ...]
    total: int = 0
    more: str = ""
    help: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A line of a count."""

    number: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Counts under a heading; without counts and a total it is not shown."""

    heading: str
    rows: tuple[Number, ...]
    total: str = ""
    period: str = ""
    more: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day of a trend."""

    number: int
    short: str  # the number in at most four characters
    height: int  # pixels, from 1
    block: str  # as a character
    day: int  # of the month


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A trend as bars."""

    name: str
    bars: tuple[Bar, ...]
    note: str  # the same in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """Trends under a heading; without any it is not shown."""

    heading: str
    rows: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One folder or account, and how it does."""

    name: str
    line: str
    is_well: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Findings under a heading."""

    heading: str
    rows: tuple[Finding, ...]
    empty: str
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A whole digest in words."""

    language: str
    subject: str
    title: str
    subtitle: str  # what it is limited to; "" for the whole house
    preview: str  # what a mailbox shows beside the subject
    tiles: tuple[Tile, ...]
    headline: str  # "" where the lists say it all
    attention: tuple[str, ...]  # what is in no list
    lists: tuple[Listing, ...]
    counts: tuple[Numbers, ...]
    charts: Charts
    health: tuple[Health, ...]
    footer: str
