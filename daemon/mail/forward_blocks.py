"""The text of a mail -> the header blocks that mail programs set above a mail passed on; pure.

Outlook, Gmail, Apple Mail, Thunderbird, Notes and the rest write them alike, each in the language
of its user: a mark, a few of From, Date, To and Subject, and the mail below. What a mark and a
header look like is known to `classifiers.quotes`, which strips them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from classifiers.folding import fold
from classifiers.quotes import Cut, Tail, find_tail, header_kind, read_headers
from daemon.mail.charset import clean
from daemon.mail.forward_dates import moment_in
from daemon.records import Address

_CHARS = 65_536  # of the text that are looked at
_LINES = 3_000
_LINE_CHARS = 1_000
_VALUE_CHARS = 2_000  # of one header, its continuation included
_MOST = 20  # blocks
_NAME_CHARS = 200
_NEAR = 4  # lines between a mark and the headers it stands for
_NOTES_LINES = 8  # between a mark and To
_ENGLISH = ("from", "sent")

_QUOTE_MARKS = re.compile(r"^(?:\s{0,9}(?:>|&gt;))+ ?")
_ADDRESS = re.compile(
    r"(?<![^\s<>\"'(),;:@\[\]\\|*])[^\s<>\"'(),;:@\[\]\\|*][^\s<>\"(),;:@\[\]\\|*]{0,63}"
    r"@(?:[^\W_][\w-]{0,62}\.){1,8}[^\W\d_][\w-]{1,62}"
)
_BESIDE_VALUE = " \t*_\xa0"
_BESIDE_NAME = " \t\"'<>[]()*_,;:|"
_CERTIFIED = re.compile(r"\bper conto di\b:?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What stands above one mail that is passed on or answered."""

    cut: Cut
    senders: tuple[Address, ...]  # as many as its From names
    name: str  # in From, where it has no address
    to: tuple[Address, ...]
    sent_at: datetime | None
    subject: str


def blocks_in(text: str, zone: tzinfo) -> list[Block]:
    """Return the blocks in a text from its top, within its first 65,536 characters.

    Quote marks are passed over: who quotes whom is told by the order. A line like "On Monday Anna
    wrote:" is a block of its own kind (`Cut.ATTRIBUTION`) with the addresses in it.

    Args:
        text: of the mail, LF line ends.
        zone: in which times without one are meant.
    """
    lines = [
        _QUOTE_MARKS.sub("", line[:_LINE_CHARS]) for line in text[:_CHARS].split("\n")[:_LINES]
    ]
    found: list[Block] = []
    for block in _walk(_with_values(lines), zone):
        found.append(block)
        if len(found) == _MOST:
            break
    return found


def _with_values(lines: Sequence[str]) -> list[str]:
    """Return lines with a key and its value on one, where the cells of a table stood alone."""
    whole: list[str] = []
    at = 0
    while at < len(lines):
        line, at = lines[at], at + 1
        if header_kind(line) and not line.partition(":")[2].strip(_BESIDE_VALUE):
            value = _next_line(lines, at)
            below = _next_line(lines, value + 1)
            is_cell = value < len(lines) and header_kind(lines[value]) is None
            if is_cell and below < len(lines) and header_kind(lines[below]):
                line, at = f"{line} {lines[value].strip()}", value + 1
        whole.append(line)
    return whole


def _next_line(lines: Sequence[str], at: int) -> int:
    """Return the number of the first line from `at` that is not blank, of the next three."""
    near = range(at, min(at + 3, len(lines)))
    return next((number for number in near if lines[number].strip()), len(lines))


def _walk(lines: Sequence[str], zone: tzinfo) -> Iterator[Block]:
    at = 0
    pending: tuple[Cut, int] | None = None  # a mark whose headers have not come yet, and its end
    while (tail := find_tail(lines, at)) is not None:
        if tail.cut is Cut.ATTRIBUTION:
            at = max(tail.after, tail.start + 1)
            yield _attribution(lines[tail.start : tail.after])
            continue
        after, places = _places(lines, tail)
        at = max(tail.after, after, tail.start + 1)
        mark, pending = pending, None
        stands_for_it = tail.cut is Cut.HEADERS and mark and tail.start - mark[1] <= _NEAR
        if mark and mark[0] is Cut.FORWARD and not stands_for_it:
            yield _nameless(Cut.FORWARD)
        if "from" in places:
            cut = mark[0] if mark and stands_for_it else tail.cut
            yield _block(lines, places, cut, zone)
        elif block := _of_notes(lines, tail, zone):
            yield block
        else:
            pending = (tail.cut, at)
    if pending and pending[0] is Cut.FORWARD:
        yield _nameless(Cut.FORWARD)


