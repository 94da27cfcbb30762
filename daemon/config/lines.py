"""TOML text -> the line of every table, key and list member; `tomllib` does not tell.

The text must be one that `tomllib` accepts: this scanner finds its way, it does not check.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # up to two quotes may stand before the closing three
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")  # numbers, dates (a space may stand inside), true, false


def line_map(text: str) -> dict[Path, int]:
    """Return path -> line, from 1, for valid TOML; paths as in the parsed document.

    Tables that are only implied (`a` in `[a.b]`) have the line of what implies them first.
    """
    return _Scan(text).lines()


def nearest_line(lines: dict[Path, int], path: Path) -> int:
    """Return the line of `path`, else of the nearest table around it, else 1."""
    return next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), 1)


class _Scan:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lines: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}  # arrays of tables: how many so far

    def lines(self) -> dict[Path, int]:
        table: Path = ()
        while self._blank() < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> Path:
        start = self._at
        is_array = self._text.startswith("[[", start)
        self._at += 2 if is_array else 1
        *outer, last = self._keys()
        self._at += 2 if is_array else 1
        path: Path = (*self._current(outer), last)
        if is_array:
            self._lengths[path] = self._lengths.get(path, 0) + 1
        path = self._current([last], path[:-1])
        self._note(path, start)
        return path

    def _current(self, keys: list[str], path: Path = ()) -> Path:
        """A header that names an array of tables means its newest member."""
        for key in keys:
            path = (*path, key)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        start = self._at
        path = (*table, *self._keys())
        self._at += 1  # =
        self._skip(_SPACE)
        self._note(path, start)
        self._value(path)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            keys.append(_unquoted(self._skip(_KEY)))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _value(self, path: Path) -> None:
        opening = self._text[self._at]
        if opening == "[":
            for index, _ in enumerate(self._members("]")):
                self._note((*path, index), self._at)
                self._value((*path, index))
        elif opening == "{":
            for _ in self._members("}"):
                self._pair(path)
        else:
            self._skip(_STRING if opening in "\"'" else _SCALAR)

    def _members(self, closing: str) -> Iterator[None]:
        self._at += 1
        while self._text[self._blank()] != closing:
            yield
            if self._text[self._blank()] == ",":
                self._at += 1
        self._at += 1

    def _blank(self) -> int:
        self._skip(_BLANK)
        return self._at

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        token = match[0] if match else ""
        self._at += len(token)
        return token

    def _note(self, path: Path, at: int) -> None:
        line = bisect_right(self._starts, at)
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)


def _unquoted(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key
