"""What was advised of an invented company's campaigns, held against what its truth expects of them.

Rows as ``sql/estimates/int_advice.sql`` gives them, by the first touch alone, made from the truth
at the clock.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

from scipy.stats import poisson

from include.estimates.advice import HEADLINE, advice
from include.sandbox.generator.frame import PER_EURO
from tests.bench.companies import CLOCK, Company, Row, month_of
from tests.bench.decisions import AS_OF, mature_before, mature_from, mature_wins

Sums = Counter[str]
Place = tuple[str, ...]
"""A campaign (platform, account, campaign), or a channel."""
BARS = (0, 1, 3)
"""Returns asked for: the spend once, twice and four times over."""
LEVEL, POWER = 0.1, 0.8
"""Enough evidence: who knew what a deal is worth, and called a campaign poor that brings so few
deals as one at the bar does less than once in ten times, would find it out four times in five."""


def _campaign(line: Row) -> Place:
    return line["platform"], line["account_id"], line["campaign_id"]


def _spend(company: Company) -> dict[Place, dict[date, float]]:
    """Euros by campaign and day before the clock, as known in the end."""
    found: dict[Place, dict[date, float]] = defaultdict(dict)
    for line in company.lines("truth/spend"):
        day = date.fromisoformat(line["date"])
        if day < AS_OF and float(line["spend"]):
            found[_campaign(line)][day] = float(line["spend"]) / PER_EURO[line["currency"]]
    return found


def _touched(company: Company) -> Counter[tuple[Place, date]]:
    """People by the campaign and by the channel of their first touch, and its month."""
    found: Counter[tuple[Place, date]] = Counter()
    for line in company.lines("truth/people"):
        first = line["expected"]
        if line["is_internal"] or line["is_deleted"] or not first["at"]:
            continue
        at = datetime.fromisoformat(first["at"])
        if at < CLOCK:
            found[_campaign(first), month_of(at)] += 1
            found[(first["channel"],), month_of(at)] += 1
    return found


def advice_rows(company: Company) -> list[Row]:
    """What advice learns from at the clock."""
    before = mature_before(company)
    if before is None:
        return []
    told: list[Row] = [
        {
            "row_kind": "as_of", "currency_code": "EUR", "mature_before_month": before,
            "mature_after_days": (AS_OF - before).days, "roi_bar": Decimal(0),
        }
    ]  # fmt: skip
    channels = {_campaign(line): line["channel"] for line in company.lines("truth/campaigns")}
    touched, spend = _touched(company), _spend(company)
    costs: dict[Place, Row] = {}
    for place, days in sorted(spend.items()):
        if place not in channels:
            continue
        months: dict[date, float] = defaultdict(float)
        for day, euros in days.items():
            months[day.replace(day=1)] += euros
        bare = {month: euros for month, euros in months.items() if not touched[place, month]}
        for key in (place, (channels[place],)):
            cost = costs.setdefault(key, _empty(key, channels[place]))
            cost["mature_spend"] += _within(months, before)
            cost["young_spend"] += sum(e for month, e in months.items() if month >= before)
            cost["months_of_spend"] = max(cost["months_of_spend"], len(months))
            cost["is_running"] |= max(days) >= AS_OF - timedelta(days=30)
        costs[place] |= {"untagged_months": len(bare), "untagged_spend": _within(bare, before)}
    for key, cost in costs.items():
        cost["leads"] = sum(
            number
            for (place, month), number in touched.items()
            if place == key and mature_from(before) <= month < before
        )
    first = {
        line["opportunity_id"]: _campaign(line["expected"])
        for line in company.lines("truth/opportunities")
    }
    amounts: dict[Place, list[float]] = defaultdict(list)
    for deal in mature_wins(company, before):
        amounts[first[deal.opportunity_id]].append(float(deal.amount))
        amounts[(deal.channel,)].append(float(deal.amount))
    for key, cost in costs.items():
        told.append(cost)
        logs = [math.log(amount) for amount in amounts[key]]
        told.append(
            {**cost, "row_kind": "credit", "variant": HEADLINE, "won_deals": len(logs),
             "won_revenue": Decimal(f"{sum(amounts[key]):.2f}"), "log_amounts": sum(logs),
             "log_squares": sum(log * log for log in logs)}
        )  # fmt: skip
    return told


def _within(months: dict[date, float], before: date) -> float:
    return sum(euros for month, euros in months.items() if mature_from(before) <= month < before)


def _empty(key: Place, channel: str) -> Row:
    is_campaign = len(key) == 3
    platform, account_id, campaign_id = key if is_campaign else (None, None, None)
    return {
        "row_kind": "cost", "level": "campaign" if is_campaign else "channel", "channel": channel,
        "platform": platform, "account_id": account_id, "campaign_id": campaign_id,
        "campaign_name": campaign_id, "months_of_spend": 0, "untagged_months": 0,
        "untagged_spend": 0.0, "leads": 0, "mature_spend": 0.0, "young_spend": 0.0,
        "is_running": False,
    }  # fmt: skip


def advised(company: Company) -> Sums:
    """Of campaigns truly above a bar and truly below half of it: how many are told to pause."""
    before = mature_before(company)
    if before is None:
        return Sums()
    expected: dict[Place, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for line in company.lines("truth/campaigns"):
        month = date.fromisoformat(f"{line['month']}-01")
        if mature_from(before) <= month < before:
            for place, name in enumerate(("spend_eur", "revenue_eur", "customers")):
                expected[_campaign(line)][place] += float(line[name])
    rows, sums = advice_rows(company), Sums()
    named = _named_shares(rows)
    for bar in BARS:
        asked = [{**row, "roi_bar": Decimal(bar)} if "roi_bar" in row else row for row in rows]
        for row in advice(asked):
            if row["level"] == "campaign":
                sums.update(_judged(row, bar, named[row["channel"]], *expected[_campaign(row)]))
    return sums


def _judged(
    row: Row, bar: float, named: float, spend: float, revenue: float, customers: float
) -> Sums:
    """A campaign's advice beside what its spend was to bring in truth."""
    is_paused = row["verdict"] == "pause"
    if row["spend_base"] <= 0:
        return Sums({"young": 1, "young paused": is_paused})
    if row["verdict"] == "mend the tags":
        return Sums({"not judged": 1})
    wanted = spend * (1 + bar)
    if revenue > wanted:
        return Sums({"above": 1, "above paused": is_paused})
    if revenue >= wanted / 2 or not customers:
        return Sums()
    sums = Sums({"below": 1, "below paused": is_paused})
    # Evidence is what is known to be of it: leads that name no campaign are of none.
    at_bar = wanted * customers / revenue * named
    few = _too_few(at_bar)
    if float(poisson.cdf(few, at_bar * revenue / wanted)) >= POWER:
        plain = row["won_deals"] <= few
        sums.update({"seen": 1, "seen paused": is_paused, "seen too few": plain})
    return sums


def _too_few(mean: float) -> int:
    """The most deals that fewer than LEVEL of campaigns at the bar bring; below 0 where none is."""
    return int(poisson.ppf(LEVEL, mean)) - 1


def _named_shares(rows: list[Row]) -> dict[str, float]:
    """By channel with spend: of its leads those that name a campaign."""
    named, every = Counter[str](), Counter[str]()
    for row in rows:
        if row["row_kind"] == "cost":
            (named if row["level"] == "campaign" else every)[row["channel"]] += row["leads"]
    return {channel: named[channel] / max(leads, 1) for channel, leads in every.items()}
