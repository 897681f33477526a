"""The published marts of ways and months: journeys, paths, funnels, cycles, revenue by month."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.choices import ATTRIBUTION_MODELS, CHANNELS, TYPE_GROUPS
from include.contracts.shape import Column, Table, Type, table

OUTCOMES = ("won", "lost", "open")

_model = replace(c.model, one_of=ATTRIBUTION_MODELS)
_type_group = replace(c.type_group, one_of=TYPE_GROUPS)
_basis = replace(c.basis, one_of=("won", "open"))
_close_month = Column("close_month", Type.DATE, "First day of the month of the close day")
_won_revenue = c.won_revenue_base.meaning_here(
    "Amount of the deals won; NULL where a rate is missing"
)


def _days(name: str, what: str, share: str) -> Column:
    return Column(
        name,
        Type.NUMBER,
        f"{what}: {share} of the deals won took no longer; NULL without any",
        unit="days",
    )


def _median(earlier: str, later: str) -> Column:
    return Column(
        f"median_days_{earlier}_to_{later}",
        Type.NUMBER,
        f"Median time from {earlier} to {later} of those who came to both in this order",
        unit="days of 24 hours",
    )


_STEP_IDS = (
    c.touchpoint_id.meaning_here("The touch; NULL for other steps"),
    c.platform.meaning_here("The ad network, where an ad brought the touch"),
    c.account_id.meaning_here("The ad account, where the campaign is known"),
    c.campaign_id.meaning_here("The ad campaign, where it is known"),
    c.crm_campaign_id.meaning_here("The CRM campaign responded to"),
)
_STEP_WORDS = (
    m.text(
        "label",
        "What it was: a touch's offer type; the stage a person reached, latest_ in front where "
        "they reached it again; of a deal opened, won, lost or the CRM's word for a stage",
    ).required(),
    replace(m.channel, one_of=CHANNELS, meaning="The touch's channel; NULL for other steps"),
    c.campaign_name.meaning_here("The present name of the campaign behind the touch"),
)
_match_method = c.match_method.meaning_here("Which rule told campaign and channel of the touch")
_step_number = m.number("step_number", "The step's place, from 1")
_occurred_at = m.instant("occurred_at", "When it happened").required()

MART_REVENUE_BY_CLOSE_MONTH = table(
    "marts",
    "mart_revenue_by_close_month",
    "What was won in each month, and which channels and campaigns each model credits with it",
    "channel, platform, account, campaign, type group, model and close month",
    ("platform", "account_id", "campaign_id", "channel", "type_group", "model", "close_month"),
    (
        m.platform,
        m.account_id,
        m.campaign_id,
        c.account_name,
        c.campaign_name,
        m.channel.meaning_here("The channel of the touches credited"),
        _type_group,
        _model,
        _close_month,
        Column(
            "deals",
            Type.RATE,
            "Deals won, each with the part of it that these touches are credited with",
            unit="deals",
            is_required=True,
        ),
        replace(_won_revenue, meaning="What of their amounts these touches are credited with"),
    ),
    warning=(
        "Choose one model before adding: each shares out the same deals anew. No cost stands here, "
        "and none may be put beside it: spend belongs to cohorts."
    ),
)
MART_FUNNEL_MONTHLY = table(
    "marts",
    "mart_funnel_monthly",
    "How far the people have come whom each channel touched first in each month, and how fast",
    "channel and cohort month",
    ("channel", "cohort_month"),
    (
        m.channel,
        c.cohort_month,
        m.number(
            "visitors",
            "People who visited the site in the month through the channel, counted once for each "
            "way they came; NULL where nobody counts them",
            "people",
        ),
        c.leads.required(),
        c.mqls.required(),
        c.sqls.required(),
        replace(
            c.opportunities, meaning="Those of them who were on a deal", unit="people"
        ).required(),
        replace(
            c.customers, meaning="Those of them who were on a deal that was won", unit="people"
        ).required(),
        m.ratio("visitor_to_lead_rate", "Leads per visitor of the same month and channel"),
        m.ratio("lead_to_mql_rate", "MQLs per lead"),
        m.ratio("mql_to_sql_rate", "SQLs per MQL"),
        m.ratio("sql_to_opportunity_rate", "People on a deal per SQL"),
        m.ratio("opportunity_to_customer_rate", "People on a deal won per person on a deal"),
        m.ratio("lead_to_customer_rate", "People on a deal won per lead"),
        _median("lead", "mql"),
        _median("mql", "sql"),
        _median("sql", "opportunity"),
        _median("opportunity", "customer"),
        c.age_days.required(),
    ),
    warning=(
        "Every stage counts people: opportunities and customers here are people on deals of any "
        "type, in the ROI marts deals and companies. Whoever skips a stage is in the next one, so "
        "a rate may exceed 1; so may leads per visitor, for some leads never visited the site. Add "
        "counts and divide again; medians cannot be added."
    ),
)
MART_PATHS = table(
    "marts",
    "mart_paths",
    "Along which channels deals came, and what became of them",
    "path, type group and outcome",
    ("path", "type_group", "outcome"),
    (
        m.text(
            "path",
            "The channels of the touches up to the close, in order, repeats in a row as one; "
            "unattributed where no touch is known",
        ),
        _type_group,
        Column("outcome", Type.TEXT, "What became of the deals", one_of=OUTCOMES),
        m.number("steps", "Channels in the path; 0 where no touch is known", "channels").required(),
        m.number("deals", "Deals that came this way", "deals").required(),
        m.number("touches", "Touches on these deals", "touches").required(),
        c.amount_base.meaning_here("Amount of the deals; NULL where a rate is missing"),
        Column(
            "median_days",
            Type.NUMBER,
            "Median time from the first touch to the close; of open deals to the as-of instant",
            unit="days of 24 hours",
        ),
    ),
    warning="Do not mix outcomes: the amount of an open deal is hoped for, of a lost one gone.",
)
MART_PERSON_JOURNEYS = table(
    "marts",
    "mart_person_journeys",
    "What happened to each person, touch by touch and stage by stage",
    "person and step",
    ("person_id", "step_number"),
    (
        c.person_id,
        *_STEP_IDS,
        Column("kind", Type.TEXT, "What kind of step", one_of=("touch", "stage"), is_required=True),
        *_STEP_WORDS,
        m.text("content", "What was chosen: CRM campaign, page or form; else utm_content"),
        _match_method,
        _step_number,
        m.number(
            "days_since_first", "Whole days since the person's first step", "days of 24 hours"
        ).required(),
        _occurred_at,
    ),
    warning=(
        "Our own people have no journey. A stage of which the CRM tells no instant is no step: "
        "count stages in fct_people."
    ),
)
MART_ACCOUNT_JOURNEYS = table(
    "marts",
    "mart_account_journeys",
    "What happened between us and each company: its people's touches and stages, and its deals",
    "company and step",
    ("crm_account_id", "step_number"),
    (
        c.crm_account_id,
        c.person_id.meaning_here("Whose step it is; NULL for the steps of a deal"),
        c.opportunity_id.meaning_here("The deal whose step it is; NULL for the steps of people"),
        *_STEP_IDS,
        Column(
            "kind",
            Type.TEXT,
            "What kind of step",
            one_of=("touch", "stage", "deal", "deal_stage"),
            is_required=True,
        ),
        *_STEP_WORDS,
        m.text(
            "content",
            "What was chosen: CRM campaign, page or form; else utm_content; a deal's name",
        ),
        _match_method,
        _step_number,
        m.number(
            "days_since_first", "Whole days since the company's first step", "days of 24 hours"
        ).required(),
        m.number(
            "buying_group", "People we know of the company, our own left out", "people"
        ).required(),
        _occurred_at,
    ),
    warning=(
        "A person is of one company here, the one their records name first. Their stages stand "
        "beside the deals' own steps: count deals by the label opened."
    ),
)
MART_SALES_CYCLES_MONTHLY = table(
    "marts",
    "mart_sales_cycles_monthly",
    "How many deals were decided in each month, what share was won, and how long it took",
    "channel, type group and close month",
    ("channel", "type_group", "close_month"),
    (
        m.channel.meaning_here("The channel of the deals' first touch"),
        _type_group,
        _close_month,
        c.won_deals.meaning_here("Deals won").required(),
        c.lost_deals.meaning_here("Deals lost").required(),
        _won_revenue,
        c.lost_amount_base.meaning_here("Amount of the deals lost; NULL where a rate is missing"),
        m.ratio("win_rate", "Deals won per deals won or lost"),
        m.ratio("win_rate_by_amount", "Won revenue per amount won or lost"),
        m.ratio("average_won_amount", "Won revenue per deal won", "reporting currency"),
        _days("days_touch_to_created_p50", "First touch to creation", "half"),
        _days("days_touch_to_created_p90", "First touch to creation", "nine tenths"),
        _days("days_created_to_close_p50", "Creation to close", "half"),
        _days("days_created_to_close_p90", "Creation to close", "nine tenths"),
        _days("days_touch_to_close_p50", "First touch to close", "half"),
        _days("days_touch_to_close_p90", "First touch to close", "nine tenths"),
        m.ratio(
            "sales_velocity",
            "Deals decided x win rate x average amount won / average days from creation to close",
            "reporting currency per day",
        ),
    ),
    warning="Percentiles, ratios and velocities cannot be added: take sums and divide again.",
)
MART_ATTRIBUTION_RATES_MONTHLY = table(
    "marts",
    "mart_attribution_rates_monthly",
    "What share of the deals each model can credit to a touch",
    "model, basis, type group and close month",
    ("model", "basis", "type_group", "close_month"),
    (
        _model,
        _basis,
        _type_group,
        _close_month,
        m.number("deals", "Deals won or open", "deals").required(),
        m.number("attributed_deals", "Those of them with a touch to credit", "deals").required(),
        c.amount_base.meaning_here("Amount of the deals; NULL where a rate is missing"),
        Column(
            "attributed_amount_base",
            Type.CRM_MONEY,
            "Amount of those with a touch to credit; NULL where a rate is missing",
            unit="reporting currency",
        ),
        m.ratio("attribution_rate", "Deals with a touch to credit per deal"),
        m.ratio("attribution_rate_by_amount", "Amount with a touch to credit per amount"),
    ),
    warning="Choose one model and one basis before adding; divide sums, never average rates.",
)

JOURNEY_MARTS: tuple[Table, ...] = (
    MART_REVENUE_BY_CLOSE_MONTH,
    MART_FUNNEL_MONTHLY,
    MART_PATHS,
    MART_PERSON_JOURNEYS,
    MART_ACCOUNT_JOURNEYS,
    MART_SALES_CYCLES_MONTHLY,
    MART_ATTRIBUTION_RATES_MONTHLY,
)
