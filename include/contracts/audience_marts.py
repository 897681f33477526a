"""The published marts of the audience: who buys, what begins and moves deals, whom to call."""

from __future__ import annotations

from dataclasses import replace

from include.contracts import columns as c
from include.contracts import mart_columns as m
from include.contracts.choices import OFFER_TYPES, SEGMENT_DIMENSIONS
from include.contracts.shape import Column, Table, Type, table

CONTENT_KINDS = (*OFFER_TYPES, "page", "lead_form", "unknown")
STAGES = ("lead", "mql", "sql", "opportunity", "customer")

SEGMENTS: tuple[Column, ...] = (
    m.text("sector", "The company's sector; the CRM's own word where no rule knows it"),
    m.text("company_size", "How large the company is, by its people"),
    m.text("region", "Where the person is; the CRM's own word where no rule knows it"),
    m.text("seniority", "How far up the person is at the company, by the job title"),
    m.text("product_interest", "What the person wants: as a form said, else by what they chose"),
    m.text("pain_point", "What troubles the person: as a form said, else by what they chose"),
    m.text("urgency", "How soon the person wants it: as a form said, else by what they chose"),
)
"""What tells people apart, by the names of SEGMENT_DIMENSIONS; NULL where nothing is told."""


def _of_new_business(name: str, what: str) -> Column:
    return m.number(name, f"{what}, of new business alone", "deals").required()


def _revenue(name: str, what: str) -> Column:
    return replace(c.won_revenue_base, name=name, meaning=f"{what}; NULL where a rate is missing")


def _average_days(name: str, what: str) -> Column:
    return Column(name, Type.NUMBER, f"{what}, on average; NULL without any", unit="days")


MART_SEGMENT_FUNNEL = table(
    "marts",
    "mart_segment_funnel",
    "How far the people of each segment have come, and what their deals brought",
    "dimension, segment and cohort month",
    ("dimension", "segment", "cohort_month"),
    (
        Column("dimension", Type.TEXT, "By what people are told apart", one_of=SEGMENT_DIMENSIONS),
        m.text("segment", "The segment; unknown where nothing is told of the person"),
        c.cohort_month.meaning_here(
            "First day of the month of the first touch: of people their own, of deals the deal's"
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
        c.won_deals.meaning_here(
            "Deals won of new business whose main person is of the segment"
        ).required(),
        _revenue("won_revenue_base", "Amount of those deals"),
        m.ratio("lead_to_mql_rate", "MQLs per lead"),
        m.ratio("mql_to_sql_rate", "SQLs per MQL"),
        m.ratio("sql_to_opportunity_rate", "People on a deal per SQL"),
        m.ratio("opportunity_to_customer_rate", "People on a deal won per person on a deal"),
        m.ratio("lead_to_customer_rate", "People on a deal won per lead"),
    ),
    warning=(
        "Choose one dimension before adding: everybody is in each once. Stages count people, "
        "won_deals deals; of segments with few people a rate says little."
    ),
)
MART_CONTENT_PERFORMANCE = table(
    "marts",
    "mart_content_performance",
    "Which white paper, webinar, page or form begins deals, and which moves them",
    "content and month",
    ("content_kind", "content_id", "content_month"),
    (
        m.text("content_id", "The CRM campaign, the page (host and path) or the network's form"),
        Column("content_kind", Type.TEXT, "What it is", one_of=CONTENT_KINDS),
        m.text("content_name", "The present name of the CRM campaign or form; the page").required(),
        Column(
            "content_month",
            Type.DATE,
            "First day of the month in which a person, or a deal's people, first chose it",
        ),
        m.number(
            "people", "People who chose it, each in their first month with it", "people"
        ).required(),
        m.number("begun_people", "People whose first touch it was", "people").required(),
        _of_new_business("begun_opportunities", "Deals whose first touch it was"),
        _of_new_business("begun_won_deals", "Those of them won"),
        _of_new_business(
            "moved_opportunities",
            "Deals whose people chose it until the close, and that did not begin with that touch",
        ),
        _of_new_business("moved_won_deals", "Those of them won"),
        _revenue("begun_won_revenue_base", "Amount of the deals it began that were won"),
        _revenue("moved_won_revenue_base", "Amount of the deals it moved that were won"),
        _average_days("begun_cycle_days", "From that touch to the close of the deals it began"),
        _average_days("moved_cycle_days", "From that touch to the close of the deals it moved"),
    ),
    warning=(
        "A deal is begun by one content and moved by many: what was moved adds up over months, "
        "never over contents, and is not what the content earned."
    ),
)
MART_LEAD_BRIEF = table(
    "marts",
    "mart_lead_brief",
    "What sales should know of a person before a call",
    "person",
    ("person_id",),
    (
        c.person_id,
        c.crm_account_id,
        Column("stage", Type.TEXT, "How far the person has come", one_of=STAGES, is_required=True),
        replace(
            m.channel, name="first_touch_channel", meaning="The channel of the first touch"
        ).required(),
        m.text("first_touch_campaign_name", "The present name of the first touch's campaign"),
        m.text("first_touch_content", "What the first touch showed, if it is known"),
        m.text("last_touch_channel", "The channel of the latest touch"),
        m.text("last_touch_content", "What the latest touch showed, if it is known"),
        m.text(
            "contents_seen",
            "What the person chose, the latest first, each once; ten at most are named",
        ),
        c.email_domain,
        c.company_name,
        *SEGMENTS,
        m.text(
            "account_people",
            "The company's other people as person_id, seniority and stage, those furthest first; "
            "ten at most are named",
        ),
        c.cohort_month.required(),
        c.employee_count,
        m.number("touches", "Touches of the person", "touches").required(),
        m.number("contents", "Different contents the person chose", "contents").required(),
        m.number("others_of_account", "Other people we know of the company", "people").required(),
        m.number("open_deals", "Open deals the person is on", "deals").required(),
        Column(
            "open_pipeline_base",
            Type.CRM_MONEY,
            "Amount of those deals; NULL where a rate is missing",
            unit="reporting currency",
        ),
        m.instant("first_touch_at", "When the first touch took place"),
        m.instant("last_touch_at", "When the latest touch took place"),
        c.lead_at.required(),
    ),
    warning="Our own people have none. Two people on one deal both bear its amount: do not add.",
)

AUDIENCE_MARTS: tuple[Table, ...] = (
    MART_SEGMENT_FUNNEL,
    MART_CONTENT_PERFORMANCE,
    MART_LEAD_BRIEF,
)
