"""Figures of an evaluation to plots (SVG): is it honest, and what does doubt buy?"""

from collections.abc import Sequence
from html import escape

Point = tuple[float, float]

_SIZE, _EDGE = 320, 46  # pixels of the square and of the margin round it
_PALE, _GREY, _INK, _BLUE = "#eceef0", "#c8ccd0", "#30363c", "#1668b5"


def reliability(bins: Sequence[dict[str, float]]) -> str:
    """How often the model is right, by the probability it shows; honest is on the diagonal.

    Args:
        bins: `probability` (mean shown), `right` (share) and `share` (of all mails) of each.
    """
    dots = "".join(
        f'<circle cx="{_x(one["probability"]):.1f}" cy="{_y(one["right"]):.1f}"'
        f' r="{3 + 14 * one["share"] ** 0.5:.1f}" fill="{_BLUE}" fill-opacity="0.75"/>'
        for one in bins
    )
    diagonal = _line([(0.0, 0.0), (1.0, 1.0)], _GREY)
    return _chart("Probability shown", "Share that is right", diagonal + dots)


def coverage(curve: Sequence[Point], lowest: float = 0.5) -> str:
    """How many of the surest mails are right, by how many of all they are.

    Args:
        curve: (share of the mails, share of them that is right), ascending.
        lowest: where the vertical axis begins.
    """
    raised = [(share, max(right - lowest, 0.0) / (1 - lowest)) for share, right in curve]
    return _chart(
        "Share of mails, the surest first", "Share that is right", _line(raised, _BLUE, 2.5), lowest
    )


def _chart(across: str, up: str, inside: str, lowest: float = 0.0) -> str:
    """A square with axes from 0 (upwards: `lowest`) to 1, and what is drawn in it."""
    whole = _SIZE + 2 * _EDGE
    ticks = []
    for step in range(6):
        at, level = step / 5, lowest + (1 - lowest) * step / 5
        ticks.append(_line([(at, 0.0), (at, 1.0)], _PALE))
        ticks.append(_line([(0.0, at), (1.0, at)], _PALE))
        ticks.append(_text(_x(at), _y(0) + 18, f"{at:.0%}", "middle"))
        ticks.append(_text(_x(0) - 6, _y(at) + 4, f"{level:.0%}", "end"))
    frame = _line([(0.0, 1.0), (0.0, 0.0), (1.0, 0.0)], _INK)
    names = _text(_x(0.5), whole - 6, across, "middle") + _text(_x(0), _EDGE - 16, up, "start")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" width="{whole}"'
        f' font-family="sans-serif" font-size="12" fill="{_INK}">\n'
        f'<rect width="{whole}" height="{whole}" fill="#ffffff"/>\n'
        f"{''.join(ticks)}\n{frame}\n{inside}\n{names}\n</svg>\n"
    )


def _line(points: Sequence[Point], colour: str, width: float = 1.0) -> str:
    spots = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f'<polyline points="{spots}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _x(share: float) -> float:
    return _EDGE + share * _SIZE


def _y(share: float) -> float:
    return _EDGE + (1 - share) * _SIZE
