"""A second reckoning of the page's figures: from the fact tables' rows, in Python, day by day.

It shares nothing with the page's queries and reads none of the monthly marts they stand on.
Expected rows are dicts; what is not worth saying twice (names, places in the order) is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Any

Row = dict[str, Any]
FACTS = (
    "dim_campaign",
    "fct_ad_spend_daily",
    "fct_ad_performance_daily",
    "fct_people",
    "fct_touchpoints",
    "fct_opportunities",
    "fct_attribution",
    "mart_visitors_monthly",
)
PLACES: Mapping[str, tuple[str, ...]] = {
    "total": (),
    "months": ("cohort_month",),
    "networks": ("platform",),
    "channels": ("channel",),
    "platforms": ("channel", "platform"),
    "campaigns": ("channel", "platform", "account_id", "campaign_id"),
}
STAGES = ("lead", "mql", "sql", "opportunity", "customer")


def month_of(day: date) -> date:
    return day.replace(day=1)


def months_apart(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def ratio(above: Decimal | None, below: Decimal | int | None) -> Decimal | None:
    """As the marts' ratios: to ten places first, then to six; None where undefined."""
    if above is None or not below:
        return None
    return rounded(rounded(Decimal(above) / Decimal(below), 10), 6)


def total(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, None if one of them is."""
    known = list(values)
    return None if None in known else sum((v for v in known if v is not None), Decimal(0))


class Reckoning:
    """The figures for one choice, of facts given by table."""

    def __init__(self, facts: Mapping[str, list[Row]], values: Mapping[str, Any]) -> None:
        self._facts = facts
        self.values = values
        self._deals = {row["opportunity_id"]: row for row in facts["fct_opportunities"]}
        self._touches = {row["touchpoint_id"]: row for row in facts["fct_touchpoints"]}
        self._channels = {
            (row["platform"], row["account_id"], row["campaign_id"]): row["channel"]
            for row in facts["dim_campaign"]
        }

    # What happened, each with its place and month

    def spent(self) -> list[Row]:
        """Days of spend."""
        return [
            row
            | {
                "cohort_month": month_of(row["date_day"]),
                "channel": self._channels[row["platform"], row["account_id"], row["campaign_id"]],
                "money": self._shown(row, "spend", "spend_base"),
            }
            for row in self._facts["fct_ad_spend_daily"]
        ]

    def people(self) -> list[Row]:
        """People, at their first touch."""
        return [
            row | _place(row, "first_touch_")
            for row in self._facts["fct_people"]
            if not row["is_internal"]
        ]

    def opportunities(self) -> list[Row]:
        """New-business deals, at their first touch."""
        return [
            row | _place(row, "first_touch_")
            for row in self._facts["fct_opportunities"]
            if row["type_group"] == "new_business"
        ]

    def credits(self, model: str | None = None) -> list[Row]:
        """Credits for new business by the chosen model, or another."""
        return [
            row
            | _place(row, "")
            | {
                "money": self._shown(row, "amount", "amount_base"),
                "is_customer": self._deals[row["opportunity_id"]]["is_new_customer"],
            }
            for row in self._facts["fct_attribution"]
            if row["type_group"] == "new_business"
            and row["model"] == (model or self.values["model"])
        ]

    def chosen(self, rows: Iterable[Row], month: str = "cohort_month") -> list[Row]:
        """Those within the chosen months and place."""
        return [
            row
            for row in rows
            if self.values["from_month"] <= row[month] <= self.values["to_month"]
            and all(
                self.values[name] in (None, row[name])
                for name in ("channel", "platform", "account_id", "campaign_id")
            )
        ]

    # The tables

    def returns(self, table: str) -> list[Row]:
        """A table of returns: total, months, networks, channels, platforms or campaigns."""
        names = PLACES[table]
        spent, people = self.chosen(self.spent()), self.chosen(self.people())
        deals, credits = self.chosen(self.opportunities()), self.chosen(self.credits())
        keys = {_key(row, names) for row in (*spent, *people, *deals, *credits)}
        rows = []
        for key in keys:

            def here(all_: list[Row], key: tuple[Any, ...] = key) -> list[Row]:
                return [row for row in all_ if _key(row, names) == key]

            rows.append(
                dict(zip(names, key, strict=True))
                | self._returns(here(spent), here(people), here(deals), here(credits))
                | (self._untagged(key, here(spent)) if table == "campaigns" else {})
            )
        return rows

    def _untagged(self, key: tuple[Any, ...], spent: list[Row]) -> Row:
        """Of a campaign's months with spend or clicks, those without any touch of it."""
        names = PLACES["campaigns"][1:]
        touched = {
            month_of(row["date_day"])
            for row in self._facts["fct_touchpoints"]
            if _key(row, names) == key[1:]
        }
        bare = {
            month: days
            for (month,), days in _grouped(spent, ("cohort_month",)).items()
            if month not in touched and any(row["spend"] or row["clicks"] for row in days)
        }
        return {
            "spend_without_touch_base": total(
                row["spend_base"] for days in bare.values() for row in days
            ),
            "months_without_touch": len(bare),
        }

    def _returns(
        self, spent: list[Row], people: list[Row], deals: list[Row], credits: list[Row]
    ) -> Row:
        won = [row for row in credits if row["basis"] == "won"]
        spend = total(row["money"] for row in spent)
        revenue = total(row["money"] for row in won)
        customers = rounded(sum((r["weight"] for r in won if r["is_customer"]), Decimal(0)), 4)
        is_whole = not any(self._is_other(row, "spend") for row in spent)
        is_beside = is_whole and not self._is_mixed(won)
        claims = [row for row in spent if row["reported_conversions"] is not None]
        one_network = len({row["platform"] for row in claims}) == 1
        reported = sum(row["reported_conversions"] for row in claims) if one_network else None
        whole = spend if is_whole else None
        beside = spend if is_beside else None
        return {
            "spend": spend,
            "impressions": sum(row["impressions"] for row in spent),
            "clicks": sum(row["clicks"] for row in spent),
            "reported_conversions": reported,
            "leads": len(people),
            "mqls": sum(row["is_mql"] for row in people),
            "sqls": sum(row["is_sql"] for row in people),
            "opportunities": len(deals),
            "won_deals": rounded(sum((row["weight"] for row in won), Decimal(0)), 4),
            "customers": customers,
            "won_revenue": revenue,
            "open_pipeline": total(r["money"] for r in credits if r["basis"] == "open"),
            "cpl": ratio(whole or None, len(people)),
            "cac": ratio(whole or None, customers),
            "roas": ratio(revenue, beside),
            "roi": None if revenue is None else ratio(revenue - (beside or 0), beside),
        }

    def paid(self) -> list[Row]:
        """The total of the channels in which anything was spent: one row, or none."""
        spent, credits = self.chosen(self.spent()), self.chosen(self.credits())
        channels = {row["channel"] for row in spent if row["spend"]}
        if not channels:
            return []
        spent = [row for row in spent if row["channel"] in channels]
        credits = [row for row in credits if row["channel"] in channels]
        told = self._returns(spent, [], [], credits)
        return [{name: told[name] for name in ("spend", "customers", "won_revenue", "cac", "roi")}]

    def judged(self, table: str, as_of: date) -> list[Row]:
        """Networks or channels in the last twelve months old enough, where there are as many."""
        begun = min(row["cohort_month"] for row in self.spent() if row["spend"])
        known = {row["cohort_month"] for row in (*self.spent(), *self.people(), *self.credits())}
        last = max(month for month in known if month < self._old_before(as_of))
        years, index = divmod(last.year * 12 + last.month - 1 - 11, 12)
        first = max(begun, date(years, index + 1, 1))
        months = {"from_month": first, "to_month": last}
        told = ("spend", "customers", "won_revenue", "roi")
        then = Reckoning(self._facts, {**self.values, **months})
        rows = [
            months | {name: row[name] for name in (*PLACES[table], *told)}
            for row in then.returns(table)
        ]
        if table == "networks":
            paid = {row["channel"] for row in then.chosen(then.spent()) if row["spend"]}
            won = [row for row in then.chosen(then.credits()) if row["basis"] == "won"]
            for row in rows:
                row["paid_won_revenue"] = total(
                    one["money"]
                    for one in won
                    if one["platform"] == row["platform"] and one["channel"] in paid
                )
        return rows

    def closed(self) -> list[Row]:
        """Won by the month of the close."""
        won = [
            row | {"close_month": month_of(row["close_date"])}
            for row in self.credits()
            if row["basis"] == "won"
        ]
        by_month = _grouped(self.chosen(won, "close_month"), ("close_month",))
        return [
            {
                "close_month": month,
                "deals": rounded(sum(row["weight"] for row in rows), 4),
                "won_revenue": total(row["money"] for row in rows),
            }
            for (month,), rows in by_month.items()
        ]

    def ads(self, table: str) -> list[Row]:
        """ad_groups or ads of the chosen campaign."""
        if self.values["campaign_id"] is None:
            return []
        names = ("platform", "account_id", "ad_group_id", "ad_id")[: 3 if table != "ads" else 4]
        spent = [
            row
            | {
                "cohort_month": month_of(row["date_day"]),
                "channel": self.values["channel"],
                "money": self._shown(row, "spend", "spend_base"),
            }
            for row in self._facts["fct_ad_performance_daily"]
        ]
        people = [row for row in self.people() if row["first_touchpoint_id"]]
        people = self._at_ads([row | {"touch": row["first_touchpoint_id"]} for row in people])
        won = [row for row in self.credits() if row["basis"] == "won"]
        won = self._at_ads([row | {"touch": row["touchpoint_id"]} for row in won])
        grouped = {
            kind: _grouped(self.chosen(rows), names)
            for kind, rows in (("spent", spent), ("people", people), ("won", won))
        }
        found = []
        for key in {key for each in grouped.values() for key in each}:
            bought, came, sold = (grouped[kind].get(key, []) for kind in grouped)
            spend = total(row["money"] for row in bought)
            revenue = total(row["money"] for row in sold)
            is_whole = not any(self._is_other(row, "spend") for row in bought)
            gained = None if None in (spend, revenue) else revenue - spend  # type: ignore[operator]
            found.append(
                dict(zip(names, key, strict=True))
                | {
                    "spend": spend,
                    "impressions": sum(row["impressions"] for row in bought),
                    "clicks": sum(row["clicks"] for row in bought),
                    "leads": len(came),
                    "won_deals": rounded(sum((r["weight"] for r in sold), Decimal(0)), 4),
                    "won_revenue": revenue,
                    "cpl": ratio((spend or None) if is_whole else None, len(came)),
                    "roi": ratio(gained if is_whole and not self._is_mixed(sold) else None, spend),
                }
            )
        return found

    def billed(self) -> list[Row]:
        """Spend by invoice."""
        currency = self.values["currency_code"]
        rows = [r for r in self.chosen(self.spent()) if currency in (None, r["currency_code"])]
        return [
            {
                "currency_code": code,
                "platform": platform,
                "account_id": account,
                "spend": sum(row["spend"] for row in days),
                "spend_base": total(row["spend_base"] for row in days),
            }
            for (code, platform, account), days in _grouped(
                rows, ("currency_code", "platform", "account_id")
            ).items()
        ]

    def cohorts(self, as_of: date) -> list[Row]:
        """What each cohort month cost, brought and when it broke even."""
        return [
            {name: row[name] for name in _COHORT}
            | {
                "age_days": (as_of - row["cohort_month"]).days,
                "break_even_months": self._break_even(row),
                "is_too_early": row["cohort_month"] >= limit,
            }
            for limit in [self._old_before(as_of)]
            for row in self.returns("months")
        ]

    def _break_even(self, row: Row) -> int | None:
        if row["roi"] is None or row["spend"] <= 0:
            return None
        won = self._won_of(row["cohort_month"])
        for months in sorted(won):
            if sum(total(won[each]) or 0 for each in won if each <= months) >= row["spend"]:
                return months
        return None

    def cohort_revenue(self, as_of: date) -> list[Row]:
        """The won revenue of each cohort month, month by month since, beside what the cohorts
        before it had brought at that age."""
        rows = []
        earlier: dict[int, list[tuple[Decimal, Decimal]]] = defaultdict(list)
        for cohort in sorted(self.returns("months"), key=lambda row: row["cohort_month"]):
            won = self._won_of(cohort["cohort_month"])
            last = months_apart(cohort["cohort_month"], as_of)
            for months in range(last + 1):
                so_far = total(value for each in won if each <= months for value in won[each])
                share = ratio(so_far, None if cohort["roi"] is None else cohort["spend"])
                older = list(earlier[months])
                rows.append(
                    {
                        "cohort_month": cohort["cohort_month"],
                        "months_since": months,
                        "won_revenue": total(won.get(months, [])),
                        "cumulative_won_revenue": so_far,
                        "share_of_spend": share,
                        "earlier_cohorts": len(older) if months < last else None,
                        "earlier_share_of_spend": ratio(
                            sum((each[0] for each in older), Decimal(0)),
                            sum((each[1] for each in older), Decimal(0)),
                        )
                        if months < last
                        else None,
                    }
                )
                if share is not None and so_far is not None:
                    earlier[months].append((so_far, cohort["spend"]))
        return rows

    def _won_of(self, cohort: date) -> dict[int, list[Decimal | None]]:
        """Revenue by whole months since the cohort's; what closed before it counts in it."""
        won: dict[int, list[Decimal | None]] = defaultdict(list)
        for row in self.chosen(self.credits()):
            if row["basis"] == "won" and row["cohort_month"] == cohort:
                won[max(0, months_apart(cohort, row["close_date"]))].append(row["money"])
        return won

    def typical(self) -> tuple[int, Decimal, Decimal]:
        """How many deals were measured, and the days half and nine tenths of them took."""
        days = sorted(
            row["days_touch_to_created"] + row["days_created_to_close"]
            for row in self.opportunities()
            if row["is_won"] and row["days_touch_to_created"] is not None
        )
        return len(days), _percentile(days, 5), _percentile(days, 9)

    def _old_before(self, as_of: date) -> date:
        """The month whose last people have not yet had the time that nine tenths of deals took."""
        return month_of(as_of - timedelta(days=ceil(self.typical()[2])))

    def evidence(self) -> list[Row]:
        """Which part of leads and won revenue rests on weak evidence, and which on none."""
        people = self.chosen(self.people())
        won = [row for row in self.chosen(self.credits()) if row["basis"] == "won"]
        if not people and not won:
            return []

        def is_weak(touch: str | None) -> bool:
            known = self._touches.get(touch or "unattributed")
            return known is not None and known["match_confidence"] < Decimal("0.5")

        revenue = total(row["money"] for row in won)
        firsts = [row["first_touchpoint_id"] for row in people]
        weak = [row["money"] for row in won if is_weak(row["touchpoint_id"])]
        untouched = [row["money"] for row in won if row["touchpoint_id"] == "unattributed"]
        return [
            {
                "weak_leads_share": ratio(Decimal(sum(map(is_weak, firsts))), len(firsts)),
                "untouched_leads_share": ratio(Decimal(firsts.count(None)), len(firsts)),
                "weak_won_revenue_share": ratio(total(weak), revenue),
                "untouched_won_revenue_share": ratio(total(untouched), revenue),
            }
        ]

    def comparison(self, as_of: date) -> Row:
        """What of the chosen months may be held against as many before, and why not the rest."""
        chosen = [self.values["from_month"]]
        while chosen[-1] < self.values["to_month"]:
            chosen.append(month_of(chosen[-1] + timedelta(days=31)))
        before = [month_of(chosen[0] - timedelta(days=1))]
        while len(before) < len(chosen):
            before.append(month_of(before[-1] - timedelta(days=1)))
        known = {row["cohort_month"] for row in (*self.spent(), *self.people(), *self.credits())}
        young = [month for month in chosen if month in known and month >= self._old_before(as_of)]
        hindrance = None
        if before[-1] < min(row["cohort_month"] for row in self.spent() if row["spend"]):
            hindrance = "nothing_before"
        elif as_of < month_of(chosen[-1] + timedelta(days=31)):
            hindrance = "month_not_over"
        return {
            "hindrance": hindrance,
            "growing_hindrance": hindrance or ("too_early" if young else None),
            "before_from_month": before[-1],
            "before_to_month": before[0],
            "whole_month": month_of(month_of(as_of) - timedelta(days=1)),
            "months": len(chosen),
            "young_months": len(young),
        }

    def funnel(self, table: str) -> list[Row]:
        """A table of the funnel: total, channels or months."""
        names = {"total": (), "channels": ("channel",), "months": ("cohort_month",)}[table]
        people = _grouped(self.chosen(self.people()), names)
        visitors = self._visitors(names)
        told = []
        for key in people.keys() | visitors.keys():
            row = dict(zip(names, key, strict=True)) | _funnel(people.get(key, []))
            row["visitors"] = visitors.get(key)
            row["visitor_to_lead_rate"] = ratio(Decimal(row["leads"]), row["visitors"])
            told.append(row)
        return told

    def _visitors(self, names: tuple[str, ...]) -> dict[tuple[Any, ...], int | None]:
        """Visitors of the choice, unknown where one of its months has nobody who counts them."""
        if any(self.values[name] for name in ("platform", "account_id", "campaign_id")):
            return {}
        counted = {
            (row["channel"], row["visit_month"]): row["visitors"]
            for row in self._facts["mart_visitors_monthly"]
        }
        known = {month for _, month in counted}
        cells = {(row["channel"], row["cohort_month"]) for row in self.people()} | counted.keys()
        found: dict[tuple[Any, ...], int | None] = {}
        for channel, month in sorted(cells):
            if not self.values["from_month"] <= month <= self.values["to_month"]:
                continue
            if self.values["channel"] not in (None, channel):
                continue
            cell = {"channel": channel, "cohort_month": month}
            key = tuple(cell[name] for name in names)
            before = found.get(key, 0)
            now = counted.get((channel, month), 0) if month in known else None
            found[key] = None if before is None or now is None else before + now
        return found

    def models(self, table: str, models: Iterable[str]) -> list[Row]:
        """channels or campaigns, by every model."""
        names = PLACES[table]
        credits = {model: self.chosen(self.credits(model)) for model in models}
        grouped = {model: _grouped(rows, names) for model, rows in credits.items()}
        found = []
        for key in {key for each in grouped.values() for key in each}:
            first = _won(grouped["first_touch"].get(key, []))
            for model in credits:
                rows = grouped[model].get(key, [])
                won = _won(rows)
                found.append(
                    dict(zip(names, key, strict=True))
                    | {
                        "model": model,
                        "deals": rounded(
                            sum((r["weight"] for r in rows if r["basis"] == "won"), Decimal(0)), 4
                        ),
                        "won_revenue": won,
                        "open_pipeline": total(r["money"] for r in rows if r["basis"] == "open"),
                        "first_touch_won_revenue": first,
                        "first_touch_difference": None
                        if won is None or first is None
                        else won - first,
                    }
                )
        return found

    def _shown(self, row: Row, booked: str, base: str) -> Decimal | None:
        """An amount as it is shown: 0 where it is unknown, None where it lacks a rate."""
        currency = self.values["currency_code"]
        if row[booked] is None or currency not in (None, row["currency_code"]):
            return Decimal(0)
        return row[booked] if currency else row[base]

    def _is_other(self, row: Row, booked: str) -> bool:
        """Whether it is money of another currency than the one chosen."""
        currency = self.values["currency_code"]
        return bool(currency not in (None, row["currency_code"]) and row[booked])

    def _is_mixed(self, won: list[Row]) -> bool:
        return any(self._is_other(row, "amount") for row in won)

    def _at_ads(self, rows: list[Row]) -> list[Row]:
        """Each with the ad group and ad of its touch; those of no ad campaign left out."""
        told = []
        for row in rows:
            touch = self._touches.get(row["touch"])
            if touch and touch["campaign_id"] and not touch["crm_campaign_id"]:
                told.append(row | {name: touch[name] for name in ("ad_group_id", "ad_id")})
        return told


_COHORT = (
    "cohort_month",
    "spend",
    "leads",
    "opportunities",
    "customers",
    "won_revenue",
    "open_pipeline",
    "roi",
)


def _place(row: Row, prefix: str) -> Row:
    """Where a touch stands in the marts."""
    channel, crm = row[f"{prefix}channel"], row[f"{prefix}crm_campaign_id"]
    platform = row[f"{prefix}platform"] or "unmatched"
    account = row[f"{prefix}account_id"] or "unmatched"
    campaign = row[f"{prefix}campaign_id"] or "unmatched"
    if crm:
        platform, account, campaign = "crm", "crm", crm
    if channel == "Unattributed":
        platform = account = campaign = "unattributed"
    return {
        "channel": channel,
        "platform": platform,
        "account_id": account,
        "campaign_id": campaign,
    }


def _key(row: Row, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def _grouped(rows: Iterable[Row], names: tuple[str, ...]) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[_key(row, names)].append(row)
    return groups


def _won(rows: list[Row]) -> Decimal | None:
    return total(row["money"] for row in rows if row["basis"] == "won")


def _percentile(days: list[int], tenths: int) -> Decimal:
    """Between two of them in proportion."""
    place, rest = divmod((len(days) - 1) * tenths, 10)
    after = days[min(place + 1, len(days) - 1)]
    return rounded(days[place] + Decimal(after - days[place]) * rest / 10, 1)


def _funnel(people: list[Row]) -> Row:
    reached: dict[str, Callable[[Row], Any]] = {
        "lead": lambda _: True,
        "mql": lambda row: row["is_mql"],
        "sql": lambda row: row["is_sql"],
        "opportunity": lambda row: row["opportunity_at"],
        "customer": lambda row: row["customer_at"],
    }
    counts = {stage: sum(map(bool, map(reached[stage], people))) for stage in STAGES}
    told: Row = {
        "leads": counts["lead"],
        "mqls": counts["mql"],
        "sqls": counts["sql"],
        "opportunities": counts["opportunity"],
        "customers": counts["customer"],
        "lead_to_customer_rate": ratio(Decimal(counts["customer"]), counts["lead"]),
    }
    for earlier, later in pairwise(STAGES):
        told[f"{earlier}_to_{later}_rate"] = ratio(Decimal(counts[later]), counts[earlier])
        took = [
            _whole(row[f"{later}_at"]) - _whole(row[f"{earlier}_at"])
            for row in people
            if row[f"{earlier}_at"]
            and row[f"{later}_at"]
            and row[f"{later}_at"] >= row[f"{earlier}_at"]
        ]
        told[f"median_days_{earlier}_to_{later}"] = (
            rounded(rounded(Decimal(median(map(_seconds, took))) / 86_400, 10), 4) if took else None
        )
    return told


def _whole(at: Any) -> Any:
    return at.replace(microsecond=0)


def _seconds(took: timedelta) -> int:
    return took // timedelta(seconds=1)
