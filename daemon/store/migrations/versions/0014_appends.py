"""Mails that we put into folders: of queues in other accounts, and drafts.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from daemon.store import columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REFERENCES = {
    "delivery_id": "deliveries",
    "mail_id": "mails",
    "case_id": "cases",
    "target_delivery_id": "deliveries",
}


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "appends",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("delivery_id", _ID, nullable=True),
        sa.Column("mail_id", _ID, nullable=True),
        sa.Column("case_id", _ID, nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.Column("received_at", columns.Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("uidnext", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("target_delivery_id", _ID, nullable=True),
        sa.Column("planned_at", columns.Moment(), nullable=False),
        sa.Column("issued_at", columns.Moment(), nullable=True),
        sa.Column("retry_at", columns.Moment(), nullable=True),
        sa.Column("finished_at", columns.Moment(), nullable=True),
        sa.Column("sought_at", columns.Moment(), nullable=True),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_appends_{name}"))
            for name, table in _REFERENCES.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appends")),
        sa.UniqueConstraint("key", name=op.f("uq_appends_key")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_appends_delivery_id")),
    )
    op.create_index("ix_appends_state", "appends", ["account", "state"])
    op.create_index(op.f("ix_appends_mail_id"), "appends", ["mail_id"])
    op.create_index(op.f("ix_appends_case_id"), "appends", ["case_id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("appends")
