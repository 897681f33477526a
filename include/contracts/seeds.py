"""What the owner decides: the seeds (CSV files), as staging tables.

A seed's table is named for its file: ``include/seeds/channel_rules.csv`` fills
``staging.seed_channel_rules``. The first line of a file names its columns; an empty field is NULL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from include.contracts import columns as c
from include.contracts.choices import (
    ACTIVITIES,
    ALL_CHANNELS,
    ATTRIBUTION_MODELS,
    CHANNELS,
    FUNNEL_STAGES,
    GOAL_METRICS,
    GOAL_PERIODS,
    GOALS_OF_MONEY,
    MEDIUMS,
    OFFER_TYPES,
    RULED_DIMENSIONS,
    SOURCE_KINDS,
    STAGE_GROUPS,
    TOLD_BY,
    TYPE_GROUPS,
)
from include.contracts.currencies import CODES_BY_DIGITS, CURRENCY_DIGITS, WITHDRAWN
from include.contracts.shape import Column, Table, Type, table


def _chosen(column: Column, values: tuple[str, ...]) -> Column:
    return replace(column, one_of=values)


def _lower(name: str) -> tuple[str, str]:
    """The rule of a key that is compared in lower case: in another spelling it never holds."""
    return (
        f"{name} must be in lower case, without blanks around it",
        f"{name} = lower(trim({name}))",
    )


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


_CURRENCY_IS_KNOWN = (
    "currency_code is no currency of ISO 4217",
    f"currency_code in ({_codes(CURRENCY_DIGITS)})",
)
_channel = _chosen(c.channel, CHANNELS)
_medium = _chosen(c.medium, MEDIUMS)
_source_kind = _chosen(c.source_kind, SOURCE_KINDS)
_offer_type = _chosen(c.offer_type, OFFER_TYPES)

SEED_CHANNEL_RULES = table(
    "staging",
    "seed_channel_rules",
    "Which channel a visit or an ad campaign belongs to: the first rule whose conditions all hold",
    "rule",
    ("rule_order",),
    (
        Column("rule_order", Type.INTEGER, "The place of the rule, lowest first", at_least=0),
        c.platform.meaning_here("Holds for this network; NULL for any and none"),
        c.campaign_type.meaning_here("Holds for this kind of campaign; NULL for any and none"),
        replace(_medium, meaning="Holds for this kind of medium; NULL for any and none"),
        replace(_source_kind, meaning="Holds for this kind of place; NULL for any and none"),
        _channel.required(),
        replace(c.is_paid, meaning="Holds for paid or for unpaid visits; NULL for both"),
    ),
    row_rules=(
        (
            "an earlier line has the same conditions, so that this one never speaks",
            "row_number() over (partition by platform, campaign_type, medium, source_kind, is_paid "
            "order by row_number) = 1",
        ),
    ),
)
SEED_UTM_MEDIUMS = table(
    "staging",
    "seed_utm_mediums",
    "What kind of medium a utm_medium means, and whether it says that an ad was paid for",
    "utm_medium",
    ("utm_medium",),
    (
        c.utm_medium.meaning_here("In lower case, letters and digits only: paidsocial"),
        _medium.required(),
        replace(c.is_paid, meaning="Whether it says that an ad was paid for; NULL: says nothing"),
    ),
    row_rules=(
        (
            "utm_medium is spelled in lower case, with letters and digits alone",
            "utm_medium ~ '^[a-z0-9]+$'",
        ),
    ),
)
SEED_TRAFFIC_SOURCES = table(
    "staging",
    "seed_traffic_sources",
    "What kind of place a utm_source or a referring host is",
    "pattern",
    ("source_pattern",),
    (
        Column(
            "source_pattern",
            Type.TEXT,
            "A utm_source or a host without www, in lower case; % stands for any characters",
        ),
        _source_kind.required(),
    ),
    row_rules=(
        _lower("source_pattern"),
        (
            "source_pattern bears https:// or www., as neither a utm_source nor a host does here",
            "not source_pattern ~ '^([a-z]+://|www[.]).*$'",
        ),
        (
            "source_pattern has no letter or digit, so that it would be anything",
            "regexp_replace(source_pattern, '[%_[:punct:]]+', '', 'g') <> ''",
        ),
    ),
)
SEED_LEAD_SOURCES = table(
    "staging",
    "seed_lead_sources",
    "Which channel and offer the CRM's own LeadSource means",
    "lead source",
    ("lead_source",),
    (
        c.lead_source.meaning_here("The CRM's own word, in lower case"),
        _channel.required(),
        _offer_type,
        Column(
            "is_vague",
            Type.BOOLEAN,
            "Whether the word names no channel of its own, so that a referrer knows better",
            is_required=True,
        ),
    ),
    row_rules=(_lower("lead_source"),),
)
SEED_CRM_CAMPAIGN_TYPES = table(
    "staging",
    "seed_crm_campaign_types",
    "Which channel and offer a response to a CRM campaign of this type is",
    "type of CRM campaign",
    ("crm_campaign_type",),
    (
        c.crm_campaign_type.meaning_here("The CRM campaign's type, in lower case"),
        _channel.required(),
        _offer_type.required(),
    ),
    row_rules=(_lower("crm_campaign_type"),),
)
SEED_ACTIVITY_TYPES = table(
    "staging",
    "seed_activity_types",
    "Which of sales' tasks and events are touches, and of which channel and offer; others are none",
    "activity and type",
    ("activity", "activity_type"),
    (
        Column("activity", Type.TEXT, "Which record of the CRM", one_of=ACTIVITIES),
        c.activity_type.meaning_here("The activity's type, in lower case"),
        _channel.required(),
        _offer_type.required(),
    ),
    row_rules=(_lower("activity_type"),),
)
SEED_LEAD_STATUSES = table(
    "staging",
    "seed_lead_statuses",
    "What a lead status tells of the funnel: each one in a lead's history with its instant, the "
    "present one without",
    "lead status",
    ("lead_status",),
    (
        c.lead_status.meaning_here("The lead's status, in lower case"),
        _chosen(c.funnel_stage, FUNNEL_STAGES).required(),
    ),
    row_rules=(_lower("lead_status"),),
)
SEED_OPPORTUNITY_STAGES = table(
    "staging",
    "seed_opportunity_stages",
    "Where in the sales process a deal's stage lies",
    "stage",
    ("stage_name",),
    (
        c.stage_name.meaning_here("The deal's stage, in lower case"),
        _chosen(c.stage_group, STAGE_GROUPS).required(),
        Column("stage_order", Type.INTEGER, "The stage's place in the process", at_least=0),
    ),
    row_rules=(_lower("stage_name"),),
)
SEED_DEAL_TYPES = table(
    "staging",
    "seed_deal_types",
    "Which deals are new business and which are not; a type that is not here is new business",
    "deal type",
    ("opportunity_type",),
    (
        c.opportunity_type.meaning_here("The deal's type, in lower case"),
        _chosen(c.type_group, TYPE_GROUPS).required(),
    ),
    row_rules=(_lower("opportunity_type"),),
)
SEED_INTERNAL_DOMAINS = table(
    "staging",
    "seed_internal_domains",
    "E-mail domains of our own people and of tests: left out of the figures, and counted",
    "domain",
    ("email_domain",),
    (c.email_domain.meaning_here("The part of the e-mail after @, in lower case"),),
    row_rules=(
        _lower("email_domain"),
        (
            "email_domain is not the part after @ alone, such as example.com, written out",
            r"email_domain ~ '^([^\s@/:*%.]+[.])+[^\s@/:*%.]+$'",
        ),
    ),
)
SEED_CAMPAIGN_ALIASES = table(
    "staging",
    "seed_campaign_aliases",
    "Which campaign a utm_campaign means that no campaign bears as its name",
    "platform and utm_campaign",
    ("platform", "utm_campaign"),
    (
        c.platform,
        c.account_id.required(),
        c.campaign_id.required(),
        c.utm_campaign.meaning_here("As captured; case and punctuation do not matter"),
    ),
    row_rules=(
        (
            "utm_campaign is a macro that was never expanded, which says nothing",
            "not utm_campaign ~ '^.*[{].*[}].*$'",
        ),
        (
            "utm_campaign has no letter or digit to compare",
            r"regexp_replace(utm_campaign, '[\s[:punct:]]+', '', 'g') <> ''",
        ),
        (
            "an earlier line has the same utm_campaign, in this or another spelling",
            "row_number() over (partition by platform, "
            r"trim(regexp_replace(lower(utm_campaign), '[\s[:punct:]]+', ' ', 'g')) "
            "order by row_number) = 1",
        ),
    ),
)
SEED_CURRENCY_RATES = table(
    "staging",
    "seed_currency_rates",
    "Daily reference rates: units of each currency for one euro, on business days",
    "currency and day",
    ("currency_code", "rate_date"),
    (c.currency_code, c.rate_date, c.rate.required()),
    row_rules=(
        ("rate is not above zero", "rate > 0"),
        ("EUR has a rate, and is what all rates are for one of", "currency_code <> 'EUR'"),
        (
            _CURRENCY_IS_KNOWN[0],
            f"{_CURRENCY_IS_KNOWN[1]} or currency_code in ({_codes(WITHDRAWN)})",
        ),
    ),
)


def _too_fine(amount: str) -> str:
    """The condition of an amount finer than the smallest unit of its currency."""
    return " or ".join(
        f"(currency_code in ({_codes(codes)}) and {amount} <> round({amount}, {digits}))"
        for digits, codes in CODES_BY_DIGITS.items()
    )


SEED_MANUAL_SPEND = table(
    "staging",
    "seed_manual_spend",
    "Spend that no network reports: events, agencies, sponsorships, newsletters, other networks",
    "invoice or credit",
    ("platform", "campaign_name", "currency_code", "first_day", "last_day", "amount"),
    (
        c.platform.meaning_here(
            "The word under which the spend stands beside the networks, such as events or agencies"
        ),
        c.campaign_name.meaning_here("What the money was for; the campaign's id and name at once"),
        _channel.required(),
        c.currency_code,
        Column("note", Type.TEXT, "A word for whoever reads the file"),
        Column(
            "first_day",
            Type.DATE,
            "The first of the days over which the amount is spread; a month means its first day",
        ),
        Column("last_day", Type.DATE, "The last of those days; a month means its last day"),
        Column(
            "amount",
            Type.AD_MONEY,
            "What was paid; below zero for a credit",
            unit="currency_code",
        ),
    ),
    warning="One campaign has one spelling: a line that differs from an earlier one in letter "
    "case, blanks, Unicode forms or characters without width is refused.",
    row_rules=(
        (
            "platform must be a word in lower case, such as events or trade_fairs",
            "platform ~ '^[a-z][a-z0-9_]*$'",
        ),
        (
            "platform is a word the marts keep for something else",
            "platform not in ('crm', 'unmatched', 'unattributed', 'none', 'marts')",
        ),
        _CURRENCY_IS_KNOWN,
        ("first_day is before 2000-01-01", "first_day >= date '2000-01-01'"),
        ("last_day is before first_day", "last_day >= first_day"),
        (
            "the range is longer than 366 days; write a line for each year",
            "last_day - first_day < 366",
        ),
        ("amount is finer than the smallest unit of its currency", f"not ({_too_fine('amount')})"),
        (
            "an earlier line gives this campaign another channel",
            "channel = first_value(channel) over "
            "(partition by platform, campaign_name order by row_number)",
        ),
        (
            "an earlier line gives this campaign another currency; write another campaign",
            "currency_code = first_value(currency_code) over "
            "(partition by platform, campaign_name order by row_number)",
        ),
    ),
)

SEED_MANUAL_TOUCHPOINTS = table(
    "staging",
    "seed_manual_touchpoints",
    "Touches known from marketing tools that are not read: webinars, mailings, events, chats",
    "person, day and content",
    ("touch_date", "content_name", "record_id"),
    (
        Column(
            "record_id",
            Type.TEXT,
            "The lead or contact in the CRM that was touched; never an e-mail address",
        ),
        Column("content_name", Type.TEXT, "What it was: the webinar, the mailing, the stand"),
        _offer_type.required(),
        c.utm_source.meaning_here("The tool or place, as a link's utm_source").required(),
        c.utm_medium.meaning_here("What kind of medium it was, as a link's utm_medium").required(),
        c.utm_campaign.meaning_here("The campaign it belongs to, as a link's utm_campaign"),
        Column("touch_date", Type.DATE, "The day of the touch, in the reporting zone"),
    ),
    row_rules=(("touch_date is before 2000-01-01", "touch_date >= date '2000-01-01'"),),
)
SEED_ATTRIBUTION_MODELS = table(
    "staging",
    "seed_attribution_models",
    "Which attribution models are computed, and which touches each looks at",
    "model",
    ("model",),
    (
        _chosen(c.model, ATTRIBUTION_MODELS),
        Column(
            "touches_until",
            Type.TEXT,
            "Whether touches count that came until the deal was created, or until it closed",
            one_of=("created", "closed"),
            is_required=True,
        ),
        Column(
            "look_back_days",
            Type.INTEGER,
            "How old a touch may be then; NULL: what the settings say",
            unit="days of 24 hours",
            at_least=0,
        ),
    ),
    row_rules=(
        (
            "first_touch looks at touches until the deal was created: the ROI marts stand on it",
            "model <> 'first_touch' or touches_until = 'created'",
        ),
        ("look_back_days is above 36500, a hundred years", "look_back_days <= 36500"),
    ),
)

_is_money = f"metric in ({_codes(GOALS_OF_MONEY)})"
SEED_GOALS = table(
    "staging",
    "seed_goals",
    "What shall be reached: a figure of one channel or of all, in one week, month, quarter or year",
    "metric, channel and period",
    ("metric", "channel", "period", "first_day"),
    (
        Column("metric", Type.TEXT, "What is counted", one_of=GOAL_METRICS),
        _chosen(c.channel, (*CHANNELS, ALL_CHANNELS)).meaning_here(
            "The channel of the first touch, or All"
        ),
        Column("period", Type.TEXT, "How long there is", one_of=GOAL_PERIODS),
        c.currency_code.meaning_here(
            "The reporting currency where the goal is of money, else NULL"
        ),
        Column("first_day", Type.DATE, "The first day of the period; a month means its first day"),
        Column(
            "value",
            Type.AD_MONEY,
            "What shall be reached; of spend, what shall not be passed",
            unit="currency_code, or what is counted",
            is_required=True,
        ),
    ),
    row_rules=(
        ("first_day is before 2000-01-01", "first_day >= date '2000-01-01'"),
        ("first_day is after 2099-12-31", "first_day <= date '2099-12-31'"),
        (
            "first_day is no Monday, with which a week begins",
            "period <> 'week' or extract(isodow from first_day) = 1",
        ),
        (
            "first_day is not the first of a month",
            "period = 'week' or extract(day from first_day) = 1",
        ),
        ("value is not above zero", "value > 0"),
        ("value is above 1000000000000", "value <= 1000000000000"),
        (
            "currency_code is missing, and the goal is of money",
            f"currency_code is not null or not ({_is_money})",
        ),
        (
            "currency_code has no place here: the goal is a number, not money",
            f"currency_code is null or {_is_money}",
        ),
        ("value is not a whole number", f"value = round(value, 0) or {_is_money}"),
        (
            "value is finer than the smallest unit of its currency",
            f"currency_code is null or not ({_too_fine('value')})",
        ),
    ),
)

SEED_COMPANY_SIZES = table(
    "staging",
    "seed_company_sizes",
    "From how many people on a company is of which size",
    "size",
    ("company_size",),
    (
        Column("company_size", Type.TEXT, "What companies of the size are called"),
        Column(
            "employees_from",
            Type.INTEGER,
            "The fewest people of the size; the next size begins where it ends",
            unit="people",
            at_least=0,
            is_required=True,
        ),
    ),
    row_rules=(
        (
            "an earlier line begins at as many people",
            "row_number() over (partition by employees_from order by row_number) = 1",
        ),
        ("company_size is a word the marts keep", "company_size not in ('unknown', 'other')"),
    ),
)
SEED_SEGMENT_RULES = table(
    "staging",
    "seed_segment_rules",
    "Which segment a person belongs to: of each dimension the first rule that holds",
    "rule",
    ("rule_order",),
    (
        Column("rule_order", Type.INTEGER, "The place of the rule, lowest first", at_least=0),
        Column(
            "dimension",
            Type.TEXT,
            "By what people are told apart",
            one_of=RULED_DIMENSIONS,
            is_required=True,
        ),
        Column(
            "told_by",
            Type.TEXT,
            "field: the CRM's own word; offer: the kind of offer the person chose; content: the "
            "name of the campaign or page they chose",
            one_of=TOLD_BY,
            is_required=True,
        ),
        Column(
            "pattern",
            Type.TEXT,
            "What that must be, in lower case; % stands for any characters",
            is_required=True,
        ),
        Column("segment", Type.TEXT, "What people of the segment are called", is_required=True),
    ),
    row_rules=(
        _lower("pattern"),
        (
            "pattern holds a backslash, which means another thing to each engine",
            "strpos(pattern, chr(92)) = 0",
        ),
        (
            "segment is a word the marts keep for people of whom nothing is told",
            "segment <> 'unknown'",
        ),
        (
            "an earlier line has the same conditions, so that this one never speaks",
            "row_number() over (partition by dimension, told_by, pattern order by row_number) = 1",
        ),
        (
            "pattern is no kind of offer",
            f"told_by <> 'offer' or pattern in ({_codes(OFFER_TYPES)})",
        ),
        (
            "only needs (product_interest, pain_point, urgency) are told by what a person chose",
            "told_by = 'field' or dimension in ('product_interest', 'pain_point', 'urgency')",
        ),
    ),
)

SEED_TABLES: tuple[Table, ...] = (
    SEED_CHANNEL_RULES,
    SEED_UTM_MEDIUMS,
    SEED_TRAFFIC_SOURCES,
    SEED_LEAD_SOURCES,
    SEED_CRM_CAMPAIGN_TYPES,
    SEED_ACTIVITY_TYPES,
    SEED_LEAD_STATUSES,
    SEED_OPPORTUNITY_STAGES,
    SEED_DEAL_TYPES,
    SEED_INTERNAL_DOMAINS,
    SEED_CAMPAIGN_ALIASES,
    SEED_CURRENCY_RATES,
    SEED_MANUAL_SPEND,
    SEED_MANUAL_TOUCHPOINTS,
    SEED_ATTRIBUTION_MODELS,
    SEED_GOALS,
    SEED_COMPANY_SIZES,
    SEED_SEGMENT_RULES,
)
