"""The tables of the house, one schema for SQLite and PostgreSQL.

Moments are whole microseconds since 1970 in UTC, digests are 32 raw bytes, documents are JSON text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from daemon.store.columns import Id, Moment, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("first_seen_at", Moment, nullable=False),
    Column("last_success_at", Moment),
    Column("last_error", Text),  # one line, no secrets
    Column("last_error_at", Moment),
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("paused", Text),  # why reading is paused; None: it is not
)

folders = Table(
    "folders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("current", Boolean, nullable=False, default=True),  # False: an earlier UIDVALIDITY
    Column("cursor_uid", BigInteger, nullable=False, default=0),  # every UID up to here has a row
    Column("server_count", Integer),  # mails on the server at the last listing
    Column("listed_at", Moment),
    UniqueConstraint("account", "name", "uidvalidity"),
)

mails = Table(
    "mails",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the raw bytes
    Column("size", BigInteger, nullable=False),  # bytes as received
    Column("account", Text, nullable=False),  # that received it first; reads it under its lease
    Column("cut", Text),  # limit because of which only the header block was fetched
    Column("stored_at", Moment, nullable=False, index=True),
    Column("received_at", Moment, nullable=False),  # earliest INTERNALDATE known
    Column("state", Text, nullable=False),  # received, read, quarantined
    Column("attempts", Integer, nullable=False, default=0),  # readings begun
    Index("ix_mails_state", "state", "account"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("pack", Text, nullable=False),  # file name under packs/
    Column("offset", BigInteger, nullable=False),  # of the record's header
    Column("length", BigInteger, nullable=False),  # of the whole record
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("folder_id", Id, ForeignKey("folders.id"), nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("mail_id", Id, ForeignKey("mails.id"), index=True),  # None: named unfetchable
    Column("received_at", Moment),  # INTERNALDATE
    Column("seen_at", Moment, nullable=False),
    Column("gone_at", Moment),  # when the server no longer had it
    Column("origin", Text, nullable=False),  # arrived, sent, sighted, rematched, own, import
    Column("failure", Text),  # why it could not be fetched
    UniqueConstraint("folder_id", "uid"),
)

readings = Table(
    "readings",
    metadata,
    Column("mail_id", Id, ForeignKey("mails.id"), primary_key=True),
    Column("content_digest", LargeBinary(32), nullable=False),
    Column("copy_of", Id, ForeignKey("mails.id"), index=True),
    Column("message_id", Text, index=True),
    Column("subject", Text, nullable=False),
    Column("sender", Text),
    Column("sender_name", Text),
    Column("sent_at", Moment),
    Column("language", Text),
    Column("automatic", Text),
    Column("snippet", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON: the rest of the Reading record
    Column("read_at", Moment, nullable=False),
)

contents = Table(
    "contents",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # content digest
    Column("mail_id", Id, ForeignKey("mails.id"), nullable=False),  # the first with this content
)

decisions = Table(
    "decisions",
    metadata,
    Column("mail_id", Id, ForeignKey("mails.id"), primary_key=True),
    Column("label", Text),
    Column("confidence", Float, nullable=False),
    Column("abstained", Boolean, nullable=False),
    Column("verdict_reason", Text, nullable=False),
    Column("queue", Text),
    Column("rule", Text),
    Column("reason", Text, nullable=False),
    Column("live", Boolean, nullable=False),  # False: observed only
    Column("orders", Text),  # JSON: what rules said beside the queue; None: nothing
    Column("decided_at", Moment, nullable=False, index=True),
)

actions = Table(
    "actions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Id, ForeignKey("deliveries.id"), nullable=False, unique=True),
    Column("mail_id", Id, ForeignKey("mails.id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("target", Text, nullable=False),  # folder
    Column("state", Text, nullable=False),  # planned, issued, done, superseded, failed
    Column("how", Text),  # move, copy, keyword, ledger, none (the server left the mail)
    Column("target_delivery_id", Id, ForeignKey("deliveries.id")),
    Column("attempts", Integer, nullable=False, default=0),
    Column("note", Text),
    Column("planned_at", Moment, nullable=False),
    Column("issued_at", Moment),
    Column("finished_at", Moment),
    Index("ix_actions_state", "account", "state"),
)

sightings = Table(  # a mail we hold has turned up in one more place of its account
    "sightings",
    metadata,
    Column("delivery_id", Id, ForeignKey("deliveries.id"), primary_key=True),
    Column("mail_id", Id, ForeignKey("mails.id"), nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("outcome", Text),  # None: open; own, person, copy
    Column("from_delivery_id", Id, ForeignKey("deliveries.id"), unique=True),
    Column("settled_at", Moment),
    Index("ix_sightings_account", "account", "outcome"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mail_id", Id, ForeignKey("mails.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),  # the limit's name, crash, interrupted, error
    Column("detail", Text, nullable=False),
    Column("traceback", Text, nullable=False, default=""),
    Column("since", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", Text),  # replayed, released
)

outgoing = Table(
    "outgoing",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("message", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),  # queued, sending, sent, failed, held
    Column("attempts", Integer, nullable=False, default=0),
    Column("epoch", Integer, nullable=False, default=0),  # of the lease that claimed it
    Column("created_at", Moment, nullable=False),
    Column("not_before", Moment),
    Column("finished_at", Moment, index=True),
    Column("reply", Text),  # the relay's last words
    Column("addressee", Text, nullable=False, server_default=""),  # recipient without +tag
    Column("stranger", Boolean, nullable=False, server_default=false()),  # nobody confirmed who
    Column("relay", Text),  # it is to go through, or went through; None: the first of the house
    Column("message_id", Text, index=True),  # by which a delivery report names it
    Column("case_id", Id, ForeignKey("cases.id"), index=True),
    Column(
        "told", Boolean, nullable=False, server_default=false()
    ),  # its case has it in its events
    Column("returned_at", Moment),  # when a report came that it was not delivered
    Column("returned", Text),  # what the report said
    Column("accepted_at", Moment),  # certified mail: taken by the sender's provider
    Column("delivered_at", Moment),  # certified mail: in the recipient's mailbox
    # Refusals of which nobody can tell whether the relay means this mail: how many while it took
    # other mail, and when the last was.
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("refused_at", Moment),
    Index("ix_outgoing_state", "state", "not_before"),
    Index("ix_outgoing_kind", "kind", "created_at"),
    Index("ix_outgoing_addressee", "addressee", "created_at"),
)

relays = Table(  # those that take no mail, or did not once
    "relays",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("away_since", Moment),  # None: it takes mail
    Column("rest_until", Moment),  # it is not asked before
    Column("said", Text),  # its last refusal
)

cases = Table(  # as the events of each say; one row for lists and reports
    "cases",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),  # public
    Column("kind", Text, nullable=False),  # complaint, request, unsure, or a person's word
    Column("state", Text, nullable=False),  # open, closed, merged
    Column("queue", Text),
    Column("owner", Text),
    Column("claimed_by", Text),  # who is at it now; None: nobody said so
    Column("priority", Text, nullable=False, server_default="normal"),  # low, high, urgent
    Column("subject", Text, nullable=False),
    Column("customer", Text),  # address
    Column("mailbox", Text),  # that the address leads to: lower case, without +tag
    Column("customer_name", Text),
    Column("language", Text),
    Column("channel", Text, nullable=False),  # mail, pec, letter, phone, counter
    Column("received_at", Moment, nullable=False),  # earliest proven receipt; clocks start here
    Column("profile", Text),  # of deadlines; None: no clock runs
    Column("due_at", Moment),  # the earliest clock that is not met; None: none
    Column("opened_at", Moment, nullable=False),
    Column("acknowledged_at", Moment),
    Column("closed_at", Moment),
    Column("cause", Text),  # why it was closed
    Column("severity", Text),  # ISO 10002 8.4: low, normal, high, critical
    Column("remedy", Text),  # what the customer asks for
    Column("product", Text),  # or service, that it is about
    Column("decision", Text),  # upheld, partly, rejected
    Column("recourse", Text),  # whom the customer was told to turn to outside of the house
    Column("course", Text),  # JSON: pauses, extension and matters of its clocks; None: plain
    Column("paused_since", Date),  # None: its clocks run
    Column("merged_into", Id, ForeignKey("cases.id"), index=True),  # None: it stands for itself
    Index("ix_cases_state", "state", "due_at"),
    Index("ix_cases_queue", "queue", "state", "due_at"),
    Index("ix_cases_mailbox", "mailbox", "state", "id"),
)

UNTOLD = text("NOT told")
"""Events that webhooks have yet to hear of; in the words of the index."""

case_events = Table(  # append-only, but for who was told
    "case_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),  # backdesk, or who did it
    Column("kind", Text, nullable=False),  # opened, joined, possible, assigned, noted, ...
    Column("detail", Text, nullable=False),  # JSON
    Column("told", Boolean, nullable=False, server_default=false()),  # webhooks know of it
    Index("ix_case_events_kind", "kind", "at"),
    Index("ix_case_events_told", "id", sqlite_where=UNTOLD, postgresql_where=UNTOLD),
)

case_mails = Table(
    "case_mails",
    metadata,
    Column("mail_id", Id, ForeignKey("mails.id"), primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
)

case_threads = Table(  # who may join a case by answering which of its mails
    "case_threads",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("address", Text, primary_key=True),  # of who wrote it, lower case
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
)

case_clocks = Table(
    "case_clocks",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("term", Text, nullable=False),
    Column("only_if", Text, nullable=False),  # the matter; "": it always runs
    Column("met_by", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("met_at", Moment),
    Column("met_when", Text, nullable=False, server_default="sent"),
    Column("starts", Text, nullable=False, server_default="receipt"),
    Column("silence", Text, nullable=False, server_default=""),
    Column("profile", Text, nullable=False, server_default=""),
    Column("since", Moment),  # from when it is counted; None: from the receipt of the case
    Column("is_extended", Boolean, nullable=False, server_default=false()),
    Column("is_held", Boolean, nullable=False, server_default=false()),  # it stands still
    Column("sent_at", Moment),  # what is to meet it, while nobody knows that it was delivered
    Column("met_mail", Text),  # key of the mail that met it, or is to
)

case_numbers = Table(  # by which others know a case: protocol, certified mail, ...
    "case_numbers",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Index("ix_case_numbers_value", "value"),
)

case_tags = Table(
    "case_tags",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Index("ix_case_tags_tag", "tag"),
)

digest_items = Table(  # what the numbers in a digest stand for, until it is answered
    "digest_items",
    metadata,
    Column("digest", Text, primary_key=True),  # key of its outgoing row
    Column("number", Integer, primary_key=True),
    Column("mail_id", Id, ForeignKey("mails.id")),  # an unsure mail
    Column("case_id", Id, ForeignKey("cases.id")),  # a case that was closed without a cause
)

digest_answers = Table(  # what people said to a digest by mail, and what it did
    "digest_answers",
    metadata,
    Column("mail_id", Id, ForeignKey("mails.id"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("genuine", Boolean, nullable=False),  # False: it only looks like an answer
    Column("state", Text, nullable=False),  # new, done
    Column("digest", Text),  # key of the outgoing row that is answered
    Column("actor", Text),  # who said it: a person's name, or an address
    Column("refused", Boolean, nullable=False, server_default=false()),  # some of it, or all
    Column("detail", Text, nullable=False, server_default="{}"),  # JSON: what became of each line
    Index("ix_digest_answers_state", "state", "at"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),  # case:2026
    Column("value", BigInteger, nullable=False),
)

keys = Table(  # of what we sign; the newest signs, all are believed
    "keys",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),  # house, account:NAME, send
    Column("holder", Text, nullable=False),  # host, boot, pid, start, command; "" when free
    Column("epoch", Integer, nullable=False),  # grows with each holder
    Column("until", Moment, nullable=False),
)

runs = Table(  # one row per schedule and local date makes a tick twice a job once
    "runs",
    metadata,
    Column("schedule", Text, primary_key=True),
    Column("local_date", Date, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("outcome", Text),
)
