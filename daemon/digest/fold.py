"""A line of any length -> lines that fit a window of plain text, measured in columns; pure."""

import unicodedata

WIDTH = 76
"""Columns: what is left of 80 when a mail is quoted twice."""

_WIDE = frozenset("WF")
_NO_ROOM = frozenset(("Mn", "Me", "Cf"))


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes (UAX 11: wide letters take two)."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def fold(text: str, first: str = "", rest: str = "", width: int = WIDTH) -> str:
    """Return `text` in lines of at most `width` columns, broken at spaces where there are any.

    Args:
        text: one line, legible.
        first: begins the first line.
        rest: begins the others.
        width: columns, more than those of `first` and `rest`.
    """
    lines, line, used, is_bare = list[str](), first, columns(first), True
    for word in _pieces(text, width - max(columns(first), columns(rest))):
        wide = columns(word)
        if not is_bare and used + 1 + wide > width:
            lines.append(line)
            line, used, is_bare = rest, columns(rest), True
        line, used = (line + word, used + wide) if is_bare else (f"{line} {word}", used + 1 + wide)
        is_bare = False
    return "\n".join((*lines, line.rstrip()))


def _pieces(text: str, room: int) -> list[str]:
    """Return the words of a text, those without room on one line in pieces."""
    pieces = []
    for word in text.split():
        piece, used = "", 0
        for letter in word:
            wide = _columns(letter)
            if used + wide > room:
                pieces.append(piece)
                piece, used = "", 0
            piece, used = piece + letter, used + wide
        pieces.append(piece)
    return pieces


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in _NO_ROOM:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1
