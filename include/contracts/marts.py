"""The published marts, in schema ``marts``: what people and BI tools read."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.ad_marts import AD_MARTS
from include.contracts.advice_marts import ADVICE_MARTS
from include.contracts.audience_marts import AUDIENCE_MARTS, SEGMENTS
from include.contracts.budget_marts import BUDGET_MARTS
from include.contracts.choices import ATTRIBUTION_MODELS, CHANNELS, STAGE_GROUPS, TYPE_GROUPS
from include.contracts.goal_marts import GOAL_MARTS
from include.contracts.journey_marts import JOURNEY_MARTS
from include.contracts.outlook_marts import OUTLOOK_MARTS
from include.contracts.returns_marts import RETURNS_MARTS
from include.contracts.shape import Column, Table, Type, table
from include.contracts.traffic_marts import MART_UTM_AUDIT
from include.contracts.visit_marts import VISIT_MARTS

PEOPLE_RULES = ("contact_role", "converted_from", "account_contacts", "none")
MATCH_METHODS = (
    "lead_form",
    "stored_click",
    "url_id",
    "utm_campaign",
    "alias",
    "click_id",
    "ambiguous",
    "utm",
    "crm_campaign",
    "activity",
    "lead_source",
    "referrer",
    "direct",
)
SALES_STAGES = ("before_lead", "before_opportunity", "during_opportunity", "after_close")

_type_group = replace(c.type_group, one_of=TYPE_GROUPS)


def _from(name: str, what: str, history: str) -> Column:
    return Column(
        name,
        Type.TEXT,
        f"Whether {what} from the CRM's history of {history} or from the record; NULL without one",
        one_of=("history", "record"),
    )


_FIRST_TOUCH_IDS = (
    m.text("first_touch_platform", "The ad network of the first touch, if an ad brought it"),
    m.text("first_touch_account_id", "The ad account of the first touch, if its campaign is known"),
    m.text("first_touch_campaign_id", "The ad campaign of the first touch, if it is known"),
    m.text("first_touch_crm_campaign_id", "The CRM campaign the first touch responded to, if any"),
)
_FIRST_TOUCH_TELLS = (
    replace(
        m.channel, name="first_touch_channel", meaning="The channel of the first touch"
    ).required(),
    replace(c.offer_type, name="first_touch_offer_type", meaning="What the first touch came for"),
    replace(
        c.match_method,
        name="first_touch_match_method",
        meaning="Which rule told campaign and channel of the first touch",
        one_of=MATCH_METHODS,
    ),
)
_FIRST_TOUCH_CONFIDENCE = replace(
    c.match_confidence,
    name="first_touch_match_confidence",
    meaning="How sure the rule is that told campaign and channel of the first touch, from 0 to 1",
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
        Column("fiscal_year_start", Type.DATE, "First day of the fiscal year", is_required=True),
        m.number("year_number", "The year"),
        m.number("quarter_number", "The quarter, 1 to 4"),
        m.number("month_number", "The month, 1 to 12"),
        m.number("iso_year", "The year of the ISO week"),
        m.number("iso_week", "The ISO week, 1 to 53"),
        m.number("iso_weekday", "The weekday, 1 (Monday) to 7 (Sunday)"),
        m.number("fiscal_year", "The fiscal year, named for the calendar year in which it ends"),
        m.number("fiscal_quarter", "The quarter of the fiscal year, 1 to 4"),
        m.number("fiscal_period", "The month of the fiscal year, 1 to 12"),
    ),
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
        m.text("first_touchpoint_id", "The first touch; NULL where none is known"),
        *_FIRST_TOUCH_IDS,
        *_FIRST_TOUCH_TELLS,
        c.lead_source.meaning_here("The CRM's own word on the person's earliest record"),
        c.email_domain,
        c.company_name,
        c.industry,
        c.country,
        *SEGMENTS,
        _from("mql_at_from", "mql_at and latest_mql_at come", "lead statuses"),
        _from("sql_at_from", "sql_at and latest_sql_at come", "lead statuses"),
        _from("customer_at_from", "customer_at comes", "the deal's stages"),
        c.cohort_month.required(),
        _FIRST_TOUCH_CONFIDENCE,
        m.number("crm_records", "Leads and contacts that are this person", "records"),
        c.employee_count,
        c.is_internal.required(),
        replace(c.is_active, name="is_mql", meaning="Whether marketing qualified the person"),
        replace(c.is_active, name="is_sql", meaning="Whether sales accepted the person"),
        m.instant("first_touch_at", "When the first touch took place"),
        c.lead_at.required(),
        m.instant("latest_lead_at", "When the person's latest record was created"),
        c.mql_at,
        m.instant("latest_mql_at", "When marketing last qualified the person"),
        c.sql_at,
        m.instant("latest_sql_at", "When sales last accepted the person"),
        c.opportunity_at,
        m.instant("latest_opportunity_at", "When the person's latest deal was opened"),
        c.customer_at,
        m.instant("latest_customer_at", "When the person's latest deal was won"),
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
        c.ad_group_id.meaning_here("The ad group, where an id, a click or a lead form told it"),
        c.ad_id.meaning_here("The ad, where an id, a click or a lead form told it"),
        c.crm_campaign_id.meaning_here("The CRM campaign responded to"),
        replace(
            c.evidence, one_of=("form", "lead_form", "campaign_response", "activity", "manual")
        ).required(),
        replace(m.channel, one_of=CHANNELS).required(),
        c.offer_type.required(),
        replace(c.sales_stage, one_of=SALES_STAGES).required(),
        replace(c.match_method, one_of=MATCH_METHODS).required(),
        m.text(
            "other_matches",
            "What the rules that did not hold would have told, where it differs: rule and campaign "
            "(platform/account/campaign), network or channel, strongest first; NULL: nothing else",
        ),
        c.lead_source,
        c.utm_source.meaning_here("utm_source, decoded; of its own field or the landing page"),
        c.utm_medium.meaning_here("utm_medium, decoded; of its own field or the landing page"),
        c.utm_campaign.meaning_here("utm_campaign, decoded; of its own field or the landing page"),
        c.utm_content.meaning_here("utm_content, decoded; of its own field or the landing page"),
        c.utm_term.meaning_here("utm_term, decoded; of its own field or the landing page"),
        c.utm_id.meaning_here("utm_id, of its own field or the landing page"),
        m.text("referrer_host", "The host that led to the visit, if not our own"),
        c.date_day.meaning_here(
            "The touch's day: in the ad account's zone where known, else in the reporting zone"
        ).required(),
        c.match_confidence.required(),
        c.is_paid.required(),
        replace(
            c.is_paid,
            name="has_conflict",
            meaning="Whether click ids, or click id and UTM, point to different networks or "
            "campaigns; a click id holds",
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
        m.text("primary_person_id", "The deal's main person"),
        m.text("first_touchpoint_id", "The deal's first touch; NULL where none is eligible"),
        m.text("first_touch_person_id", "Whom the first touch touched"),
        *_FIRST_TOUCH_IDS,
        c.opportunity_name,
        c.opportunity_type,
        _type_group.required(),
        c.stage_name.required(),
        replace(c.stage_group, one_of=STAGE_GROUPS),
        c.lead_source,
        replace(c.people_rule, one_of=PEOPLE_RULES).required(),
        _from("closed_at_from", "closed_at comes", "the deal's stages"),
        *_FIRST_TOUCH_TELLS,
        m.text(
            "alternatives",
            "The other touches of the deal's people in order, each with why it is not the first; "
            "at most twenty are named",
        ),
        c.currency_code.required(),
        c.close_date.required(),
        c.fx_rate_date,
        c.cohort_month.meaning_here(
            "First day of the month of the deal's first touch, or of its creation if it has none"
        ).required(),
        c.amount,
        c.amount_base,
        c.fx_rate,
        _FIRST_TOUCH_CONFIDENCE,
        m.number("people", "People on the deal, by the rule that spoke", "people"),
        m.number("touches", "Eligible touches of those people", "touches"),
        m.number("days_touch_to_created", "Days from first touch to creation", "days"),
        m.number("days_created_to_close", "Days from creation to close; NULL while open", "days"),
        c.is_closed.required(),
        c.is_won.required(),
        replace(
            c.is_won,
            name="is_new_customer",
            meaning="Whether the deal is the first new business that its company gave us, merged "
            "companies being one; without a company, that its main person did",
        ).required(),
        c.created_at.required(),
        m.instant(
            "stage_entered_at", "When the deal entered its present stage; NULL without a history"
        ),
        c.closed_at.meaning_here(
            "When the deal last entered the outcome it has, by its history; without one the end of "
            "the close day; NULL while open"
        ),
        m.instant("first_touch_at", "When the first touch took place"),
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
        replace(c.model, one_of=ATTRIBUTION_MODELS),
        replace(c.basis, one_of=("won", "open")).required(),
        m.channel.required(),
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
        c.match_confidence.meaning_here(
            "How sure the rule is that told campaign and channel of the touch, from 0 to 1"
        ),
        c.touched_at,
    ),
    warning="Choose one model and one basis before adding anything.",
)
MART_RECONCILIATION = table(
    "marts",
    "mart_reconciliation",
    "Whether the marts agree with the ad accounts and the CRM",
    "check, source, month, currency and model",
    ("check_name", "source", "model", "currency_code", "month"),
    (
        m.text("check_name", "What is compared"),
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
        c.account_id.meaning_here("The account or CRM org; none where the source showed none"),
        Column(
            "status",
            Type.TEXT,
            "loaded; empty: the source had nothing; missing: one of its daily streams lacks it; "
            "restating: loaded, may still change",
            one_of=("loaded", "empty", "missing", "restating"),
            is_required=True,
        ),
        c.date_day,
        m.number("rows_staged", "Rows in staging", "rows").required(),
        m.number("rows_rejected", "Rows set aside", "rows").required(),
        c.spend.meaning_here(
            "Spend staged, in the account's currency; NULL where not loaded, or where a source "
            "has none"
        ),
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
    *AD_MARTS,
    FCT_PEOPLE,
    FCT_TOUCHPOINTS,
    FCT_OPPORTUNITIES,
    FCT_ATTRIBUTION,
    *RETURNS_MARTS,
    MART_UTM_AUDIT,
    *JOURNEY_MARTS,
    *AUDIENCE_MARTS,
    *VISIT_MARTS,
    *GOAL_MARTS,
    *OUTLOOK_MARTS,
    *ADVICE_MARTS,
    *BUDGET_MARTS,
    MART_RECONCILIATION,
    MART_DATA_HEALTH,
)
