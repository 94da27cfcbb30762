"""A stored mail and what a client asks of it -> FETCH items and SEARCH hits, pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from tests.servers.imap_faults import Fault, Kind
from tests.servers.imap_store import StoredMail
from tests.servers.imap_wire import (
    Token,
    date_time,
    flag_list,
    literal,
    numbers,
    parse_date_time,
)

MACROS = {
    b"FAST": [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"],
    b"ALL": [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"],
}
_BODY = re.compile(rb"BODY(?:\.PEEK)?\[(.*)\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE | re.DOTALL)
_OLD_SECTIONS = {b"RFC822": b"", b"RFC822.HEADER": b"HEADER", b"RFC822.TEXT": b"TEXT"}
_FLAG_KEYS = {"ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mail at its place in the client's view of the folder."""

    number: int
    uid: int
    mail: StoredMail


def sets_seen(items: Iterable[bytes]) -> bool:
    """Return whether fetching these items marks the mail as read (RFC 3501 6.4.5)."""
    names = [item.upper() for item in items]
    return any(name.startswith(b"BODY[") or name in {b"RFC822", b"RFC822.TEXT"} for name in names)


def fetch_line(found: Found, items: Iterable[bytes], due: tuple[Fault, ...]) -> bytes:
    """Return one untagged FETCH answer, without its line end.

    Raises:
        ValueError: an item we do not know.
    """
    parts = [_fetch_item(found, item, due) for item in items]
    return b"* %d FETCH (" % found.number + b" ".join(parts) + b")"


def _fetch_item(found: Found, item: bytes, due: tuple[Fault, ...]) -> bytes:
    name = item.upper()
    if name in _SIMPLE:
        return name + b" " + _SIMPLE[name](found)
    if name == b"RFC822.SIZE":
        return b"RFC822.SIZE %d" % (len(found.mail.raw) + _size_of(due, Kind.SIZE_OFF))
    if name in _OLD_SECTIONS:
        return name + b" " + _lied(section(found.mail.raw, _OLD_SECTIONS[name]), due)
    body = _BODY.fullmatch(item)
    if body is None:
        raise ValueError(f"unknown FETCH item {item!r}")
    content = section(found.mail.raw, body[1])
    shown = b"BODY[" + body[1] + b"]"
    if body[2] is not None:
        first = int(body[2])
        content, shown = content[first : first + int(body[3])], shown + b"<%d>" % first
    return shown + b" " + _lied(content, due)


_SIMPLE: dict[bytes, Callable[[Found], bytes]] = {
    b"UID": lambda found: b"%d" % found.uid,
    b"FLAGS": lambda found: flag_list(found.mail.flags),
    b"INTERNALDATE": lambda found: date_time(found.mail.internaldate),
    b"MODSEQ": lambda found: b"(%d)" % found.mail.modseq,
}


def _size_of(due: tuple[Fault, ...], kind: Kind) -> int:
    return sum(fault.size for fault in due if fault.kind is kind)


def _lied(content: bytes, due: tuple[Fault, ...]) -> bytes:
    says = [fault.text for fault in due if fault.kind is Kind.LITERAL_SAYS]
    off = _size_of(due, Kind.LITERAL_OFF)
    announced = says[0] if says else str(len(content) + off)
    return literal(content, announced.encode("ascii"))


def section(raw: bytes, name: bytes) -> bytes:
    """Return a section of a mail: everything, HEADER, TEXT or HEADER.FIELDS [NOT].

    Raises:
        ValueError: a section we do not serve (numbered parts).
    """
    head, body = _split(raw)
    word, _, fields = name.partition(b" ")
    plain = {b"": raw, b"HEADER": head, b"TEXT": body}
    if word.upper() in plain:
        return plain[word.upper()]
    wanted = {field.lower() for field in fields.strip(b" ()").replace(b'"', b"").split()}
    if word.upper() == b"HEADER.FIELDS":
        return b"".join(lines for key, lines in _fields(head) if key in wanted) + b"\r\n"
    if word.upper() == b"HEADER.FIELDS.NOT":
        return b"".join(lines for key, lines in _fields(head) if key not in wanted) + b"\r\n"
    raise ValueError(f"unknown section {name!r}")


