"""Documents and rows -> JSON, tables on a terminal, plain aligned text elsewhere.

Whatever comes from a mail is a stranger's: control characters never reach the terminal.
"""

import json
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

PLAIN_GAP = "  "
_ENDS = {"Cc", "Cs", "Co", "Zl", "Zp"}
# Explicit bidi controls (UAX 9) can show a text in another order than it has.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_SHOWN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "yes" if value else "no"),
    (datetime, lambda value: value.strftime("%Y-%m-%d %H:%M:%SZ")),
    (float, lambda value: f"{value:.2f}"),
    (bytes, lambda value: value.hex()),
)

Cell = object
"""Anything a table shows: text, numbers, moments, booleans; None is an empty cell."""


def print_json(document: object) -> None:
    """Print one JSON document: moments as ISO 8601, bytes as hex."""
    sys.stdout.write(json_of(document).encode("utf-8", "replace").decode())


def json_of(document: object) -> str:
    """Return one JSON document as `print_json` prints it."""
    return json.dumps(document, ensure_ascii=False, default=_plain, indent=2) + "\n"


def print_json_line(document: Mapping[str, object]) -> None:
    """Print one JSON document on one line."""
    text = json.dumps(document, ensure_ascii=False, default=_plain)
    sys.stdout.write(text.encode("utf-8", "replace").decode() + "\n")


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], title: str | None = None
) -> None:
    """Print rows under their columns; on a terminal with rules and colour."""
    cells = [[safe(shown(cell)) for cell in row] for row in rows]
    numeric = [_is_numeric(row[place] for row in rows) for place in range(len(columns))]
    if not sys.stdout.isatty():
        _print_plain(columns, cells, numeric, title)
        return
    table = Table(title=title, header_style="bold", title_justify="left")
    for name, is_number in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    Console().print(table)


def print_pairs(title: str, pairs: Sequence[tuple[str, Cell]]) -> None:
    """Print named values under a title; on a terminal in a panel."""
    width = max((len(name) for name, _ in pairs), default=0)
    lines = [f"{name.ljust(width)}  {safe(shown(value))}".rstrip() for name, value in pairs]
    if not sys.stdout.isatty():
        print_lines([title, *(f"  {line}" for line in lines), ""])
        return
    Console().print(Panel(Text("\n".join(lines)), title=Text(title), title_align="left"))


def print_lines(lines: Sequence[str]) -> None:
    """Print lines of ours, as they are."""
    for line in lines:
        sys.stdout.write(line.encode("utf-8", "replace").decode() + "\n")


def shown(value: Cell) -> str:
    """Return a value as people read it: moments in UTC to the second, None as nothing."""
    if value is None:
        return ""
    found = (show(value) for kind, show in _SHOWN if isinstance(value, kind))
    return next(found, str(value))


def safe(text: str, keep: str = "") -> str:
    """Return a stranger's text on one line without what could steer a terminal.

    Args:
        text: anything.
        keep: control characters that stay, such as line breaks and tabs.
    """
    return "".join(char if char in keep else _harmless(char) for char in text)


def _harmless(char: str) -> str:
    if char in "\n\r\t":
        return " "
    if char in _BIDI:
        return ""
    return "\ufffd" if unicodedata.category(char) in _ENDS else char


def _is_numeric(values: Any) -> bool:  # noqa: ANN401 - an iterable of cells
    found = [value for value in values if value is not None]
    return bool(found) and all(type(value) in (int, float) for value in found)


def _print_plain(
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    title: str | None,
) -> None:
    widths = [max(len(row[place]) for row in [columns, *cells]) for place in range(len(columns))]
    if title:
        print_lines([title])
    for row in [columns, *cells]:
        aligned = [
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, numeric, strict=True)
        ]
        print_lines([PLAIN_GAP.join(aligned).rstrip()])


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
