"""The tables with which the pipeline keeps account of itself."""

from __future__ import annotations

from collections.abc import Mapping

from include.contracts import columns as c
from include.contracts.advice_marts import VERDICTS
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
    "Fingerprint of the settings under which every CRM record was read, NULL where they differed; "
    "a cursor kept under other settings does not count",
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
RESTATEMENTS = table(
    "ops",
    "restatements",
    "Spend that a source told otherwise of a day loaded before, and the load that brought it",
    "campaign, day and restatement",
    ("source", "account_id", "campaign_id", "date_day", "restatement_number"),
    (
        c.source,
        c.account_id,
        c.campaign_id.meaning_here(
            "The campaign; unknown where an earlier release had kept the account's sum alone"
        ),
        c.batch_id.meaning_here("The landed batch that brought the new spend").required(),
        Column(
            "old_batch_id",
            Type.TEXT,
            "The landed batch of the old spend; that of the day where the campaign had no row",
            is_required=True,
            is_stamp=True,
        ),
        c.currency_code,
        c.date_day,
        Column(
            "restatement_number", Type.INTEGER, "How often the campaign's day was restated, from 1"
        ),
        Column(
            "old_spend",
            Type.AD_MONEY,
            "Spend as it stood; 0 where the campaign had no row",
            unit="currency_code",
            is_required=True,
        ),
        Column(
            "new_spend",
            Type.AD_MONEY,
            "Spend as restated; 0 where its row vanished",
            unit="currency_code",
            is_required=True,
        ),
        Column("delta", Type.AD_MONEY, "New less old", unit="currency_code", is_required=True),
        as_of_at.required(),
        c.loaded_at.required(),
    ),
    warning="The sum of delta over a day's campaigns is the ledger's restated_spend.",
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
KNOWN_ACCOUNTS = table(
    "ops",
    "known_accounts",
    "Every account that a source has shown, written before anything of it is asked",
    "source and account",
    ("source", "account_id"),
    (
        c.source,
        c.account_id.meaning_here("The ad account or CRM org, as its issuer writes it"),
        c.account_name,
        c.account_status,
        c.currency_code,
        c.time_zone.meaning_here(
            "IANA zone in which the account's days begin and end; NULL where the source names none"
        ),
        Column(
            "first_seen_at",
            Type.TIMESTAMP,
            "The instant of the first run that was shown it",
            unit="UTC",
            is_required=True,
        ),
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
MART_CHANGES = table(
    "ops",
    "mart_changes",
    "Why last month changed: what each publish moved in the marts' closed months, with the causes",
    "publish, mart row and figure",
    ("publish_number", "mart", "row_key", "figure"),
    (
        Column("run_id", Type.TEXT, "The run that published", is_required=True),
        Column("mart", Type.TEXT, "The mart whose row changed"),
        Column("row_key", Type.TEXT, "The row's key, its parts joined by /"),
        Column("figure", Type.TEXT, "The column that changed"),
        c.channel.meaning_here("The row's channel, where it is part of its key"),
        c.platform.meaning_here("The row's platform, where it is part of its key"),
        c.account_id.meaning_here("The row's ad account, where it is part of its key"),
        c.campaign_id.meaning_here("The row's campaign, where it is part of its key"),
        c.model.meaning_here("The row's attribution model, where it is part of its key"),
        c.type_group.meaning_here("The row's kind of business, where it is part of its key"),
        Column(
            "causes",
            Type.TEXT,
            "Why, in the order in which sql/README.md lists the causes, joined by a comma",
            is_required=True,
        ),
        Column(
            "evidence",
            Type.TEXT,
            "The facts behind each cause: days of campaigns, people, deals, and the touch, seed or "
            "deal that moved them; at most ten of a cause, then how many more",
            is_required=True,
        ),
        Column("month", Type.DATE, "First day of the row's month", is_required=True),
        Column(
            "publish_number",
            Type.INTEGER,
            "The publish that moved it, as marts.build_info counts them",
        ),
        Column("old_value", Type.FIGURE, "What was published; NULL where there was no such row"),
        Column("new_value", Type.FIGURE, "What is now; NULL where there is no such row any more"),
        Column(
            "delta",
            Type.FIGURE,
            "New less old, a row that is not there being 0; of a ratio NULL where one is undefined",
        ),
        Column(
            "as_of_at", Type.TIMESTAMP, "The instant the publish spoke for", unit="UTC"
        ).required(),
        Column(
            "changed_at", Type.TIMESTAMP, "When the run that published began", unit="UTC"
        ).required(),
    ),
    warning="A figure at its last publish stands in the mart itself; here is only what moved.",
)

HOLDS = table(
    "ops",
    "holds",
    "Spend so unusual that a person was asked before it was published, and what was decided",
    "account, kind and day",
    ("source", "account_id", "kind", "date_day"),
    (
        c.source,
        c.account_id,
        Column(
            "kind",
            Type.TEXT,
            "What is unusual: spend collapsed or jumped that day, the account went silent, or the "
            "published spend of the week up to the day was restated away or multiplied",
            one_of=("collapse", "jump", "silent", "restated"),
        ),
        Column(
            "status",
            Type.TEXT,
            "open and rejected figures keep the marts from being published; gone ones turned out "
            "usual again",
            one_of=("open", "approved", "rejected", "gone"),
            is_required=True,
        ),
        Column("decided_by", Type.TEXT, "Who approved or rejected it"),
        Column("run_id", Type.TEXT, "The run that held it last", is_required=True),
        c.date_day,
        Column(
            "figure",
            Type.AD_MONEY,
            "The spend that is unusual",
            unit="the account's currency",
            is_required=True,
        ),
        Column(
            "usual",
            Type.AD_MONEY,
            "The spend it was held against",
            unit="the account's currency",
            is_required=True,
        ),
        Column(
            "found_at",
            Type.TIMESTAMP,
            "The instant that run spoke for",
            unit="UTC",
            is_required=True,
        ),
        Column("decided_at", Type.TIMESTAMP, "When it was decided", unit="UTC"),
    ),
)

STAGING_VERSION = table(
    "ops",
    "staging_version",
    "How often what the models read has changed, by which a build knows that it is of one instant",
    "warehouse",
    ("version",),
    (
        Column(
            "reference_digest",
            Type.TEXT,
            "Fingerprint of the seeds and settings as they were last loaded",
            is_required=True,
        ),
        Column("version", Type.INTEGER, "Raised by every load that commits", is_stamp=True),
    ),
)

MIGRATIONS = table(
    "ops",
    "migrations",
    "What brought tables of an earlier release to the shape they have now",
    "migration",
    ("number",),
    (
        Column("name", Type.TEXT, "The file of sql/migrations", is_required=True),
        Column("sha256", Type.TEXT, "Checksum of the file as it was applied", is_required=True),
        Column("number", Type.INTEGER, "Its place in their order, from 1"),
        Column(
            "as_of_at",
            Type.TIMESTAMP,
            "The instant of the run that applied it, or that made the warehouse in its shape",
            unit="UTC",
            is_stamp=True,
        ),
    ),
)

V_FRESHNESS = table(
    "ops",
    "v_freshness",
    "How far every stream of every account is loaded, and how far it is behind the newest load",
    "source, account and stream",
    ("source", "account_id", "stream"),
    (
        c.source,
        c.account_id.meaning_here("The ad account or CRM org, as its issuer writes it"),
        c.account_name,
        c.stream.meaning_here("The stream; none where nothing of the account was ever loaded"),
        Column("first_day", Type.DATE, "The first day loaded; NULL of what has no days"),
        Column("last_day", Type.DATE, "The last day loaded; NULL of what has no days"),
        Column("days_loaded", Type.INTEGER, "Days that brought rows", unit="days"),
        Column("days_empty", Type.INTEGER, "Days for which there was nothing", unit="days"),
        rows_rejected.meaning_here("Rows set aside in the loads that stand"),
        Column(
            "hours_behind",
            Type.NUMBER,
            "How much earlier its last load was than the newest of any source",
            unit="hours",
        ),
        as_of_at.meaning_here("The instant for which it was last loaded"),
        c.loaded_at.meaning_here("When the run that loaded it last began"),
    ),
    warning="A view on PostgreSQL; in ops.duckdb a table, as of the publish.",
)

LEASES = table(
    "ops",
    "leases",
    "Who works on what: of two runs at work on the same, the one with the higher token may write",
    "account that is loaded, and one for the marts",
    ("resource",),
    (
        Column("resource", Type.TEXT, "The source and account as source/account_id, or marts"),
        Column("holder", Type.TEXT, "The run that took the lease last", is_required=True),
        Column(
            "token", Type.INTEGER, "How often the lease was taken; what bears a lower one is fenced"
        ).required(),
        Column(
            "acquired_at", Type.TIMESTAMP, "When the run that holds it began", unit="UTC"
        ).required(),
    ),
)

MODEL_RUNS = table(
    "ops",
    "model_runs",
    "What building each model took, run by run; of a model built twice in one run the last time",
    "run and model",
    ("lease_token", "model_name"),
    (
        Column("run_id", Type.TEXT, "The run that built it", is_required=True),
        Column("model_name", Type.TEXT, "The model: the table in schema build, a file of sql/"),
        Column("lease_token", Type.INTEGER, "The run's lease on the marts, which grows with each"),
        Column("rows_built", Type.INTEGER, "Rows of the table", unit="rows", is_required=True),
        Column(
            "seconds",
            Type.NUMBER,
            "How long it took to build and to hold against its contract",
            unit="seconds",
            is_required=True,
        ),
        Column("began_at", Type.TIMESTAMP, "When the run began", unit="UTC", is_required=True),
    ),
)

ADVICE_LOG = table(
    "ops",
    "advice_log",
    "What was advised when: each advice as it was given, noted where it was another than before",
    "as-of day and campaign or channel",
    ("advised_on", "level", "platform", "account_id", "campaign_id", "channel"),
    (
        Column("run_id", Type.TEXT, "The run that published it", is_required=True, is_stamp=True),
        Column("level", Type.TEXT, "Whose advice", one_of=("campaign", "channel")),
        c.platform.meaning_here("The campaign's network; empty for a channel"),
        c.account_id.meaning_here("The campaign's account; empty for a channel"),
        c.campaign_id.meaning_here("The campaign; empty for a channel"),
        c.channel,
        Column("verdict", Type.TEXT, "What was advised", one_of=VERDICTS, is_required=True),
        Column("sentence", Type.TEXT, "The advice with its numbers", is_required=True),
        Column("advised_on", Type.DATE, "The as-of day of the marts it stood in"),
        Column("spend_base", Type.AD_MONEY, "The spend it was judged by", is_required=True),
        Column("roi_low", Type.RATIO, "The return was not below in nine cases of ten"),
        Column("roi_high", Type.RATIO, "The return was not above in nine cases of ten"),
        Column("chance", Type.RATIO, "How likely the return was above the bar"),
        Column("roi_bar", Type.RATIO, "The return that was asked for", is_required=True),
    ),
)

OPS_TABLES: tuple[Table, ...] = (
    LOAD_LEDGER,
    RESTATEMENTS,
    REJECTED_ROWS,
    API_USAGE,
    KNOWN_ACCOUNTS,
    SCHEMA_CHANGES,
    MART_CHANGES,
    HOLDS,
    STAGING_VERSION,
    MIGRATIONS,
    LEASES,
    MODEL_RUNS,
    ADVICE_LOG,
)
"""The tables; V_FRESHNESS is a view over them."""

PAGE_READS: Mapping[str, tuple[str, ...]] = {
    each.name: tuple(name for name in each.column_names if name not in kept)
    for each, kept in (
        (MART_CHANGES, ()),
        (V_FRESHNESS, ()),
        (STAGING_VERSION, ()),
        (RESTATEMENTS, ()),
        (REJECTED_ROWS, ("record",)),
        (API_USAGE, ()),
        (SCHEMA_CHANGES, ()),
        (HOLDS, ("decided_by",)),
        (MODEL_RUNS, ()),
    )
}
"""What the page may see of these books, by column: not what rejected rows said, nor who decided."""
