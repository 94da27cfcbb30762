"""Bytes of an IMAP client -> commands of words and lists; values -> bytes of an answer."""

import re
import select
import socket
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

MAX_LINE = 10_000_000
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n\Z")
_WORD = re.compile(rb'[^\s()"\[]+(?:\[[^\]]*\])?(?:<[\d.]+>)?|\[')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Token = bytes | list["Token"]


class Gone(ConnectionError):
    """The client has closed the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command as the client sent it; literals are bytes among the arguments."""

    connection: int
    tag: str
    name: str
    arguments: list[Token]

    @property
    def text(self) -> str:
        """The command for assertions: no secret, no mail."""
        if self.name in {"LOGIN", "AUTHENTICATE"}:
            return f"{self.name} ***"
        shown = self.arguments[:1] if self.name == "APPEND" else self.arguments
        return " ".join((self.name, *map(_shown, shown)))


class Line:
    """The socket of one connection, read by lines and literals."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = b""
        self.last = b""  # line that was read last

    def read_line(self) -> bytes:
        """Return the next line with its end.

        Raises:
            Gone: the client closed the connection.
        """
        while b"\n" not in self._buffer and len(self._buffer) < MAX_LINE:
            self._receive()
        line, end, self._buffer = self._buffer.partition(b"\n")
        self.last = line + end
        return self.last

    def read_exactly(self, size: int) -> bytes:
        """Return the next `size` bytes.

        Raises:
            Gone: the client closed the connection.
        """
        while len(self._buffer) < size:
            self._receive()
        chunk, self._buffer = self._buffer[:size], self._buffer[size:]
        return chunk

    def has_input(self, timeout_s: float) -> bool:
        """Wait for input, and return whether there is some."""
        pending = getattr(self.socket, "pending", int)()  # bytes that TLS has already decrypted
        return bool(self._buffer or pending or select.select([self.socket], [], [], timeout_s)[0])

    def _receive(self) -> None:
        # imaplib sends a literal and its line end in two packets, and Nagle keeps the second one
        # back until the first is acknowledged: without this every APPEND takes 40 ms.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        chunk = self.socket.recv(65536)
        if not chunk:
            raise Gone
        self._buffer += chunk


def read_command(line: Line, go_on: Callable[[], None], connection: int) -> Command:
    """Return the next command.

    Args:
        line: where to read.
        go_on: sends the continuation that a literal waits for.
        connection: number noted in the command.
    """
    tokens = _read_tokens(line, go_on)
    words = [token if isinstance(token, bytes) else b"()" for token in tokens[:3]]
    tag, name = words[0].decode("ascii", "replace"), words[1].decode("ascii", "replace").upper()
    rest = tokens[2:]
    if name == "UID" and len(words) > 2:
        name, rest = f"UID {words[2].decode('ascii', 'replace').upper()}", tokens[3:]
    return Command(connection=connection, tag=tag, name=name, arguments=rest)


def _read_tokens(line: Line, go_on: Callable[[], None]) -> list[Token]:
    stack: list[list[Token]] = [[]]
    while True:
        text = line.read_line()
        literal = _LITERAL.search(text)
        _split(text[: literal.start()] if literal else text.rstrip(b"\r\n"), stack)
        if literal is None:
            break
        if not literal[2]:
            go_on()
        stack[-1].append(line.read_exactly(int(literal[1])))
    tokens = stack[0]
    return tokens if len(tokens) >= 2 else [*tokens, b"", b""][:2]


def _split(text: bytes, stack: list[list[Token]]) -> None:
    position = 0
    while position < len(text):
        mark = text[position : position + 1]
        if mark == b"(":
            stack.append([])
        elif mark == b")" and len(stack) > 1:
            closed = stack.pop()
            stack[-1].append(closed)
        elif mark == b'"':
            word, position = _quoted(text, position)
            stack[-1].append(word)
            continue
        elif not mark.isspace():
            found = _WORD.match(text, position)
            word = found[0] if found else mark
            stack[-1].append(word)
            position += len(word)
            continue
        position += 1


def _quoted(text: bytes, start: int) -> tuple[bytes, int]:
    found = re.compile(rb'"((?:[^"\\]|\\.)*)"?').match(text, start)
    assert found is not None
    return re.sub(rb"\\(.)", rb"\1", found[1]), found.end()


def numbers(spec: bytes, highest: int) -> Callable[[int], bool]:
    """Return a test for membership in a sequence set such as `1:4,9,20:*`."""
    single, ranges = set(), []
    for part in spec.split(b","):
        ends = sorted(highest if end == b"*" else int(end) for end in part.split(b":", 1))
        if ends[0] == ends[-1]:
            single.add(ends[0])
        else:
            ranges.append((ends[0], ends[-1]))
    return lambda number: number in single or any(low <= number <= top for low, top in ranges)


def number_set(values: Iterable[int]) -> bytes:
    """Return ascending numbers as a set with ranges; a server may, and real ones do."""
    ranges: list[list[int]] = []
    for value in values:
        if ranges and ranges[-1][1] + 1 == value:
            ranges[-1][1] = value
        else:
            ranges.append([value, value])
    return b",".join(b"%d" % low if low == high else b"%d:%d" % (low, high) for low, high in ranges)


def literal(content: bytes, announced: bytes | None = None) -> bytes:
    """Return a literal; `announced` replaces its length, which is how a server lies."""
    return b"{%s}\r\n" % (announced or b"%d" % len(content)) + content


def quoted(text: str) -> bytes:
    """Return a quoted string."""
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8") + b'"'


def flag_list(flags: Iterable[str]) -> bytes:
    """Return flags in brackets, sorted."""
    return b"(" + " ".join(sorted(flags)).encode("ascii") + b")"


def date_time(moment: datetime) -> bytes:
    """Return an INTERNALDATE with English months whatever the locale (RFC 3501 9)."""
    text = f"{moment.day:2d}-{_MONTHS[moment.month - 1]}-{moment:%Y %H:%M:%S %z}"
    return b'"' + text.encode("ascii") + b'"'


def parse_date_time(text: bytes) -> datetime:
    """Return the moment of an APPEND's date-time, or of a SEARCH date (midnight UTC)."""
    day, month, rest = text.decode("ascii").strip().split("-", 2)
    if len(rest) == 4:
        rest += " 00:00:00 +0000"
    number = _MONTHS.index(month.title()) + 1
    return datetime.strptime(f"{int(day):02d}-{number:02d}-{rest}", "%d-%m-%Y %H:%M:%S %z")


def _shown(token: Token) -> str:
    if isinstance(token, list):
        return "(" + " ".join(map(_shown, token)) + ")"
    return token.decode("utf-8", "replace")


def decode_name(wire: bytes) -> str:
    """Return a folder's name from modified UTF-7 (RFC 3501 5.1.3)."""
    return re.sub(r"&([^-]*)-", _decode_shift, wire.decode("ascii"))


def encode_name(name: str) -> str:
    """Return a folder's name in modified UTF-7 (RFC 3501 5.1.3)."""
    return re.sub(r"&|[^\x20-\x7e]+", _encode_shift, name)


def _decode_shift(shift: re.Match[str]) -> str:
    if not shift[1]:
        return "&"
    return b64decode(shift[1].replace(",", "/") + "===").decode("utf-16-be")


def _encode_shift(shift: re.Match[str]) -> str:
    if shift[0] == "&":
        return "&-"
    packed = b64encode(shift[0].encode("utf-16-be")).decode("ascii")
    return "&" + packed.rstrip("=").replace("/", ",") + "-"
