"""Runs the migrations on the connection, and in the transaction, that the service hands over."""

from alembic import context

from service.record.tables import Table

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Table.metadata
)
context.run_migrations()
