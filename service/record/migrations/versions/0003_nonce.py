"""The tokens that have been used."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nonce",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_nonce"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_nonce_expires", "nonce", ["expires"], unique=False)
