"""Clocks: by which profile they are counted, from when, and how far their answer has come.

Revision ID: 0012
Revises: 0006
"""

import json
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from alembic import op

from daemon.store import columns

revision = "0012"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXTS = {"met_when": "sent", "starts": "receipt", "silence": "", "profile": ""}
_FLAGS = ("is_extended", "is_held")
_NULLABLE = ("since", "sent_at", "met_mail")

_cases = sa.table(
    "cases",
    *(sa.column(name) for name in ("id", "state", "profile", "course")),
    sa.column("received_at", columns.Moment()),
    sa.column("due_at", columns.Moment()),
    sa.column("paused_since", sa.Date()),
)
_clocks = sa.table(
    "case_clocks",
    *(sa.column(name) for name in ("case_id", "name", "only_if", "profile")),
    *(sa.column(name, columns.Moment()) for name in ("due_at", "met_at", "since")),
    *(sa.column(name, sa.Boolean()) for name in _FLAGS),
)
_of_profile = _clocks.c.name.not_like("%:%")  # a matter's has its name before a colon


def upgrade() -> None:
    """Add the columns, and bring what cases knew of their clocks into the rows of these."""
    for name, usual in _TEXTS.items():
        text = sa.Column(name, sa.Text(), nullable=False, server_default=usual)
        op.add_column("case_clocks", text)
    for name in _FLAGS:
        flag: sa.Column[bool] = sa.Column(
            name, sa.Boolean(), nullable=False, server_default=sa.false()
        )
        op.add_column("case_clocks", flag)
    op.add_column("case_clocks", sa.Column("since", columns.Moment(), nullable=True))
    op.add_column("case_clocks", sa.Column("sent_at", columns.Moment(), nullable=True))
    op.add_column("case_clocks", sa.Column("met_mail", sa.Text(), nullable=True))
    connection = op.get_bind()
    mine = sa.select(_cases.c.received_at).where(_cases.c.id == _clocks.c.case_id)
    connection.execute(sa.update(_clocks).values(since=mine.scalar_subquery()))
    mine = sa.select(_cases.c.profile).where(_cases.c.id == _clocks.c.case_id)
    named = sa.func.coalesce(mine.scalar_subquery(), "")
    connection.execute(sa.update(_clocks).where(_of_profile).values(profile=named))
    said = _cases.c.course.is_not(None) | _cases.c.paused_since.is_not(None)
    for row in connection.execute(sa.select(_cases).where(said)).all():
        _carry(connection, row)


def _carry(connection: sa.Connection, row: Any) -> None:  # noqa: ANN401 - a row
    """Write what was said of all clocks of a case into each, and the rest as it is kept now."""
    course = json.loads(row.course or "{}")
    own = sa.update(_clocks).where(_clocks.c.case_id == row.id, _of_profile)
    if course.get("since") is not None:
        connection.execute(own.values(since=datetime.fromisoformat(course["since"])))
    if course.get("is_extended"):
        connection.execute(own.values(is_extended=True))
    if row.paused_since is not None:
        waits = _clocks.c.met_at.is_(None) & (_clocks.c.due_at >= _first_of(row.paused_since))
        connection.execute(own.where(waits).values(is_held=True))
    since = row.paused_since and row.paused_since.isoformat()
    part = {"pauses": course.get("pauses", []), "since": since}
    kept = {"parts": {"": part}, "matters": course.get("matters", [])}
    this = sa.update(_cases).where(_cases.c.id == row.id)
    connection.execute(this.values(course=json.dumps(kept)))
    runs = (_clocks.c.case_id == row.id, _clocks.c.met_at.is_(None), _clocks.c.only_if == "")
    due = sa.select(sa.func.min(_clocks.c.due_at)).where(*runs, ~_clocks.c.is_held)
    is_open = _cases.c.state == "open"
    connection.execute(this.where(is_open).values(due_at=due.scalar_subquery()))


def _first_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def downgrade() -> None:
    """Take the columns away; the pauses of the profile are kept."""
    connection = op.get_bind()
    known = sa.select(_cases).where(_cases.c.course.is_not(None))
    for row in connection.execute(known).all():
        course = json.loads(row.course)
        pauses = course.get("parts", {}).get("", {}).get("pauses", [])
        kept = {"pauses": pauses, "is_extended": False, "matters": course.get("matters", [])}
        this = sa.update(_cases).where(_cases.c.id == row.id)
        connection.execute(this.values(course=json.dumps(kept)))
    for name in (*_NULLABLE, *_FLAGS, *_TEXTS):
        op.drop_column("case_clocks", name)
