"""Runs migrations on the connection that `daemon.store.schema.upgrade` hands over."""

from alembic import context

from daemon.store.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # the caller's transaction holds the whole upgrade
)
context.run_migrations()
