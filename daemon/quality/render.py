"""Views of reports -> one text, and one HTML file that loads nothing, by the shipped templates."""

from collections.abc import Sequence
from functools import cache

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from daemon.config.shipped import shipped
from daemon.quality.view import Table, View

GAP = "  "
BAR_CELLS = 20
_LEAST = 0.02  # of a bar, so that it is seen


def as_text(views: Sequence[View]) -> str:
    """Return the reports as plain text: columns aligned, bars of hash signs."""
    templates, _ = _templates()
    return templates.get_template("report.txt.j2").render(views=views)


def as_html(views: Sequence[View]) -> str:
    """Return the reports as a page of its own; all words in it are escaped."""
    _, templates = _templates()
    return templates.get_template("report.html.j2").render(views=views)


def aligned(table: Table) -> list[str]:
    """Return the lines of a table."""
    cells = [table.columns, *table.rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(table.columns))]
    lines = []
    for number, row in enumerate(cells):
        parts = [
            cell.ljust(width) if place < table.names else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        if table.bars and number:
            parts.append(bar(table.bars[number - 1]))
        lines.append(GAP.join(parts).rstrip())
    return lines


def bar(part: float, sign: str = "#") -> str:
    """Return a bar for a part of the longest; what is not nothing has one sign at least."""
    return sign * max(round(part * BAR_CELLS), part > 0)


def _width(part: float) -> int:
    """Return the per cent of the room that a bar takes."""
    return round(max(part, _LEAST if part else 0) * 100)


@cache
def _templates() -> tuple[ImmutableSandboxedEnvironment, ImmutableSandboxedEnvironment]:
    """The environments of text and HTML; they share the folder, not the escaping."""
    return _environment(escape=False), _environment(escape=True)


def _environment(*, escape: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(shipped("templates")),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"aligned": aligned, "width": _width}
    return environment
