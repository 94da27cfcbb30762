"""Answers: the relay, the case and the Message-ID of outgoing mail, and reports about it.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from daemon.store import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COLUMNS = (
    "addressee",
    "stranger",
    "relay",
    "message_id",
    "case_id",
    "told",
    "returned_at",
    "returned",
    "accepted_at",
    "delivered_at",
)


def upgrade() -> None:
    """Let outgoing mail know its case, and index events by their kind."""
    with op.batch_alter_table("outgoing") as outgoing:
        outgoing.add_column(sa.Column("addressee", sa.Text(), nullable=False, server_default=""))
        outgoing.add_column(
            sa.Column("stranger", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        outgoing.add_column(sa.Column("relay", sa.Text(), nullable=True))
        outgoing.add_column(sa.Column("message_id", sa.Text(), nullable=True))
        outgoing.add_column(
            sa.Column(
                "case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        outgoing.add_column(
            sa.Column("told", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        outgoing.add_column(sa.Column("returned_at", columns.Moment(), nullable=True))
        outgoing.add_column(sa.Column("returned", sa.Text(), nullable=True))
        outgoing.add_column(sa.Column("accepted_at", columns.Moment(), nullable=True))
        outgoing.add_column(sa.Column("delivered_at", columns.Moment(), nullable=True))
        outgoing.create_foreign_key(op.f("fk_outgoing_case_id"), "cases", ["case_id"], ["id"])
    op.create_index(op.f("ix_outgoing_message_id"), "outgoing", ["message_id"])
    op.create_index(op.f("ix_outgoing_case_id"), "outgoing", ["case_id"])
    op.create_index("ix_outgoing_kind", "outgoing", ["kind", "created_at"])
    op.create_index("ix_outgoing_addressee", "outgoing", ["addressee", "created_at"])
    op.add_column("cases", sa.Column("acknowledged_at", columns.Moment(), nullable=True))
    op.create_table(
        "keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", "number", name=op.f("pk_keys")),
    )
    op.create_index("ix_case_events_kind", "case_events", ["kind", "at"])


def downgrade() -> None:
    """Take the columns and indexes away."""
    op.drop_index("ix_case_events_kind", table_name="case_events")
    op.drop_table("keys")
    op.drop_column("cases", "acknowledged_at")
    op.drop_index("ix_outgoing_addressee", table_name="outgoing")
    op.drop_index("ix_outgoing_kind", table_name="outgoing")
    op.drop_index(op.f("ix_outgoing_case_id"), table_name="outgoing")
    op.drop_index(op.f("ix_outgoing_message_id"), table_name="outgoing")
    with op.batch_alter_table("outgoing") as outgoing:
        outgoing.drop_constraint(op.f("fk_outgoing_case_id"), type_="foreignkey")
        for name in _COLUMNS:
            outgoing.drop_column(name)