def _of_notes(lines: Sequence[str], tail: Tail, zone: tzinfo) -> Block | None:
    """Return the block of old Lotus Notes: who and when without a key, then To, below a mark."""
    below = range(tail.start + 1, min(tail.start + 1 + _NOTES_LINES, len(lines)))
    to = next((number for number in below if header_kind(lines[number]) == "to"), None)
    if tail.cut is not Cut.FORWARD or to is None:
        return None
    between = lines[tail.start + 1 : to]
    first = next((at for at, line in enumerate(between) if "@" in line), len(between))
    behind = " ".join(between[first:])
    address = _ADDRESS.search(behind)
    senders = addresses_in(behind)
    return Block(
        cut=tail.cut,
        senders=senders,
        name="",
        to=addresses_in(_value(lines, to, is_address=True)),
        sent_at=moment_in(behind[address.end() if address else 0 :], zone),
        subject="",
    )


def _places(lines: Sequence[str], tail: Tail) -> tuple[int, dict[str, int]]:
    """Return the line below a block, and where its headers stand."""
    first = tail.start
    if header_kind(lines[first]) is None:  # a mark, or a rule above the headers
        first += 1
    return read_headers(lines, first)


def _block(lines: Sequence[str], places: dict[str, int], cut: Cut, zone: tzinfo) -> Block:
    said = _value(lines, places["from"], is_address=True)
    senders = addresses_in(_behind_certified(said))
    is_english = any(fold(lines[at]).strip(" \t*_").startswith(_ENGLISH) for at in places.values())
    date = _value(lines, places["date"]) if "date" in places else ""
    to = _value(lines, places["to"], is_address=True) if "to" in places else ""
    return Block(
        cut=cut,
        senders=senders,
        name="" if senders else _name(said),
        to=addresses_in(to),
        sent_at=moment_in(date, zone, is_english=is_english),
        subject=clean(_value(lines, places["subject"])) if "subject" in places else "",
    )


def _nameless(cut: Cut) -> Block:
    """Return a block that says a mail was passed on, and not whose."""
    return Block(cut=cut, senders=(), name="", to=(), sent_at=None, subject="")


def _attribution(lines: Sequence[str]) -> Block:
    found = addresses_in(" ".join(lines)[:_VALUE_CHARS])
    senders = tuple(Address(name="", email=one.email) for one in found)
    return Block(cut=Cut.ATTRIBUTION, senders=senders, name="", to=(), sent_at=None, subject="")


def _value(lines: Sequence[str], at: int, *, is_address: bool = False) -> str:
    """Return what a header says; an address that did not fit on its line stands on the next."""
    said = lines[at].partition(":")[2].strip(_BESIDE_VALUE)
    below = lines[at + 1] if at + 1 < len(lines) else ""
    if is_address and "@" not in said and _is_address_line(below):
        said = f"{said} {below}"
    return said[:_VALUE_CHARS]


def _is_address_line(line: str) -> bool:
    found = _ADDRESS.search(line)
    if found is None or header_kind(line) is not None:
        return False
    return not line.replace("mailto:", "")[: found.start()].strip(_BESIDE_NAME)


def _behind_certified(said: str) -> str:
    """Return whom a certified mail is from, of `Per conto di: a@x <posta-certificata@y>`."""
    found = _CERTIFIED.search(said)
    if found is None or "posta-certificata@" not in said.lower():
        return said
    return said[found.end() :].partition("<")[0]


def addresses_in(said: str) -> tuple[Address, ...]:
    """Return the addresses in a header as a program shows it, each once, with their names.

    In angle or square brackets, with `mailto:` before them, twice or alone.
    """
    said = said.replace("mailto:", " ").replace("MAILTO:", " ")
    found: dict[str, Address] = {}
    behind = 0
    for match in _ADDRESS.finditer(said):
        local, _, domain = match[0].rpartition("@")
        email = clean(f"{local}@{domain.lower()}").strip(".")
        if email.lower() not in found:
            found[email.lower()] = Address(name=_name(said[behind : match.start()]), email=email)
        behind = match.end()
    return tuple(found.values())


def _name(said: str) -> str:
    return " ".join(clean(said[-_NAME_CHARS:]).split()).strip(_BESIDE_NAME)