def _split(raw: bytes) -> tuple[bytes, bytes]:
    end = re.search(rb"\r?\n\r?\n", raw)
    return (raw, b"") if end is None else (raw[: end.end()], raw[end.end() :])


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    for field in re.findall(rb"[^\r\n]+\r?\n(?:[ \t][^\n]*\n)*", head):
        yield field.partition(b":")[0].strip().lower(), field


def search(criteria: list[Token], folder: list[Found]) -> list[Found]:
    """Return the mails that meet all criteria.

    Raises:
        ValueError: a key we do not know.
    """
    highest_uid = max((found.uid for found in folder), default=0)
    test = _Criteria(criteria, len(folder), highest_uid).everything()
    return [found for found in folder if test(found)]


_Test = Callable[[Found], bool]


class _Criteria:
    """SEARCH keys read from left to right."""

    def __init__(self, tokens: list[Token], count: int, highest_uid: int) -> None:
        self._tokens, self._count, self._highest_uid = list(tokens), count, highest_uid

    def everything(self) -> _Test:
        tests = []
        while self._tokens:
            tests.append(self._key())
        return lambda found: all(test(found) for test in tests)

    def _key(self) -> _Test:
        token = self._tokens.pop(0)
        if isinstance(token, list):
            return _Criteria(token, self._count, self._highest_uid).everything()
        name = token.decode("ascii").upper()
        if name[:1].isdigit() or name.startswith("*"):
            chosen = numbers(token, self._count)
            return lambda found: chosen(found.number)
        if name in _FLAG_KEYS or name.removeprefix("UN") in _FLAG_KEYS:
            return _flag_test("\\" + name.removeprefix("UN"), wanted=not name.startswith("UN"))
        if not hasattr(self, f"_key_{name.lower()}"):
            raise ValueError(f"unknown SEARCH key {name}")
        test: _Test = getattr(self, f"_key_{name.lower()}")()
        return test

    def _word(self) -> bytes:
        token = self._tokens.pop(0)
        if not isinstance(token, bytes):
            raise ValueError("SEARCH wants a word here")  # noqa: TRY004 - the client's mistake
        return token

    def _key_charset(self) -> _Test:
        self._word()
        return lambda _found: True

    def _key_all(self) -> _Test:
        return lambda _found: True

    def _key_uid(self) -> _Test:
        chosen = numbers(self._word(), self._highest_uid)
        return lambda found: chosen(found.uid)

    def _key_not(self) -> _Test:
        test = self._key()
        return lambda found: not test(found)

    def _key_or(self) -> _Test:
        first, second = self._key(), self._key()
        return lambda found: first(found) or second(found)

    def _key_keyword(self) -> _Test:
        return _flag_test(self._word().decode("ascii"), wanted=True)

    def _key_unkeyword(self) -> _Test:
        return _flag_test(self._word().decode("ascii"), wanted=False)

    def _key_header(self) -> _Test:
        field, wanted = self._word().lower(), self._word().lower()
        return lambda found: any(
            key == field and wanted in lines.partition(b":")[2].lower()
            for key, lines in _fields(_split(found.mail.raw)[0])
        )

    def _key_text(self) -> _Test:
        wanted = self._word().lower()
        return lambda found: wanted in found.mail.raw.lower()

    def _key_larger(self) -> _Test:
        size = int(self._word())
        return lambda found: len(found.mail.raw) > size

    def _key_smaller(self) -> _Test:
        size = int(self._word())
        return lambda found: len(found.mail.raw) < size

    def _key_modseq(self) -> _Test:
        least = int(self._word())
        return lambda found: found.mail.modseq >= least

    def _key_since(self) -> _Test:
        day = parse_date_time(self._word())
        return lambda found: found.mail.internaldate >= day

    def _key_before(self) -> _Test:
        day = parse_date_time(self._word())
        return lambda found: found.mail.internaldate < day

    def _key_on(self) -> _Test:
        day = parse_date_time(self._word())
        return lambda found: day <= found.mail.internaldate < day + timedelta(days=1)


def _flag_test(flag: str, *, wanted: bool) -> _Test:
    return lambda found: (flag.lower() in {have.lower() for have in found.mail.flags}) is wanted
