"""The table of mails that we put into a folder: of a queue in another account, and drafts."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from daemon.store.columns import Id, Moment, metadata

appends = Table(  # mails that we put into a folder: of a queue in another account, and drafts
    "appends",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # delivery:12, draft:REFERENCE:NAME:it:1
    Column("delivery_id", Id, ForeignKey("deliveries.id"), unique=True),  # source; None: a draft
    Column("mail_id", Id, ForeignKey("mails.id"), index=True),  # None: a draft
    Column("case_id", Id, ForeignKey("cases.id"), index=True),  # of a draft
    Column("account", Text, nullable=False),  # into which
    Column("target", Text, nullable=False),  # folder
    Column("digest", LargeBinary(32), nullable=False),  # SHA-256 of the bytes, in the packs
    Column("size", BigInteger, nullable=False),  # of them
    Column("message_id", Text),
    Column("flags", Text),  # with spaces between; None: the source was not asked yet
    Column("received_at", Moment, nullable=False),  # becomes INTERNALDATE
    Column("state", Text, nullable=False),  # planned, issued, done, superseded, failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("note", Text),
    Column("uidvalidity", BigInteger),  # of the target when it was issued
    Column("uidnext", BigInteger),  # of the target then: ours has this UID or a later one
    Column("uid", BigInteger),  # as the server told, or as it was found
    Column("target_delivery_id", Id, ForeignKey("deliveries.id")),
    Column("planned_at", Moment, nullable=False),
    Column("issued_at", Moment),
    Column("retry_at", Moment),  # not before then; of a failed one None: never
    Column("finished_at", Moment),
    Column("sought_at", Moment),  # when its place was looked for the last time
    Index("ix_appends_state", "account", "state"),
)
