"""Relays that take no mail, and mails whose refusals nobody can explain.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from daemon.store import columns

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what a relay refuses to all apart from what it refuses to one mail."""
    op.add_column(
        "outgoing", sa.Column("refusals", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("outgoing", sa.Column("refused_at", columns.Moment(), nullable=True))
    op.create_table(
        "relays",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("away_since", columns.Moment(), nullable=True),
        sa.Column("rest_until", columns.Moment(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_relays")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("relays")
    op.drop_column("outgoing", "refused_at")
    op.drop_column("outgoing", "refusals")
