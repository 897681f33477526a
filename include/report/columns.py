"""What the page and its exports call a column, in which unit, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from include.contracts.journey_marts import MART_FUNNEL_MONTHLY
from include.contracts.mart_columns import number, ratio, text
from include.contracts.marts import MART_TABLES
from include.contracts.ops import OPS_TABLES, V_FRESHNESS
from include.contracts.shape import Column, Type

REPORTING_CURRENCY = "reporting currency"


def _boolean(name: str, meaning: str) -> Column:
    return Column(name, Type.BOOLEAN, meaning)


_OWN = (
    Column("spend", Type.AD_MONEY, "Spend in the currency shown", unit=REPORTING_CURRENCY),
    Column("won_revenue", Type.CRM_MONEY, "Revenue credited", unit=REPORTING_CURRENCY),
    Column(
        "paid_won_revenue",
        Type.CRM_MONEY,
        "Revenue credited to channels with spend",
        unit=REPORTING_CURRENCY,
    ),
    Column("open_pipeline", Type.CRM_MONEY, "Open pipeline credited", unit=REPORTING_CURRENCY),
    Column(
        "credited_amount",
        Type.CRM_MONEY,
        "What the chosen model credits of the deal to what is chosen",
        unit=REPORTING_CURRENCY,
    ),
    Column("won_deals", Type.NUMBER, "Deals won, each with the part credited", unit="deals"),
    Column(
        "customers", Type.NUMBER, "New customers, each with the part credited", unit="companies"
    ),
    number("rows", "Rows"),
    Column("delta", Type.FIGURE, "New less old"),
    number("checks", "Comparisons of a total of the marts with its source's", "comparisons"),
    number("days", "Days counted", "days"),
    ratio("share", "Part of the whole"),
    *(
        ratio(f"{kind}_{of}_share", f"Part of the {what} {why}")
        for of, what in (("leads", "leads"), ("won_revenue", "won revenue"))
        for kind, why in (
            ("weak", "that only a lead source, a referring site or an untagged visit speaks for"),
            ("untouched", "of which no touch is known"),
        )
    ),
    ratio("share_of_spend", "Won revenue so far per spend of the cohort; 1 is break-even"),
    ratio(
        "earlier_share_of_spend",
        "What the earlier cohorts chosen had brought back of their spend, together, at the same "
        "number of months",
    ),
    number("earlier_cohorts", "Earlier cohorts that have such a share", "cohorts"),
    Column(
        "cumulative_won_revenue",
        Type.CRM_MONEY,
        "Revenue won so far since the cohort's month",
        unit=REPORTING_CURRENCY,
    ),
    Column(
        "first_touch_won_revenue",
        Type.CRM_MONEY,
        "What first touch credits",
        unit=REPORTING_CURRENCY,
    ),
    Column(
        "first_touch_difference",
        Type.CRM_MONEY,
        "What the model credits, less what first touch does",
        unit=REPORTING_CURRENCY,
    ),
    number("months_since", "Whole months since the month of the first touch", "months"),
    number(
        "break_even_months",
        "Months until the revenue won had reached the spend; NULL while it has not",
        "months",
    ),
    Column(
        "spend_without_touch_base",
        Type.AD_MONEY,
        "Spend of the months in which no touch bears the campaign's tags",
        unit=REPORTING_CURRENCY,
    ),
    number(
        "months_without_touch",
        "Months with spend or clicks in which no touch bears the campaign's tags: what it brought "
        "then, if anything, is not known to be its own",
        "months",
    ),
    *(
        Column(
            f"needed_{name}_base",
            Type.AD_MONEY,
            f"{meaning}, where channels keep their shares and rates",
            unit=REPORTING_CURRENCY,
        )
        for name, meaning in (
            ("revenue", "Won revenue that shall come of it"),
            ("spend", "Spend that it takes"),
            ("spend_low", "Less spend than that is enough in one case of ten"),
            ("spend_high", "More spend than that is needed in one case of ten"),
        )
    ),
    *(
        number(f"needed_{name}", f"{meaning}, rounded up", unit)
        for name, meaning, unit in (
            ("visitors", "Visitors that it takes", "people"),
            ("leads", "Leads that it takes", "people"),
            ("leads_low", "Fewer leads than that are enough in one case of ten", "people"),
            ("leads_high", "More leads than that are needed in one case of ten", "people"),
            ("mqls", "MQLs that it takes", "people"),
            ("sqls", "SQLs that it takes", "people"),
            ("opportunities", "Opportunities that it takes", "deals"),
            ("customers", "Customers that it takes", "companies"),
        )
    ),
    number("advice_judged", "Advice among it that claimed something and spent", "pieces"),
    number("advice_right", "Advice among it that was right", "pieces"),
    number("deals_measured", "Deals won of which both ends are known", "deals"),
    _boolean(
        "is_too_early",
        "Whether the cohort is younger than nine tenths of deals took from first touch to close",
    ),
    text("level", "What the row stands for"),
    Column("last_seen_at", Type.TIMESTAMP, "When the last of them was loaded", unit="UTC"),
    Column("first_month", Type.DATE, "The first month concerned"),
    Column("last_month", Type.DATE, "The last month concerned"),
    Column("judged_month", Type.DATE, "The latest month old enough to judge by its return"),
    text("hindrance", "Why nothing is held against the months before; NULL where something may be"),
    text("growing_hindrance", "The same of figures that grow until a cohort's deals are decided"),
    Column("from_month", Type.DATE, "The first month of those told here"),
    Column("to_month", Type.DATE, "The last month of those told here"),
    Column("before_from_month", Type.DATE, "The first month to compare with"),
    Column("before_to_month", Type.DATE, "The last month to compare with"),
    Column("whole_month", Type.DATE, "The last month that is over"),
    number("deals_without_amount", "Deals among them of which the CRM has no amount", "deals"),
    _boolean("has_amount", "Whether the CRM has an amount of the deal"),
    number("months", "Months chosen", "months"),
    number("young_months", "Those of them that are too young to judge by their return", "months"),
    number("matches", "How many there are; the table shows the first of them"),
    number("agrees", "Comparisons that agree with their source", "comparisons"),
    number("differs", "Comparisons that differ from their source", "comparisons"),
    number("unproved", "Comparisons whose source gives no total of its own", "comparisons"),
    number("streams", "Streams that were ever loaded", "streams"),
    number("days_missing", "Days that one of the daily streams lacks", "days"),
    ratio("used_share", "Used, of what is allowed"),
    text("remedy", "What would place it"),
    text("id", "The id in the CRM"),
    text("name", "A deal's name; of a person the e-mail domain"),
    text("stage", "A deal's stage in the CRM's own word; how far a person has come"),
    text("first_touch_campaign_name", "The present name of the first touch's campaign"),
    text("first_touch_platform", "The network of the first touch; crm: a campaign of the CRM"),
    text("first_touch_account_name", "The present name of the first touch's ad account"),
    _boolean("is_of_deal", "Whether it is a step of the chosen deal itself"),
    _boolean(
        "is_concerned",
        "Whether it is a step of the chosen deal or person, or of somebody credited with the deal",
    ),
    _boolean("is_credited", "Whether some model credits the touch with a part of the chosen deal"),
    _boolean("is_first_touch", "Whether it is the chosen deal's first touch"),
)
GROWING = frozenset(
    {
        "opportunities", "won_deals", "deals", "customers", "won_revenue", "open_pipeline", "cac",
        "roas", "roi", "first_touch_won_revenue", "first_touch_difference",
    }
)  # fmt: skip
"""Figures of a cohort that go on moving until its deals are decided."""
_ACRONYMS = {
    "cac": "CAC", "cpc": "CPC", "cpl": "CPL", "cpm": "CPM", "crm": "CRM", "ctr": "CTR",
    "fx": "FX", "id": "ID", "mql": "MQL", "mqls": "MQLs", "roas": "ROAS", "roi": "ROI",
    "sql": "SQL", "sqls": "SQLs", "utm": "UTM",
}  # fmt: skip
_PERCENT = (
    "roi",
    "roi_low",
    "roi_expected",
    "roi_high",
    "roi_bar",
    "chance",
    "ctr",
    "share",
    "share_of_spend",
    "earlier_share_of_spend",
    "wape",
    "bias",
)
_PERCENT_ENDINGS = ("_rate", "_share", "_by_amount")


def described(columns: Sequence[str], shown: str, reporting: str) -> list[dict[str, Any]]:
    """Label, kind, unit and meaning of each column of one answer, and whether it still grows.

    ``shown`` is the currency chosen to look at, ``reporting`` that of the marts. Where the answer
    has a column currency_code, amounts are as booked and that column tells in what; amounts called
    ``_base`` are in the reporting currency always. One that has visitors or dimensions is a funnel,
    which counts people at every stage. ``kind`` is text, date, instant, boolean, count,
    number, money, percent or times (how many times, as ROAS).
    """
    known = _booked() if "currency_code" in columns else _known()
    if "visitors" in columns or "dimension" in columns:
        known = {**known, **{column.name: column for column in MART_FUNNEL_MONTHLY.columns}}
    told = []
    for name in columns:
        column = known.get(name) or text(name, "")
        currency = reporting if name.endswith("_base") else shown
        told.append(
            {
                "name": name,
                "label": label(name),
                "kind": _kind(column),
                "unit": column.unit and column.unit.replace(REPORTING_CURRENCY, currency),
                "meaning": _plainly(column.meaning) or None,
                "grows": name in GROWING,
            }
        )
    return told


def label(name: str) -> str:
    """A column's name as people write it: ``won_revenue`` is Won revenue, ``cac`` is CAC."""
    words = name.removesuffix("_base").removesuffix("_code").split("_")
    spelt = [_ACRONYMS.get(word, word) for word in words]
    return " ".join([spelt[0][:1].upper() + spelt[0][1:], *spelt[1:]])


