"""The tables with which the pipeline keeps account of itself."""

from __future__ import annotations

from include.contracts import columns as c
from include.contracts.shape import Column, Table, Type, table

status = Column(
    "status",
    Type.TEXT,
    "loaded, or empty where the source answered that there was nothing",
    one_of=("loaded", "empty"),
)
scope = Column("scope", Type.TEXT, "The day, as YYYY-MM-DD, for daily streams; else the word all")
cursor_at = Column(
    "cursor_at", Type.TIMESTAMP, "Everything changed before this instant is staged", unit="UTC"
)
whole_as_of_at = Column(
    "whole_as_of_at",
    Type.TIMESTAMP,
    "The instant for which every record was last read, changed or not",
    unit="UTC",
)
as_of_at = Column("as_of_at", Type.TIMESTAMP, "The instant for which the load was made", unit="UTC")
reading = Column(
    "reading",
    Type.TEXT,
    "Fingerprint of the settings that decide how a CRM record becomes a row; a cursor kept under "
    "other settings does not count",
)
rows_staged = Column("rows_staged", Type.INTEGER, "Rows that reached staging", unit="rows")
rows_rejected = Column("rows_rejected", Type.INTEGER, "Rows set aside", unit="rows")
restated_spend = Column(
    "restated_spend",
    Type.AD_MONEY,
    "Spend as it stands less spend as first loaded",
    unit="currency_code",
    is_stamp=True,
)
measure = Column(
    "measure", Type.TEXT, "What is counted, such as requests or daily_requests, with its unit"
)
used = Column("used", Type.NUMBER, "How much was used")
allowed = Column("allowed", Type.NUMBER, "How much is allowed; NULL where the source does not say")
change = Column(
    "change",
    Type.TEXT,
    "What happened to the field",
    one_of=("added", "removed", "retyped"),
)
old_type = Column("old_type", Type.TEXT, "The field's type before; NULL if it is new")
new_type = Column("new_type", Type.TEXT, "The field's type now; NULL if it is gone")
reason = Column("reason", Type.TEXT, "The rule the row broke, in words")
record = Column("record", Type.TEXT, "The parsed row as JSON")
row_number = Column("row_number", Type.INTEGER, "The row's place in its batch, from 0")

LOAD_LEDGER = table(
    "ops",
    "load_ledger",
    "What has been loaded, committed together with the rows it speaks of",
    "source, account, stream and scope",
    ("source", "account_id", "stream", "scope"),
    (
        c.source,
        c.account_id,
        c.stream,
        scope,
        status.required(),
        reading,
        c.date_day,
        c.spend,
        rows_staged.required(),
        rows_rejected.required(),
        restated_spend,
        cursor_at,
        whole_as_of_at,
        as_of_at.required(),
        c.batch_id.required(),
        c.loaded_at.required(),
    ),
)
REJECTED_ROWS = table(
    "ops",
    "rejected_rows",
    "Rows that broke their table's contract, kept with the reason",
    "row of a batch",
    ("batch_id", "row_number"),
    (
        c.source.required(),
        c.account_id.required(),
        c.stream.required(),
        c.batch_id,
        reason.required(),
        record.required(),
        c.currency_code,
        c.date_day,
        row_number,
        c.spend.meaning_here("The spend the row carried, where it could be read"),
        c.loaded_at.required(),
    ),
)
API_USAGE = table(
    "ops",
    "api_usage",
    "What each load asked of a source's API and how much of the allowance was then used",
    "load of an account and measure",
    ("source", "account_id", "measure", "as_of_at", "loaded_at"),
    (
        c.source,
        c.account_id,
        measure,
        used.required(),
        allowed,
        as_of_at,
        c.loaded_at,
    ),
)
SCHEMA_CHANGES = table(
    "ops",
    "schema_changes",
    "Fields that came, went or changed their type in a source",
    "load and field",
    ("source", "account_id", "object_name", "field_name", "batch_id"),
    (
        c.source,
        c.account_id,
        c.object_name,
        c.field_name,
        c.batch_id,
        change.required(),
        old_type,
        new_type,
        as_of_at.required(),
        c.loaded_at.required(),
    ),
)

OPS_TABLES: tuple[Table, ...] = (LOAD_LEDGER, REJECTED_ROWS, API_USAGE, SCHEMA_CHANGES)
