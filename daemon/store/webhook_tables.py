"""The tables of webhooks; of the same schema as `daemon.store.tables`."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from daemon.store.columns import Id, Moment, metadata

webhooks = Table(  # how the servers behind webhooks do
    "webhooks",
    metadata,
    Column("name", Text, primary_key=True),  # in the configuration
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("not_before", Moment),  # when it is tried again; None: at once
    Column("disabled_at", Moment),  # its server wants no more; None: it is on
    Column("last_success_at", Moment),
    Column("last_error", Text),  # one line, no secrets
    Column("last_error_at", Moment),
)

webhook_deliveries = Table(  # what webhooks are told, a row before it is sent
    "webhook_deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("webhook", Text, nullable=False),
    Column("message_id", Text, nullable=False, unique=True),  # webhook-id, on every attempt
    Column("kind", Text, nullable=False),  # case.opened, ...
    Column("case_id", Id, ForeignKey("cases.id"), index=True),  # in whose order it is sent
    Column("body", Text, nullable=False),  # JSON as it is sent
    Column("state", Text, nullable=False),  # queued, sent, failed
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("not_before", Moment),
    Column("finished_at", Moment),
    Column("status", Integer),  # of the last answer; None: there was none
    Column("reply", Text),  # last words
    Index("ix_webhook_deliveries_webhook", "webhook", "state", "id"),
)