def _plainly(meaning: str) -> str:
    """A meaning for who reads no SQL."""
    return meaning.replace("empty (NULL)", "empty").replace("NULL", "empty")


def _kind(column: Column) -> str:
    name = column.name
    match column.type:
        case Type.DATE:
            return "date"
        case Type.TIMESTAMP:
            return "instant"
        case Type.BOOLEAN:
            return "boolean"
        case Type.INTEGER:
            return "count"
        case Type.TEXT:
            return "text"
    if name == "fx_rate":  # so much of one currency for one of another: no part of a whole
        return "number"
    if name in _PERCENT or name.endswith(_PERCENT_ENDINGS):
        return "percent"
    if column.unit and ("currency" in column.unit):
        return "money"
    if column.type is Type.RATIO and not column.unit:
        return "times"
    return "number"


@cache
def _known() -> dict[str, Column]:
    """The first meaning of each column; the page's own words before the contracts'."""
    return {**_of_contracts(), **{column.name: column for column in _OWN}}


@cache
def _booked() -> dict[str, Column]:
    """The same where amounts stand as they were booked: there the contracts' words hold."""
    return {**_known(), **{name: column for name, column in _of_contracts().items() if column.unit}}


def _of_contracts() -> dict[str, Column]:
    tables = (*MART_TABLES, *OPS_TABLES, V_FRESHNESS)
    every = [column for table in tables for column in table.columns]
    return {column.name: column for column in reversed(every)}
