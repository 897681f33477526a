"""The published marts, in schema ``marts``: what people and BI tools read."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts.seeds import CHANNELS, STAGE_GROUPS, TYPE_GROUPS
from include.contracts.shape import Column, Table, Type, table

PEOPLE_RULES = ("contact_role", "converted_from", "account_contacts", "none")
MATCH_METHODS = (
    "url_id",
    "utm_campaign",
    "alias",
    "click_id",
    "ambiguous",
    "utm",
    "crm_campaign",
    "lead_source",
    "referrer",
    "direct",
)
SALES_STAGES = ("before_lead", "before_opportunity", "during_opportunity", "after_close")

_channel = replace(c.channel, one_of=(*CHANNELS, "Unattributed"))
_type_group = replace(c.type_group, one_of=TYPE_GROUPS)
_campaign_id = c.campaign_id.meaning_here(
    "The campaign, as its network or the CRM writes it; unmatched or unattributed for none"
)
_account_id = c.account_id.meaning_here(
    "The ad account, as its network writes it; crm, unmatched or unattributed for none"
)
_platform = c.platform.meaning_here(
    "The ad network; crm for campaigns of the CRM, unmatched or unattributed for none"
)


def _text(name: str, meaning: str) -> Column:
    return Column(name, Type.TEXT, meaning)


def _number(name: str, meaning: str, unit: str | None = None) -> Column:
    return Column(name, Type.INTEGER, meaning, unit=unit)


def _ratio(name: str, meaning: str, unit: str | None = None) -> Column:
    return Column(name, Type.RATIO, f"{meaning}; NULL where undefined", unit=unit)


def _instant(name: str, meaning: str) -> Column:
    return Column(name, Type.TIMESTAMP, meaning, unit="UTC")


_FIRST_TOUCH_IDS = (
    _text("first_touch_platform", "The ad network of the first touch, if an ad brought it"),
    _text("first_touch_account_id", "The ad account of the first touch, if its campaign is known"),
    _text("first_touch_campaign_id", "The ad campaign of the first touch, if it is known"),
    _text("first_touch_crm_campaign_id", "The CRM campaign the first touch responded to, if any"),
)
_FIRST_TOUCH_TELLS = (
    replace(
        _channel, name="first_touch_channel", meaning="The channel of the first touch"
    ).required(),
    replace(c.offer_type, name="first_touch_offer_type", meaning="What the first touch came for"),
    replace(
        c.match_method,
        name="first_touch_match_method",
        meaning="Which rule told campaign and channel of the first touch",
        one_of=MATCH_METHODS,
    ),
)
_OUTCOMES = (
    c.leads.required(),
    c.mqls.required(),
    c.sqls.required(),
    c.opportunities.required(),
    c.won_deals.required(),
    c.lost_deals.required(),
    c.customers.required(),
    c.won_revenue_base.required(),
    c.open_pipeline_base.required(),
)
_RATIOS = (
    _ratio("cpl", "Spend per lead", "reporting currency"),
    _ratio("cost_per_mql", "Spend per MQL", "reporting currency"),
    _ratio("cost_per_sql", "Spend per SQL", "reporting currency"),
    _ratio("cost_per_opportunity", "Spend per opportunity", "reporting currency"),
    _ratio("cac", "Spend per new customer", "reporting currency"),
    _ratio("roas", "Won revenue per spend"),
    _ratio("roi", "Won revenue less spend, per spend"),
    _ratio("pipeline_per_spend", "Open pipeline per spend"),
    _ratio("win_rate", "Deals won per deals won or lost"),
)
_missing_days = _number(
    "missing_days",
    "Days of the month not loaded, over the ad accounts concerned: their spend is lacking",
    "account days",
).required()
_ROI_WARNING = (
    "New business alone, by the month of the first touch: young cohorts have had little time to "
    "buy (age_days). Add sums and divide again; never add or average ratios."
)
_spend_base = replace(
    c.spend_base, meaning="Spend at each day's rate; NULL where a rate is missing"
)

DIM_DATE = table(
    "marts",
    "dim_date",
    "The calendar",
    "day",
    ("date_day",),
    (
        c.date_day.meaning_here("The day"),
        Column("month_start", Type.DATE, "First day of the month", is_required=True),
        Column("quarter_start", Type.DATE, "First day of the quarter", is_required=True),
        Column("year_start", Type.DATE, "First day of the year", is_required=True),
        _number("year_number", "The year"),
        _number("quarter_number", "The quarter, 1 to 4"),
        _number("month_number", "The month, 1 to 12"),
        _number("iso_year", "The year of the ISO week"),
        _number("iso_week", "The ISO week, 1 to 53"),
        _number("iso_weekday", "The weekday, 1 (Monday) to 7 (Sunday)"),
        _number("fiscal_year", "The fiscal year, which is the calendar year"),
        _number("fiscal_quarter", "The quarter of the fiscal year, 1 to 4"),
    ),
)
DIM_CAMPAIGN = table(
    "marts",
    "dim_campaign",
    "Every campaign, of ad networks and of the CRM, as it is described now",
    "platform, account and campaign",
    ("platform", "account_id", "campaign_id"),
    (
        _platform,
        _account_id,
        _campaign_id,
        c.account_name,
        c.campaign_name,
        c.campaign_status,
        c.campaign_type,
        c.objective,
        _channel.meaning_here("The channel of the visits it brings; NULL where none is told"),
        c.currency_code,
        c.time_zone,
        c.start_date,
        c.end_date,
        Column("first_day", Type.DATE, "The first day with figures, in the account's zone"),
        Column("last_day", Type.DATE, "The last day with figures, in the account's zone"),
    ),
)
FCT_AD_SPEND_DAILY = table(
    "marts",
    "fct_ad_spend_daily",
    "What each campaign cost and brought on each day, as its network reports it",
    "platform, account, campaign and day",
    ("platform", "account_id", "campaign_id", "date_day"),
    (
        c.platform,
        c.account_id,
        c.campaign_id,
        c.account_name,
        c.campaign_name.meaning_here(
            "The campaign's present name: the networks tell no earlier ones"
        ),
        c.currency_code.required(),
        c.date_day,
        c.fx_rate_date,
        c.spend.required(),
        c.spend_base,
        c.fx_rate,
        c.impressions.required(),
        c.clicks.required(),
        c.reported_conversions,
        c.reported_conversions_value,
        c.first_loaded_at.required(),
        c.last_restated_at,
    ),
    warning="Add spend only within one currency_code; spend_base is one currency throughout.",
)
FCT_PEOPLE = table(
    "marts",
    "fct_people",
    "The people we know, what touched them first and how far they have come",
    "person",
    ("person_id",),
    (
        c.person_id,
        c.crm_account_id,
        _text("first_touchpoint_id", "The first touch; NULL where none is known"),
        *_FIRST_TOUCH_IDS,
        *_FIRST_TOUCH_TELLS,
        c.lead_source.meaning_here("The CRM's own word on the person's earliest record"),
        c.email_domain,
        c.company_name,
        c.industry,
        c.country,
        c.cohort_month.required(),
        _number("crm_records", "Leads and contacts that are this person", "records"),
        c.employee_count,
        c.is_internal.required(),
        replace(c.is_active, name="is_mql", meaning="Whether marketing qualified the person"),
        replace(c.is_active, name="is_sql", meaning="Whether sales accepted the person"),
        _instant("first_touch_at", "When the first touch took place"),
        c.lead_at.required(),
        _instant("latest_lead_at", "When the person's latest record was created"),
        c.mql_at,
        _instant("latest_mql_at", "When marketing last qualified the person"),
        c.sql_at,
        _instant("latest_sql_at", "When sales last accepted the person"),
        c.opportunity_at,
        _instant("latest_opportunity_at", "When the person's latest deal was opened"),
        c.customer_at,
        _instant("latest_customer_at", "When the person's latest deal was won"),
    ),
    warning="Our own people and test addresses are here: leave out is_internal when counting.",
)
FCT_TOUCHPOINTS = table(
    "marts",
    "fct_touchpoints",
    "When and how marketing touched each person",
    "touch",
    ("touchpoint_id",),
    (
        c.touchpoint_id,
        c.person_id.required(),
        c.platform.meaning_here("The ad network, where an ad brought the touch"),
        c.account_id.meaning_here("The ad account, where the campaign is known"),
        c.campaign_id.meaning_here("The ad campaign, where it is known"),
        c.crm_campaign_id.meaning_here("The CRM campaign responded to"),
        replace(c.evidence, one_of=("form", "campaign_response")).required(),
        replace(_channel, one_of=CHANNELS).required(),
        c.offer_type.required(),
        replace(c.sales_stage, one_of=SALES_STAGES).required(),
        replace(c.match_method, one_of=MATCH_METHODS).required(),
        c.lead_source,
        c.utm_source.meaning_here("utm_source, decoded; of its own field or the landing page"),
        c.utm_medium.meaning_here("utm_medium, decoded; of its own field or the landing page"),
        c.utm_campaign.meaning_here("utm_campaign, decoded; of its own field or the landing page"),
        c.utm_content.meaning_here("utm_content, decoded; of its own field or the landing page"),
        c.utm_term.meaning_here("utm_term, decoded; of its own field or the landing page"),
        c.utm_id.meaning_here("utm_id, of its own field or the landing page"),
        _text("referrer_host", "The host that led to the visit, if not our own"),
        c.date_day.meaning_here(
            "The touch's day: in the ad account's zone where known, else in the reporting zone"
        ).required(),
        c.match_confidence.required(),
        c.is_paid.required(),
        replace(
            c.is_paid,
            name="has_conflict",
            meaning="Whether click id and utm_source name different networks; the click id holds",
        ).required(),
        c.touched_at.required(),
    ),
)
FCT_OPPORTUNITIES = table(
    "marts",
    "fct_opportunities",
    "The deals: what became of them, whose they are, what touched their people first",
    "deal",
    ("opportunity_id",),
    (
        c.opportunity_id,
        c.crm_account_id,
        c.crm_campaign_id.meaning_here("The deal's primary campaign source in the CRM"),
        c.owner_id,
        _text("primary_person_id", "The deal's main person"),
        _text("first_touchpoint_id", "The deal's first touch; NULL where none is eligible"),
        _text("first_touch_person_id", "Whom the first touch touched"),
        *_FIRST_TOUCH_IDS,
        c.opportunity_name,
        c.opportunity_type,
        _type_group.required(),
        c.stage_name.required(),
        replace(c.stage_group, one_of=STAGE_GROUPS),
        c.lead_source,
        replace(c.people_rule, one_of=PEOPLE_RULES).required(),
        *_FIRST_TOUCH_TELLS,
        c.currency_code.required(),
        c.close_date.required(),
        c.fx_rate_date,
        c.cohort_month.meaning_here(
            "First day of the month of the deal's first touch, or of its creation if it has none"
        ).required(),
        c.amount,
        c.amount_base,
        c.fx_rate,
        _number("people", "People on the deal, by the rule that spoke", "people"),
        _number("touches", "Eligible touches of those people", "touches"),
        _number("days_touch_to_created", "Days from first touch to creation", "days"),
        _number("days_created_to_close", "Days from creation to close; NULL while open", "days"),
        c.is_closed.required(),
        c.is_won.required(),
        replace(
            c.is_won,
            name="is_new_customer",
            meaning="Whether the deal is the first new business its company gave us",
        ).required(),
        c.created_at.required(),
        c.closed_at,
        _instant("first_touch_at", "When the first touch took place"),
    ),
    warning="Amounts stand in currency_code; amount_base is one currency. Do not mix won and open.",
)
FCT_ATTRIBUTION = table(
    "marts",
    "fct_attribution",
    "Which touch gets which credit for each deal won or open",
    "deal, touch and model",
    ("opportunity_id", "touchpoint_id", "model"),
    (
        c.opportunity_id,
        c.touchpoint_id.meaning_here("The touch credited, or unattributed"),
        c.person_id.meaning_here("Whom the touch touched"),
        c.platform.meaning_here("The ad network, where an ad brought the touch"),
        c.account_id.meaning_here("The ad account, where the campaign is known"),
        c.campaign_id.meaning_here("The ad campaign, where it is known"),
        c.crm_campaign_id.meaning_here("The CRM campaign responded to"),
        replace(c.model, one_of=("first_touch",)),
        replace(c.basis, one_of=("won", "open")).required(),
        _channel.required(),
        _type_group.required(),
        c.currency_code.required(),
        c.close_date.required(),
        c.fx_rate_date,
        c.cohort_month.meaning_here(
            "First day of the month of the deal's first touch, or of its creation if it has none"
        ).required(),
        c.amount.meaning_here("The touch's share of the deal's amount; NULL where that is unknown"),
        c.amount_base.meaning_here("The touch's share at the rate of the deal's day"),
        c.fx_rate,
        c.weight.required(),
        c.touched_at,
    ),
    warning="Choose one model and one basis before adding anything.",
)
MART_CAMPAIGN_ROI_MONTHLY = table(
    "marts",
    "mart_campaign_roi_monthly",
    "What each month's spend on a campaign has brought since",
    "platform, account, campaign and cohort month",
    ("platform", "account_id", "campaign_id", "cohort_month"),
    (
        _platform,
        _account_id,
        _campaign_id,
        c.account_name,
        c.campaign_name,
        _channel.meaning_here("The campaign's channel; NULL where no campaign is known"),
        c.cohort_month,
        _spend_base,
        c.impressions.required(),
        c.clicks.required(),
        c.reported_conversions,
        *_OUTCOMES,
        *_RATIOS,
        c.age_days.required(),
        _missing_days,
    ),
    warning=_ROI_WARNING,
)
MART_CHANNEL_ROI_MONTHLY = table(
    "marts",
    "mart_channel_roi_monthly",
    "What each month's spend on a channel has brought since",
    "channel and cohort month",
    ("channel", "cohort_month"),
    (
        _channel,
        c.cohort_month,
        _spend_base,
        c.impressions.required(),
        c.clicks.required(),
        *_OUTCOMES,
        *_RATIOS,
        c.age_days.required(),
        _missing_days,
    ),
    warning=_ROI_WARNING,
)
MART_RECONCILIATION = table(
    "marts",
    "mart_reconciliation",
    "Whether the marts agree with the ad accounts and the CRM",
    "check, source, month, currency and model",
    ("check_name", "source", "model", "currency_code", "month"),
    (
        _text("check_name", "What is compared"),
        c.source.meaning_here("The system the total comes from; marts for one mart by another"),
        c.model.meaning_here("The attribution model; none where none is concerned"),
        c.currency_code.meaning_here("ISO 4217 code of the totals; XXX where they are counts"),
        Column(
            "verdict",
            Type.TEXT,
            "agrees, differs, or unproved where the source gives no total of its own",
            one_of=("agrees", "differs", "unproved"),
            is_required=True,
        ),
        Column("month", Type.DATE, "First day of the month"),
        Column("source_total", Type.AD_MONEY, "What the source says", is_required=True),
        Column("mart_total", Type.AD_MONEY, "What the marts say", is_required=True),
        Column("difference", Type.AD_MONEY, "Marts less source", is_required=True),
        Column("tolerance", Type.AD_MONEY, "The difference allowed", is_required=True),
    ),
)
MART_DATA_HEALTH = table(
    "marts",
    "mart_data_health",
    "Which days are loaded, which are missing, which may still change",
    "source, account and day",
    ("source", "account_id", "date_day"),
    (
        c.source,
        c.account_id.meaning_here("The account or CRM org; none where none was ever loaded"),
        Column(
            "status",
            Type.TEXT,
            "loaded; empty: the source had nothing; missing; restating: loaded, may still change",
            one_of=("loaded", "empty", "missing", "restating"),
            is_required=True,
        ),
        c.date_day,
        _number("rows_staged", "Rows in staging", "rows").required(),
        _number("rows_rejected", "Rows set aside", "rows").required(),
        c.spend.meaning_here("Spend staged, in the account's currency; NULL where not loaded"),
        Column(
            "restated_spend",
            Type.AD_MONEY,
            "Spend as it stands less spend as first loaded",
            is_stamp=True,
        ),
        c.loaded_at,
    ),
)

MART_TABLES: tuple[Table, ...] = (
    DIM_DATE,
    DIM_CAMPAIGN,
    FCT_AD_SPEND_DAILY,
    FCT_PEOPLE,
    FCT_TOUCHPOINTS,
    FCT_OPPORTUNITIES,
    FCT_ATTRIBUTION,
    MART_CAMPAIGN_ROI_MONTHLY,
    MART_CHANNEL_ROI_MONTHLY,
    MART_RECONCILIATION,
    MART_DATA_HEALTH,
)
