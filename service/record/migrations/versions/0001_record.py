"""The record as it began: decisions with their cards, feedback, losses."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("client", sa.String(length=200), nullable=True),
        sa.Column("hook_instance", sa.String(length=36), nullable=True),
        sa.Column("hook", sa.String(length=200), nullable=True),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("protocol_id", sa.String(length=200), nullable=True),
        sa.Column("protocol_version", sa.String(length=200), nullable=True),
        sa.Column("protocol_status", sa.String(length=200), nullable=True),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("latency_ms", sa.Double(), nullable=False),
        sa.Column("band", sa.String(length=200), nullable=True),
        sa.Column("rule", sa.String(length=200), nullable=True),
        sa.Column("row", sa.String(length=200), nullable=True),
        sa.Column("dose_grams", sa.String(length=40), nullable=True),
        sa.Column("dose_minutes", sa.String(length=40), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("unusable", sa.JSON(), nullable=False),
        sa.Column("silence", sa.Text(), nullable=True),
        sa.Column("cards", sa.Integer(), nullable=False),
        sa.Column("age_band", sa.String(length=200), nullable=False),
        sa.Column("patient_hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_at", "decision", ["at"], unique=False)
    op.create_index(
        "ix_decision_counts",
        "decision",
        ["day", "client", "service", "rule", "silent", "status", "cards"],
        unique=False,
    )
    op.create_index("ix_decision_hook_instance", "decision", ["hook_instance"], unique=False)
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("client", sa.String(length=200), nullable=True),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("card_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason_system", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_display", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome IN ('accepted', 'overridden')", name="ck_feedback_outcome"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
    )
    op.create_index("ix_feedback_card_id", "feedback", ["card_id"], unique=False)
    op.create_index("ix_feedback_received_at", "feedback", ["received_at"], unique=False)
    op.create_table(
        "loss",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_loss"),
    )
    op.create_table(
        "accepted",
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("suggestion_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_accepted_feedback_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feedback_id", "position", name="pk_accepted"),
    )
    op.create_index("ix_accepted_suggestion_id", "accepted", ["suggestion_id"], unique=False)
    op.create_table(
        "card",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("client", sa.String(length=200), nullable=True),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=True),
        sa.Column("band", sa.String(length=200), nullable=True),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("indicator", sa.String(length=200), nullable=True),
        sa.Column("topic", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name="fk_card_decision_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_card"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_card_decision_id", "card", ["decision_id"], unique=False)
    op.create_table(
        "comment",
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_comment_feedback_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feedback_id", name="pk_comment"),
    )
    op.create_table(
        "verdict",
        sa.Column("card_id", sa.String(length=64), nullable=False),
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason_system", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_display", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_verdict_feedback_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("card_id", name="pk_verdict"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_verdict_feedback_id", "verdict", ["feedback_id"], unique=False)
    op.create_table(
        "suggestion",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("card_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("recommended", sa.Boolean(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_id"], ["card.id"], name="fk_suggestion_card_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_suggestion"),
    )
    op.create_index("ix_suggestion_card_id", "suggestion", ["card_id"], unique=False)
