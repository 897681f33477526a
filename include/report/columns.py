"""What the page and its exports call a column, in which unit, and how it is shown."""

from __future__ import annotations

from functools import cache

from include.contracts.mart_columns import number, ratio, text
from include.contracts.marts import MART_TABLES
from include.contracts.ops import OPS_TABLES, V_FRESHNESS
from include.contracts.shape import Column, Type

REPORTING_CURRENCY = "reporting currency"

_OWN = (
    Column("spend", Type.AD_MONEY, "Spend in the currency shown", unit=REPORTING_CURRENCY),
    Column("won_revenue", Type.CRM_MONEY, "Revenue credited", unit=REPORTING_CURRENCY),
    Column("open_pipeline", Type.CRM_MONEY, "Open pipeline credited", unit=REPORTING_CURRENCY),
    Column("won_deals", Type.NUMBER, "Deals won, each with the part credited", unit="deals"),
    Column("customers", Type.NUMBER, "New customers, each with the part credited", unit="companies"),
    number("rows", "Rows"),
    ratio("share", "Part of the whole"),
    text("level", "What the row stands for"),
)
_ACRONYMS = {
    "cac": "CAC", "cpc": "CPC", "cpl": "CPL", "cpm": "CPM", "crm": "CRM", "ctr": "CTR",
    "fx": "FX", "id": "ID", "mql": "MQL", "mqls": "MQLs", "roas": "ROAS", "roi": "ROI",
    "sql": "SQL", "sqls": "SQLs", "utm": "UTM",
}  # fmt: skip
_PERCENT = ("roi", "ctr", "share")
_PERCENT_ENDINGS = ("_rate", "_share", "_by_amount")


def described(name: str, currency_code: str) -> dict[str, str | None]:
    """Label, kind, unit and meaning of a column of an answer, money in ``currency_code``.

    ``kind`` is text, date, instant, boolean, count, number, money, percent or times (how many
    times, as ROAS).
    """
    column = _known().get(name) or text(name, "")
    unit = column.unit
    if unit and REPORTING_CURRENCY in unit:
        unit = unit.replace(REPORTING_CURRENCY, currency_code)
    return {
        "name": name,
        "label": label(name),
        "kind": _kind(column),
        "unit": unit,
        "meaning": column.meaning or None,
    }


def label(name: str) -> str:
    """A column's name as people write it: ``won_revenue`` is Won revenue, ``cac`` is CAC."""
    words = name.removesuffix("_base").removesuffix("_code").split("_")
    spelt = [_ACRONYMS.get(word, word) for word in words]
    return " ".join([spelt[0][:1].upper() + spelt[0][1:], *spelt[1:]])


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
    tables = (*MART_TABLES, *OPS_TABLES, V_FRESHNESS)
    every = [column for table in tables for column in table.columns]
    return {column.name: column for column in (*reversed(every), *_OWN)}
