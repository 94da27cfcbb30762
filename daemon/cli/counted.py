"""The count of a clock, day by day, as a document and as a table."""

from collections.abc import Sequence
from typing import Any

from daemon.cli.output import print_table
from daemon.triage.counting import Day


def counted(days: Sequence[Day]) -> list[dict[str, Any]]:
    """Return the days that a clock ran over, with their numbers and notes."""
    return [{"date": day.date, "number": day.number, "note": day.note} for day in days]


def print_counted(title: str, days: Sequence[dict[str, Any]]) -> None:
    """Print the days of one clock."""
    rows = [[f"{day['date']:%a %Y-%m-%d}", day["number"], day["note"]] for day in days]
    print_table(["day", "counted", "note"], rows, title)
