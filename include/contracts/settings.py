"""What prepare writes to staging for the models to read: settings, sources, streams, currencies."""

from __future__ import annotations

from include.contracts import columns as c
from include.contracts.choices import RATE_SOURCES
from include.contracts.shape import Column, Table, Type, table

STG_SETTINGS = table(
    "staging",
    "stg_settings",
    "The settings the marts depend on: one row, written by prepare",
    "installation",
    ("reporting_currency", "reporting_zone"),
    (
        c.reporting_currency,
        c.reporting_zone,
        Column(
            "rates",
            Type.TEXT,
            "Where exchange rates come from: the seed, or the CRM's dated rates",
            one_of=RATE_SOURCES,
            is_required=True,
        ),
        Column(
            "attribution_look_back_days",
            Type.INTEGER,
            "How old a touch may be to earn a deal",
            unit="days of 24 hours",
            at_least=0,
            is_required=True,
        ),
        Column(
            "fiscal_year_start_month",
            Type.INTEGER,
            "The month, 1 to 12, in which the fiscal year begins",
            at_least=1,
            is_required=True,
        ),
        Column(
            "roi_bar",
            Type.RATIO,
            "The return on spend that advice holds campaigns against; 0 earns the spend back",
            at_least=0,
            is_required=True,
        ),
    ),
)
STG_SOURCES = table(
    "staging",
    "stg_sources",
    "The registered sources, written by prepare",
    "source",
    ("source",),
    (
        c.source,
        Column(
            "kind",
            Type.TEXT,
            "Ad network, CRM or web analytics",
            one_of=("ads", "crm", "analytics"),
            is_required=True,
        ),
        Column(
            "look_back_days",
            Type.INTEGER,
            "For how long the source may restate a day",
            unit="days",
            at_least=0,
            is_required=True,
        ),
        Column(
            "retention_days",
            Type.INTEGER,
            "How far back the source answers at all; NULL: for years",
            unit="days",
            at_least=1,
        ),
        Column(
            "history_start",
            Type.DATE,
            "The first ad day that is wanted; NULL: 1 January, two years before the as-of year",
        ),
    ),
)
STG_STREAMS = table(
    "staging",
    "stg_streams",
    "The streams that are read from each source, written by prepare",
    "source and stream",
    ("source", "stream"),
    (
        c.source,
        c.stream,
        Column(
            "kind",
            Type.TEXT,
            "How it is read",
            one_of=("daily", "snapshot", "changes", "keys"),
            is_required=True,
        ),
        Column(
            "retention_days",
            Type.INTEGER,
            "How far back the source answers for this stream, where that is less than for others",
            unit="days",
            at_least=1,
        ),
        Column(
            "every_days",
            Type.INTEGER,
            "The least number of days between two readings",
            unit="days",
            at_least=1,
            is_required=True,
        ),
    ),
)
STG_CURRENCIES = table(
    "staging",
    "stg_currencies",
    "The smallest amount that can be paid in each currency, written by prepare",
    "currency",
    ("currency_code",),
    (
        c.currency_code,
        Column(
            "smallest_unit",
            Type.AD_MONEY,
            "Such as 0.01 for a cent",
            unit="currency_code",
            is_required=True,
        ),
    ),
)
STG_PLATFORM_TAGS = table(
    "staging",
    "stg_platform_tags",
    "How visitors who come from each network's ads are recognized, written by prepare",
    "platform, kind of tag and value",
    ("platform", "tag_kind", "tag_value"),
    (
        c.platform,
        Column(
            "tag_kind",
            Type.TEXT,
            "A value of utm_source, or a URL parameter with a click id or an id of a campaign",
            one_of=("utm_source", "click_id", "id_parameter"),
        ),
        Column("tag_value", Type.TEXT, "The value or the parameter's name"),
    ),
)
SETTINGS_TABLES: tuple[Table, ...] = (
    STG_SETTINGS,
    STG_SOURCES,
    STG_STREAMS,
    STG_CURRENCIES,
    STG_PLATFORM_TAGS,
)
