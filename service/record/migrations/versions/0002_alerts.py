"""An index of the decisions with a card, to count for whom there was one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_decision_alerts",
        "decision",
        ["day", "silent", "age_band", "patient_hash", "cards"],
        unique=False,
        sqlite_where=sa.text("cards > 0"),
        postgresql_where=sa.text("cards > 0"),
    )
