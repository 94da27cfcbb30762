"""Who holds a case, whose mailbox a customer's address leads to, and answers to digests.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MANY = 1_000


def upgrade() -> None:
    """Add columns to the register, and the tables of what people say to their digests."""
    op.add_column("cases", sa.Column("claimed_by", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("mailbox", sa.Text(), nullable=True))
    _fill()
    op.drop_index("ix_cases_customer", table_name="cases")
    op.create_index("ix_cases_mailbox", "cases", ["mailbox", "state", "id"])
    op.create_table(
        "digest_items",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mail_id", _ID, nullable=True),
        sa.Column("case_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_digest_items_mail_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_digest_items_case_id")),
        sa.PrimaryKeyConstraint("digest", "number", name=op.f("pk_digest_items")),
    )
    op.create_table(
        "digest_answers",
        sa.Column("mail_id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("genuine", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("detail", sa.Text(), nullable=False, server_default="{}"),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_digest_answers_mail_id")),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_digest_answers")),
    )
    op.create_index("ix_digest_answers_state", "digest_answers", ["state", "at"])


def _fill() -> None:
    """Write down the mailbox of each customer there is."""
    cases = sa.table("cases", sa.column("id", _ID), sa.column("customer"), sa.column("mailbox"))
    connection = op.get_bind()
    last = 0
    while rows := connection.execute(
        sa.select(cases.c.id, cases.c.customer)
        .where(cases.c.id > last)
        .order_by(cases.c.id)
        .limit(_MANY)
    ).all():
        last = rows[-1].id
        named = [{"case": row.id, "box": _mailbox(row.customer)} for row in rows if row.customer]
        if named:
            filling = sa.update(cases).where(cases.c.id == sa.bindparam("case"))
            connection.execute(filling.values(mailbox=sa.bindparam("box")), named)


def _mailbox(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def downgrade() -> None:
    """Take them away."""
    op.drop_table("digest_answers")
    op.drop_table("digest_items")
    op.drop_index("ix_cases_mailbox", table_name="cases")
    op.create_index("ix_cases_customer", "cases", ["customer", "state", "id"])
    with op.batch_alter_table("cases") as cases:
        cases.drop_column("mailbox")
        cases.drop_column("claimed_by")
