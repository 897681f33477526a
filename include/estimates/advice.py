"""What to do with each campaign and channel: scale, keep, watch or pause, and how sure that is.

Judged by mature cohorts alone. What is too young to judge waits; what has spend and no tagged lead
is not judged but mended; what is judged says whether it would be judged otherwise by another model,
look-back or bar.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from include.contracts.advice_marts import MART_CAMPAIGN_ADVICE
from include.contracts.shape import Column, Type
from include.estimates.returns import Evidence, Rates, Returns, rates_of, shrunk

HEADLINE = "first_touch"
FEWEST_DEALS = 10
"""Fewer deals won from all mature spend teach nothing that one campaign could be held against."""
SCALE, KEEP, PAUSE = 0.8, 0.5, 0.1
"""Chances of a return above the bar: at least for scale, at least for keep, below for pause."""
ENOUGH = math.log(10)
"""Deals that spend at the bar would have brought: as many fail to come by chance once in ten."""
TAGGED = math.log(100)
"""Leads that spend would have brought: as many fail to come once in a hundred, or are untagged."""
OTHER_BARS = 1.5
"""The return asked for, times this and divided by it, are the bars a verdict is tried against."""

ADVICE = replace(
    MART_CAMPAIGN_ADVICE,
    schema="build",
    name="int_advice",
    grain="level and campaign or channel",
    key=("level", "platform", "account_id", "campaign_id", "channel"),
    columns=(
        Column("level", Type.TEXT, "campaign or channel", is_required=True),
        *MART_CAMPAIGN_ADVICE.columns,
    ),
)


@dataclass(slots=True)
class _Place:
    """A campaign or a channel: what it cost, and what each variant says it brought."""

    cost: Mapping[str, Any]
    by_variant: dict[str, Evidence] = field(default_factory=dict)
    revenue: Decimal = Decimal(0)
    named_share: float = 1.0
    """Of its channel's leads, those whose campaign is known: the others may be its own."""

    def evidence(self, variant: str) -> Evidence:
        return self.by_variant.get(
            variant, Evidence(float(self.cost["mature_spend"]), float(self.cost["leads"]))
        )


