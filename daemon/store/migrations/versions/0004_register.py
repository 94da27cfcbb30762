"""The register: severity, remedy, decision; numbers and tags; pauses; merged cases.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = ("severity", "remedy", "product", "decision", "recourse", "course")


def upgrade() -> None:
    """Add what ISO 10002 asks of a register, and tables of numbers and tags."""
    for name in _TEXTS:
        op.add_column("cases", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("paused_since", sa.Date(), nullable=True))
    _add_reference("cases", "merged_into")
    op.create_index(op.f("ix_cases_merged_into"), "cases", ["merged_into"])
    op.create_index("ix_cases_customer", "cases", ["customer", "state", "id"])
    op.create_table(
        "case_numbers",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_numbers_case_id")),
        sa.PrimaryKeyConstraint("case_id", "kind", "value", name=op.f("pk_case_numbers")),
    )
    op.create_index("ix_case_numbers_value", "case_numbers", ["value"])
    op.create_table(
        "case_tags",
        sa.Column("case_id", _ID, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_tags_case_id")),
        sa.PrimaryKeyConstraint("case_id", "tag", name=op.f("pk_case_tags")),
    )
    op.create_index("ix_case_tags_tag", "case_tags", ["tag"])


def _add_reference(table: str, column: str) -> None:
    """Add a column that names a case; on SQLite without making the table anew.

    To drop a table on which others depend fails there, as soon as they have a row.
    """
    name = op.f(f"fk_{table}_{column}")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} INTEGER "
            f"CONSTRAINT {name} REFERENCES cases (id)"
        )
    else:
        op.add_column(table, sa.Column(column, _ID, nullable=True))
        op.create_foreign_key(name, table, "cases", [column], ["id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("case_tags")
    op.drop_table("case_numbers")
    op.drop_index("ix_cases_customer", table_name="cases")
    op.drop_index(op.f("ix_cases_merged_into"), table_name="cases")
    with op.batch_alter_table("cases") as cases:
        cases.drop_constraint(op.f("fk_cases_merged_into"), type_="foreignkey")
        for name in ("merged_into", "paused_since", *_TEXTS):
            cases.drop_column(name)
