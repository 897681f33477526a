"""What a month's spend brought since: per campaign and per channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.opinion.money import rounded, shared_out
from tests.opinion.opinion import Opinion
from tests.opinion.touchpoints import Touch
from tests.opinion.world import Row, Rows

MEASURES = (
    "impressions",
    "clicks",
    "leads",
    "mqls",
    "sqls",
    "opportunities",
    "won_deals",
    "lost_deals",
    "customers",
    "won_revenue_base",
    "open_pipeline_base",
    "lost_amount_base",
)


@dataclass(frozen=True)
class Happening:
    """Something to be counted: where, in which cohort, and what it adds."""

    home: tuple[str, str, str]
    channel: str
    month: date
    adds: dict[str, Any]


def happenings(opinion: Opinion) -> Iterator[Happening]:
    """Spend, people and new-business deals."""
    yield from _spend(opinion)
    for person in opinion.people.all:
        if person.is_internal:
            continue
        first = opinion.first_touch(person)
        adds = {
            "leads": 1,
            "mqls": int(person.stages["mql"].reached),
            "sqls": int(person.stages["sql"].reached),
        }
        month = opinion.world.month(first.touched_at if first else person.lead_at)
        yield Happening(_home(first), _channel(first), month, adds)
    for deal in opinion.deals.all:
        if deal.type_group != "new_business":
            continue
        first = opinion.first_touch_of(deal)
        month = opinion.world.month(first.touched_at if first else deal.created_at)
        base = Decimal(0) if deal.amount is None else deal.amount_base
        adds = {
            "opportunities": 1,
            "won_deals": int(deal.outcome == "won"),
            "lost_deals": int(deal.outcome == "lost"),
            "customers": int(deal.is_new_customer),
            "won_revenue_base": base if deal.outcome == "won" else 0,
            "open_pipeline_base": base if deal.outcome == "open" else 0,
            "lost_amount_base": base if deal.outcome == "lost" else 0,
        }
        yield Happening(_home(first), _channel(first), month, adds)


def _home(touch: Touch | None) -> tuple[str, str, str]:
    if touch is None:
        return ("unattributed",) * 3
    platform, account_id, campaign_id, crm_campaign_id = touch.home
    if crm_campaign_id is not None:
        return "crm", "crm", crm_campaign_id
    return platform or "unmatched", account_id or "unmatched", campaign_id or "unmatched"


def _channel(touch: Touch | None) -> str:
    return touch.match.channel if touch else "Unattributed"


def _spend(opinion: Opinion) -> Iterator[Happening]:
    for row in (*opinion.world.rows("stg_campaign_daily"), *_by_hand(opinion)):
        home = row["platform"], row["account_id"], row["campaign_id"]
        found = opinion.rates.of(row["currency_code"], row["date_day"])
        spend_base = None if found is None else found.of(row["spend"], 6)
        adds = {
            "spend_base": spend_base,
            "impressions": row["impressions"],
            "clicks": row["clicks"],
        }
        month = row["date_day"].replace(day=1)
        yield Happening(home, opinion.campaigns.channel(home), month, adds)


def _by_hand(opinion: Opinion) -> Iterator[Row]:
    """Invoices spread over their days in the smallest unit of their currency."""
    digits = {
        row["currency_code"]: -row["smallest_unit"].normalize().as_tuple().exponent
        for row in opinion.world.rows("stg_currencies")
    }
    for row in opinion.world.rows("seed_manual_spend"):
        unit = digits[row["currency_code"]]
        count = (row["last_day"] - row["first_day"]).days + 1
        parts = shared_out(int(row["amount"].scaleb(unit)), [1] * count)
        for n, part in enumerate(parts):
            day = row["first_day"] + timedelta(n)
            if day <= opinion.world.as_of_day:
                yield {
                    "platform": row["platform"],
                    "account_id": "manual",
                    "campaign_id": row["campaign_name"],
                    "currency_code": row["currency_code"],
                    "date_day": day,
                    "spend": Decimal(part).scaleb(-unit),
                    "impressions": 0,
                    "clicks": 0,
                }


def mart_campaign_roi_monthly(opinions: Sequence[Opinion]) -> Rows:
    """One row per campaign and cohort month, of worlds that stand in one warehouse."""
    groups: dict[tuple[Any, ...], list[Happening]] = {}
    for each in (each for opinion in opinions for each in happenings(opinion)):
        groups.setdefault((*each.home, each.month), []).append(each)
    names = ("platform", "account_id", "campaign_id", "cohort_month")
    return [
        dict(zip(names, group, strict=True)) | _measured(opinions[0], group[-1], found)
        for group, found in groups.items()
    ]


def mart_channel_roi_monthly(opinions: Sequence[Opinion]) -> Rows:
    """One row per channel and cohort month, of worlds that stand in one warehouse."""
    groups: dict[tuple[str, date], list[Happening]] = {}
    for each in (each for opinion in opinions for each in happenings(opinion)):
        groups.setdefault((each.channel, each.month), []).append(each)
    return [
        {"channel": channel, "cohort_month": month} | _measured(opinions[0], month, found)
        for (channel, month), found in groups.items()
    ]


def _measured(opinion: Opinion, month: date, found: list[Happening]) -> Row:
    spends = [each.adds["spend_base"] for each in found if "spend_base" in each.adds]
    spend = None if None in spends else sum(spends, Decimal(0))
    total = {name: _sum([each.adds.get(name, 0) for each in found]) for name in MEASURES}
    revenue, decided = total["won_revenue_base"], total["won_deals"] + total["lost_deals"]
    lost = total["lost_amount_base"]
    at_stake = None if revenue is None or lost is None else revenue + lost
    gained = None if spend is None or revenue is None else revenue - spend
    return {
        "spend_base": spend,
        **total,
        "ctr": _ratio(total["clicks"], total["impressions"]),
        "cpc": _ratio(spend, total["clicks"]),
        "cpm": _ratio(None if spend is None else 1000 * spend, total["impressions"]),
        "cpl": _ratio(spend, total["leads"]),
        "cost_per_mql": _ratio(spend, total["mqls"]),
        "cost_per_sql": _ratio(spend, total["sqls"]),
        "cost_per_opportunity": _ratio(spend, total["opportunities"]),
        "cac": _ratio(spend, total["customers"]),
        "roas": _ratio(revenue, spend),
        "roi": _ratio(gained, spend),
        "pipeline_per_spend": _ratio(total["open_pipeline_base"], spend),
        "win_rate": _ratio(total["won_deals"], decided),
        "win_rate_by_amount": _ratio(revenue, at_stake),
        "age_days": (opinion.world.as_of_day - month).days,
    }


def _sum(parts: list[Any]) -> Any:
    """A sum; unknown if a part of it is, as a base amount without a rate."""
    return None if None in parts else sum(parts)


def _ratio(part: Decimal | int | None, whole: Decimal | int | None) -> Decimal | None:
    if part is None or not whole:
        return None
    return rounded(Fraction(part) / Fraction(whole), 6)