def advice(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of ADVICE from what sql/estimates/int_advice.sql selects."""
    by_kind = defaultdict(list)
    for row in rows:
        by_kind[row["row_kind"]].append(row)
    if not by_kind["as_of"]:
        return []
    as_of = by_kind["as_of"][0]
    places = {_key(row): _Place(row) for row in by_kind["cost"]}
    variants = {HEADLINE}
    for row in by_kind["credit"]:
        variants.add(row["variant"])
        if (place := places.get(_key(row))) is not None:
            without = Evidence(float(place.cost["mature_spend"]), float(place.cost["leads"]))
            place.by_variant[row["variant"]] = replace(
                without,
                deals=float(row["won_deals"]),
                logs=float(row["log_amounts"]),
                log_squares=float(row["log_squares"]),
            )
            if row["variant"] == HEADLINE:
                place.revenue = row["won_revenue"]
    everything = sorted(places.items())
    levels = {
        level: [place for key, place in everything if key[0] == level]
        for level in ("campaign", "channel")
    }
    _name_shares(levels["campaign"], levels["channel"])
    pools = {
        variant: _pools(levels["campaign"], levels["channel"], variant) for variant in variants
    }
    others = sorted(variants - {HEADLINE})
    return [_told(place, pools, others, as_of) for _, place in everything]


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["level"] == "channel":
        return "channel", row["channel"], "", ""
    return "campaign", row["platform"], row["account_id"], row["campaign_id"]


def _name_shares(campaigns: Sequence[_Place], channels: Sequence[_Place]) -> None:
    named: dict[str, float] = defaultdict(float)
    for campaign in campaigns:
        named[campaign.cost["channel"]] += float(campaign.cost["leads"])
    of = {channel.cost["channel"]: float(channel.cost["leads"]) for channel in channels}
    for campaign in campaigns:
        name = campaign.cost["channel"]
        if named[name] < of.get(name, 0.0):
            campaign.named_share = named[name] / of[name]


@dataclass(frozen=True, slots=True)
class _Pools:
    """All channels with spend, and each channel's campaigns on each network."""

    company: Evidence
    neighbours: Mapping[tuple[str, str], Evidence]

    def rates_without(self, place: _Place, variant: str) -> Rates | None:
        """What the others show: of its channel and network, held against the whole company."""
        own = place.evidence(variant)
        company = rates_of(self.company.less(own)) or rates_of(self.company)
        if company is None or place.cost["level"] == "channel":
            return company
        neighbours = self.neighbours[place.cost["channel"], place.cost["platform"]]
        return shrunk(neighbours.less(own), company)


def _pools(campaigns: Sequence[_Place], channels: Sequence[_Place], variant: str) -> _Pools:
    company = Evidence()
    for channel in channels:
        company = company.plus(channel.evidence(variant))
    neighbours: dict[tuple[str, str], Evidence] = defaultdict(Evidence)
    for place in campaigns:
        name = (place.cost["channel"], place.cost["platform"])
        neighbours[name] = neighbours[name].plus(place.evidence(variant))
    return _Pools(company, neighbours)


def _told(
    place: _Place, pools: Mapping[str, _Pools], others: Sequence[str], as_of: Mapping[str, Any]
) -> dict[str, Any]:
    cost, bar = place.cost, float(as_of["roi_bar"])
    row: dict[str, Any] = {
        name: cost[name]
        for name in (
            "level", "platform", "account_id", "campaign_id", "campaign_name", "channel",
            "months_of_spend", "untagged_months", "leads", "is_running",
        )
    } | {
        "platform": cost["platform"] or "",
        "account_id": cost["account_id"] or "",
        "campaign_id": cost["campaign_id"] or "",
        "mature_before": as_of["mature_before_month"],
        "spend_base": cost["mature_spend"],
        "young_spend_base": cost["young_spend"],
        "won_deals": place.evidence(HEADLINE).deals,
        "won_revenue_base": place.revenue,
        "roi": None, "roi_low": None, "roi_expected": None, "roi_high": None, "chance": None,
        "roi_bar": as_of["roi_bar"],
        "flips": None,
    }  # fmt: skip
    if cost["mature_spend"] > 0:
        row["roi"] = float(place.revenue) / float(cost["mature_spend"]) - 1
    reason = _no_judgement(place, pools[HEADLINE], as_of)
    rates = None if reason else pools[HEADLINE].rates_without(place, HEADLINE)
    if reason is None and rates is not None:
        returns = Returns(place.evidence(HEADLINE), rates)
        chance = returns.chance_above(1 + bar)
        low, middle, high = (returns.quantile(each) - 1 for each in (0.1, 0.5, 0.9))
        row |= {"roi_low": low, "roi_expected": middle, "roi_high": high, "chance": chance}
        verdict = _verdict(place, HEADLINE, returns, chance, bar)
        if verdict in ("watch", "pause") and (reason := _untagged(place, rates)) is not None:
            verdict = "mend the tags"
            row |= dict.fromkeys(("roi_low", "roi_expected", "roi_high", "chance"))
        else:
            reason = _sentence(row, verdict, place, returns, as_of)
            row["flips"] = "; ".join(_flips(place, pools, others, bar, verdict)) or None
    else:
        is_untagged = reason is not None and reason.startswith("Mend")
        verdict = "mend the tags" if is_untagged else "wait"
    return _rounded(row | {"verdict": verdict, "sentence": reason})


def _no_judgement(place: _Place, pools: _Pools, as_of: Mapping[str, Any]) -> str | None:
    """Why nothing can be said of it yet; None where something can."""
    cost = place.cost
    if cost["level"] == "campaign" and cost["untagged_months"] >= cost["months_of_spend"]:
        if cost["months_of_spend"] > 1:
            return (
                f"Mend the tags: {cost['months_of_spend']} months of spend, and no visitor of any "
                "of them is known to have come through it. It cannot be judged before its links "
                "carry its name or id."
            )
        return "Wait: one month of spend, and no visitor is known to have come through it yet."
    won = pools.company.deals
    if won < FEWEST_DEALS:
        return (
            f"Wait: all spend old enough to judge has brought {_counted(won, 'deal')}; fewer than "
            f"{FEWEST_DEALS} are too few to advise on anything."
        )
    if cost["mature_spend"] <= 0:
        return (
            f"Wait: none of its spend is old enough to judge. Nine in ten deals are won within "
            f"{as_of['mature_after_days']} days; what came before "
            f"{as_of['mature_before_month']} can be judged."
        )
    return None


def _untagged(place: _Place, rates: Rates) -> str | None:
    """That months of its spend have so little to show that their tags must be at fault."""
    cost = place.cost
    if cost["level"] == "channel" or not cost["untagged_months"]:
        return None
    tagged_spend = float(cost["mature_spend"]) - float(cost["untagged_spend"])
    own = cost["leads"] / tagged_spend if tagged_spend > 0 and cost["leads"] else None
    expected = float(cost["untagged_spend"]) * (own or rates.leads_per_spend)
    if expected < TAGGED:
        return None
    return (
        f"Mend the tags: {cost['untagged_months']} of {cost['months_of_spend']} months of spend "
        f"have no visitor, where about {expected:.0f} leads would have been usual. It looks worse "
        "than it is, and is judged once its links carry its name or id."
    )


def _verdict(place: _Place, variant: str, returns: Returns, chance: float, bar: float) -> str:
    own = place.evidence(variant)
    if chance >= SCALE and own.deals >= 1:
        return "scale"
    if chance >= KEEP:
        return "keep"
    is_sure = chance < PAUSE and _is_proof(own, returns, bar)
    return "pause" if is_sure and _is_so_with_the_unnamed(place, returns, bar) else "watch"


def _is_proof(own: Evidence, returns: Returns, bar: float) -> bool:
    """Too little spent to have shown a deal even at the bar is no reason to pause."""
    return own.spend * (1 + bar) / returns.value >= ENOUGH


def _is_so_with_the_unnamed(place: _Place, returns: Returns, bar: float) -> bool:
    """It would be unlikely to reach the bar with its part of the leads that name no campaign, too:
    as many to each of its own as in the whole channel."""
    return place.named_share > 0 and returns.chance_above((1 + bar) * place.named_share) < PAUSE


def _flips(
    place: _Place, pools: Mapping[str, _Pools], others: Sequence[str], bar: float, verdict: str
) -> Iterator[str]:
    """What would be advised otherwise under another model, look-back or bar."""
    tried = [(variant, variant, bar) for variant in others]
    for other in ((1 + bar) / OTHER_BARS - 1, (1 + bar) * OTHER_BARS - 1):
        tried.append((f"a return of {100 * other:.0f} % asked", HEADLINE, other))
    for name, variant, tried_bar in tried:
        rates = pools[variant].rates_without(place, variant)
        if rates is None:
            continue
        returns = Returns(place.evidence(variant), rates)
        chance = returns.chance_above(1 + tried_bar)
        found = _verdict(place, variant, returns, chance, tried_bar)
        if found != verdict:
            yield f"{name}: {found}"


_BEGINS = {"scale": "Scale", "keep": "Keep", "watch": "Watch", "pause": "Pause"}


def _sentence(
    row: Mapping[str, Any],
    verdict: str,
    place: _Place,
    returns: Returns,
    as_of: Mapping[str, Any],
) -> str:
    currency = as_of["currency_code"]
    spent, won, young = (
        f"{float(row[name]):,.0f} {currency}"
        for name in ("spend_base", "won_revenue_base", "young_spend_base")
    )
    bar, low, high, chance = (
        f"{100 * float(row[name]):.0f} %" for name in ("roi_bar", "roi_low", "roi_high", "chance")
    )
    others = "the rest of its channel" if row["level"] == "campaign" else "the other channels"
    more = ""
    if verdict == "watch" and row["chance"] < PAUSE:
        more = " Too little was spent to take that for proof."
        if _is_proof(place.evidence(HEADLINE), returns, float(as_of["roi_bar"])):
            more = (
                f" Of its channel's leads {100 * place.named_share:.0f} % name their campaign: "
                "with its part of the others it may reach that."
            )
    if row["young_spend_base"]:
        more += f" {young} of later spend are too young to judge."
    return (
        f"{_BEGINS[verdict]}: {chance} likely to return more than {bar}. {spent} spent before "
        f"{as_of['mature_before_month']} brought {_counted(row['leads'], 'lead')} and "
        f"{_counted(row['won_deals'], 'deal')} worth {won}. Weighed with what {others} brought, "
        f"its return lies between {low} and {high} in four cases of five.{more}"
    )


def _counted(count: float, what: str) -> str:
    return f"{count:.0f} {what}" if round(count) == 1 else f"{count:.0f} {what}s"


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """To what the contract keeps, in the contract's columns."""
    for name in ("roi", "roi_low", "roi_expected", "roi_high", "chance", "won_deals"):
        if row[name] is not None:
            row[name] = _decimal(row[name], 6)
    row["won_revenue_base"] = _decimal(row["won_revenue_base"], 2)
    return {name: row[name] for name in ADVICE.column_names}


def _decimal(value: float | Decimal, places: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
