"""What the page must show, asked in SQL of the fact tables as published; and choices to try it by.

It shares nothing with the page's queries, and where the page reads a monthly mart this reads the
rows it is made of. Ratios are made here, of the sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from include.contracts.choices import ATTRIBUTION_MODELS, CHANNELS
from include.report import parameters
from tests.report import ahead_by_sql, statements
from tests.report.expected import Expected, Shown
from tests.report.reckoning import PLACES, STAGES, Row, ratio, rounded

VIEWS = (
    "overview",
    "channels",
    "cohorts",
    "funnel",
    "audience",
    "goals",
    "advice",
    "budget",
    "forecast",
    "models",
    "journeys",
    "health",
    "unplaced",
)
FILTERS = ("channel", "platform", "account_id", "campaign_id")
_TYPES = {"from_month": "date", "to_month": "date"}
LISTED = 200
"""How many rows of a long list the page shows."""
_RETURNS = ("spend", "leads", "mqls", "opportunities", "customers", "won_revenue", "open_pipeline")
_COSTS = ("cpl", "cac", "roas", "roi")
_MODEL = ("first_touch_won_revenue", "won_revenue", "first_touch_difference", "deals")

_LEVELS = {
    "total": 0b11111,
    "months": 0b01111,
    "networks": 0b11011,
    "channels": 0b10111,
    "platforms": 0b10011,
    "campaigns": 0b10000,
}
"""Which of month, channel, platform, account and campaign a level does not tell apart, as bits."""
_FUNNEL_LEVELS = {"total": 0b11, "channels": 0b01, "months": 0b10}


class Marts:
    """The published marts of one build, asked by themselves."""

    def __init__(self, folder: Path) -> None:
        self._engine = duckdb.connect()
        for name in ("marts", "ops"):
            self._engine.execute(f"attach '{folder / name}.duckdb' as {name} (read_only)")
        (found,) = self.rows("select as_of_at from marts.build_info")
        self.as_of = found["as_of_at"].date()
        (spent,) = self.rows(
            "select date_trunc('month', min(date_day))::date as first_month"
            " from marts.fct_ad_spend_daily where spend <> 0"
        )
        self.first_month = spent["first_month"]
        self.choose({})
        self._engine.execute(statements.SET_UP)
        self._is_whole = False
        self._given: dict[str, str] = {}
        self.split = ("same budget", 50)
        """The budget and the bound that the reader looks at: no choice of the address."""

    def rows(self, sql: str, **bound: Any) -> list[Row]:
        """The rows of a query, each a dict."""
        answer = self._engine.execute(sql, bound)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    @property
    def _listed(self) -> int:
        return 10**9 if self._is_whole else LISTED

    def choose(self, given: dict[str, str], *, is_to_day: bool = False) -> dict[str, Any]:
        """Make the choice the one that is asked about; what it comes to."""
        values = parameters.chosen(given, self.as_of, self.first_month, is_to_day=is_to_day)
        columns = ", ".join(f"cast(${n} as {_TYPES.get(n, 'text')}) as {n}" for n in values)
        self._engine.execute(f"create or replace table chosen as select {columns}", values)
        return values

    def shown(self, view: str, given: dict[str, str], *, is_whole: bool = False) -> Shown:
        """What the view must show for the choice; ``is_whole``: what its CSV files must hold."""
        self._given = given
        values = self.choose(given, is_to_day=view in ("audience", "health"))
        self._is_whole = is_whole
        made: Callable[[dict[str, Any]], Shown] = getattr(self, f"_{view}")
        return made(values)

    def returned(self) -> dict[str, list[Row]]:
        """The returns of the choice at every level."""
        rows = self.rows(statements.RETURNED)
        for row in rows:
            whole = None if row["is_other_spend"] else row["spend"]
            beside = None if row["is_other_revenue"] else whole
            won = row["won_revenue"]
            row["customers"] = rounded(Decimal(row["customers"]), 4)
            row["cpl"] = ratio(whole or None, row["leads"])
            row["cac"] = ratio(whole or None, row["customers"])
            row["roas"] = ratio(won, beside)
            row["roi"] = None if won is None else ratio(won - (beside or 0), beside)
        return {
            table: [row for row in rows if row["level"] == bits] for table, bits in _LEVELS.items()
        }

    def _overview(self, values: dict[str, Any]) -> Shown:
        told = self.returned()
        figures = (*_RETURNS, *_COSTS[:2], "roi")
        judged = ("spend", "customers", "won_revenue", "paid_won_revenue", "roi")
        tables = [
            Expected("networks", figures, told["networks"]),
            Expected("channels", figures, told["channels"]),
        ]
        if old := self._judged(values):
            tables.append(Expected("judged_networks", judged, old))
        tables.append(Expected("months", (*_RETURNS[:2], *_RETURNS[3:], "roi"), told["months"]))
        if not told["total"]:
            return Shown([], {})
        closed = self.rows(statements.CLOSED)
        tables.append(Expected("closed", ("close_month", "deals", "won_revenue"), closed))
        (total,) = told["total"]
        tiles = {("total", name): total[name] for name in (*_RETURNS, "cac", "roi")}
        paid = [row for row in told["channels"] if row["is_paid"]]
        spend = _sum(row["spend"] for row in paid)
        won = _sum(row["won_revenue"] for row in paid)
        is_whole = not any(row["is_other_spend"] for row in paid)
        is_beside = is_whole and not any(row["is_other_revenue"] for row in paid)
        customers = rounded(Decimal(_sum(row["customers"] for row in paid) or 0), 4)
        tiles["paid", "cac"] = ratio(spend or None if is_whole else None, customers)
        gained = None if spend is None or won is None else won - spend
        tiles["paid", "roi"] = ratio(gained, spend) if is_beside else None
        return Shown(tables, tiles)

    def _judged(self, values: dict[str, Any]) -> list[Row]:
        """What networks returned in the last months old enough, where some chosen are not."""
        young, last = self.rows(
            """
            select
                count(*) filter (
                    is_too_early and cohort_month between $from_month and $to_month
                ) as young,
                max(cohort_month) filter (not is_too_early) as last
            from marts.mart_cohort_outlook
            """,
            from_month=values["from_month"],
            to_month=values["to_month"],
        )[0].values()
        if not young or last is None:
            return []
        first = max(parameters.months_later(last, -11), self.first_month)
        self.choose(self._given | {"from_month": f"{first:%Y-%m}", "to_month": f"{last:%Y-%m}"})
        told = self.returned()
        self.choose(self._given)
        paid = {row["channel"] for row in told["channels"] if row["is_paid"]}
        for row in told["networks"]:
            places = [one for one in told["platforms"] if one["platform"] == row["platform"]]
            of_paid = (one["won_revenue"] for one in places if one["channel"] in paid)
            row["paid_won_revenue"] = None if row["won_revenue"] is None else _sum(of_paid)
        return told["networks"]

    def _channels(self, values: dict[str, Any]) -> Shown:
        told = self.returned()
        if not told["total"]:
            return Shown([], {})
        figures = (*_RETURNS, *_COSTS)
        campaigns = (*figures, "reported_conversions")
        tables = [Expected("campaigns", campaigns, told["campaigns"])]
        if values["campaign_id"]:
            ads = self.rows(statements.ADS)
            names = ("spend", "impressions", "clicks", "leads", "won_deals", "won_revenue")
            for name, level in (("ad_groups", 1), ("ads", 0)):
                tables.append(Expected(name, names, [row for row in ads if row["level"] == level]))
            days = ("date_day", "spend", "spend_base", "impressions", "clicks")
            tables.append(Expected("days", days, self.rows(statements.DAYS)))
            return Shown(tables, {})
        tables.append(Expected("billed", ("spend", "spend_base"), self.rows(statements.BILLED)))
        place = "platforms" if values["channel"] or values["platform"] else "networks"
        tables.append(Expected(place, figures, told[place]))
        if not values["channel"]:
            names = (*_RETURNS, *_COSTS[:2], "roi")
            tables.append(Expected("channels", names, told["channels"]))
        return Shown(tables, {})

    def _cohorts(self, values: dict[str, Any]) -> Shown:
        cohorts = {row["cohort_month"]: row for row in self.returned()["months"]}
        for month, row in cohorts.items():
            row["age_days"] = (self.as_of - month).days
        revenue = (
            self.rows(statements.REVENUE, as_of=self.as_of, months=list(cohorts)) if cohorts else []
        )
        for row in revenue:
            cohort = cohorts[row["cohort_month"]]
            known = cohort["spend"] if cohort["roi"] is not None else None
            row["share_of_spend"] = ratio(row["cumulative_won_revenue"], known)
        figures = ("spend", "leads", "opportunities", "customers", *_RETURNS[5:], "roi")
        ages = ("months_since", "won_revenue", "cumulative_won_revenue", "share_of_spend")
        return Shown(
            [
                Expected("cohorts", (*figures, "age_days"), list(cohorts.values())),
                Expected("revenue", ("cohort_month", *ages), revenue),
            ],
            {},
        )

    def _funnel(self, values: dict[str, Any]) -> Shown:
        rows = self.rows(statements.FUNNEL)
        counted = ("leads", "mqls", "sqls", "opportunities", "customers")
        counts = dict(zip(STAGES, counted, strict=True))
        steps = list(pairwise(STAGES))
        for row in rows:
            row["visitor_to_lead_rate"] = ratio(row["leads"], row["visitors"])
            for earlier, later in steps:
                row[f"{earlier}_to_{later}_rate"] = ratio(row[counts[later]], row[counts[earlier]])
                took = row[f"{earlier}_to_{later}"]
                row[f"median_days_{earlier}_to_{later}"] = (
                    None if took is None else rounded(rounded(Decimal(took) / 86_400, 10), 4)
                )
        told = {
            table: [row for row in rows if row["level"] == bits]
            for table, bits in _FUNNEL_LEVELS.items()
        }
        if not told["total"]:
            return Shown([], {})
        rates = [f"{earlier}_to_{later}_rate" for earlier, later in steps]
        days = [f"median_days_{earlier}_to_{later}" for earlier, later in steps]
        names = ("visitors", *counts.values())
        rates.insert(0, "visitor_to_lead_rate")
        (total,) = told["total"]
        return Shown(
            [
                Expected("channels", (*names, *rates, *days), told["channels"]),
                Expected("months", (*names, *rates), told["months"]),
                *ahead_by_sql.of_stages(self.rows, self.as_of, values),
            ],
            {("total", name): total[name] for name in names},
        )

    def _audience(self, values: dict[str, Any]) -> Shown:
        segments = self.rows(statements.SEGMENTS)
        counted = ("leads", "mqls", "sqls", "opportunities", "customers")
        steps = list(pairwise(zip(STAGES, counted, strict=True)))
        for row in segments:
            for (earlier, above), (later, below) in steps:
                row[f"{earlier}_to_{later}_rate"] = ratio(row[below], row[above])
            row["lead_to_customer_rate"] = ratio(row["customers"], row["leads"])
        rates = [f"{earlier}_to_{later}_rate" for (earlier, _), (later, _) in steps]
        contents = self.rows(statements.CONTENTS)
        money = ("begun_won_revenue_base", "moved_won_revenue_base")
        for row in contents:
            for which in ("begun", "moved"):
                took = row.pop(f"{which}_days")
                row[f"{which}_cycle_days"] = None if took is None else rounded(Decimal(took), 1)
        counts = (
            "people",
            *(f"begun_{of}" for of in ("people", "opportunities", "won_deals", "cycle_days")),
            *(f"moved_{of}" for of in ("opportunities", "won_deals", "cycle_days")),
        )
        pattern = f"%{values['search'].lower()}%" if values["search"] else None
        briefs = self.rows(statements.BRIEFS, pattern=pattern, listed=self._listed)
        told = ("touches", "others_of_account", "open_deals", "open_pipeline_base")
        if not segments and not contents:
            return Shown([], {})
        return Shown(
            [
                Expected("segments", (*counted, *rates, "lead_to_customer_rate"), segments),
                Expected("contents", (*counts, *money), contents, self._listed),
                Expected("briefs", (*told, "last_touch_at"), briefs, self._listed),
            ],
            {},
        )

    def _goals(self, values: dict[str, Any]) -> Shown:
        return ahead_by_sql.goals(self.rows, self.as_of, is_whole=self._is_whole)

    def _advice(self, values: dict[str, Any]) -> Shown:
        listed, is_whole = self._listed, self._is_whole
        return ahead_by_sql.advice(self.rows, self.as_of, listed, is_whole=is_whole)

    def _budget(self, values: dict[str, Any]) -> Shown:
        listed, is_whole = self._listed, self._is_whole
        return ahead_by_sql.budget(self.rows, self.as_of, self.split, listed, is_whole=is_whole)

    def _forecast(self, values: dict[str, Any]) -> Shown:
        return ahead_by_sql.forecast(self.rows)

    def _models(self, values: dict[str, Any]) -> Shown:
        credited = self.rows(statements.BY_MODEL)
        models = tuple(ATTRIBUTION_MODELS)
        beside = "linear" if values["model"] == "first_touch" else values["model"]
        across: dict[str, Row] = {}
        campaigns: dict[tuple[Any, ...], dict[str, Row]] = {}
        for row in credited:
            of = across.setdefault(row["channel"], dict.fromkeys(models, Decimal(0)))
            of[row["model"]] += row["won_revenue"] or 0
            key = tuple(row[name] for name in PLACES["campaigns"])
            campaigns.setdefault(key, {})[row["model"]] = row
        listed = []
        for by_model in campaigns.values():
            for model in models if self._is_whole else (beside,):
                first, other = (by_model.get(one, {}) for one in ("first_touch", model))
                told = {"first_touch_won_revenue": first.get("won_revenue") or Decimal(0)}
                told["won_revenue"] = other.get("won_revenue") or Decimal(0)
                told["first_touch_difference"] = (
                    told["won_revenue"] - told["first_touch_won_revenue"]
                )
                told["deals"] = rounded(other.get("deals") or Decimal(0), 4)
                listed.append(told)
        most = 100 * len(models) if self._is_whole else 100
        channels = Expected("channels", models, list(across.values()), is_sparse=True)
        if self._is_whole:  # a line a model
            won = [
                {"won_revenue": won} for by_model in across.values() for won in by_model.values()
            ]
            channels = Expected("channels", ("won_revenue",), won, is_sparse=True)
        return Shown([channels, Expected("campaigns", _MODEL, listed, most, is_sparse=True)], {})

    def _journeys(self, values: dict[str, Any]) -> Shown:
        if values["opportunity_id"]:
            credits = self.rows(statements.DEAL_CREDITS, opportunity_id=values["opportunity_id"])
            return Shown([Expected("credits", ("amount_base",), credits)], {})
        if values["person_id"]:
            touches = self.rows(statements.TOUCHED, person_id=values["person_id"])
            return Shown([Expected("touches", ("touched_at",), touches)], {})
        if values["search"]:
            found = self.rows(statements.FOUND, pattern=f"%{values['search'].lower()}%")
            return Shown([Expected("found", ("amount_base",), found, self._listed)], {})
        credited = self.rows(statements.CREDITED, listed=self._listed)
        names = ("cohort_month", "close_date", "credited_amount")
        opportunities = self.rows(statements.OPPORTUNITIES, listed=self._listed)
        closed = self.rows(statements.DEALS_CLOSED, listed=self._listed)
        return Shown(
            [
                Expected("credited", names, credited),
                Expected("opportunities", ("cohort_month", "amount_base"), opportunities),
                Expected("closed", ("close_date", "credited_amount"), closed),
            ],
            {},
        )

    def _health(self, values: dict[str, Any]) -> Shown:
        compared = self.rows(statements.COMPARED)
        checks: dict[tuple[str, str], Row] = {}
        for row in compared:
            counts = checks.setdefault(
                (row["check_name"], row["source"]), {"agrees": 0, "differs": 0, "unproved": 0}
            )
            counts[row["verdict"]] += 1
        control = [
            row
            for row in compared
            if row["verdict"] != "agrees" or row["model"] in ("none", values["model"])
        ]
        totals = ("month", "source_total", "mart_total", "difference")
        restated = ("date_day", "old_spend", "new_spend", "delta")
        sources = ("days_loaded", "days_empty", "last_day")
        return Shown(
            [
                Expected("sources", sources, self.rows(statements.SOURCES), is_sparse=True),
                Expected("checks", ("agrees", "differs", "unproved"), list(checks.values())),
                Expected("control", totals, control),
                Expected("restated", restated, self.rows(statements.RESTATED), self._listed),
                Expected("rejected", ("rows", "spend"), self.rows(statements.REJECTED)),
            ],
            {("days", row["status"]): row["days"] for row in self.rows(statements.GRID)},
        )

    def _unplaced(self, values: dict[str, Any]) -> Shown:
        money = ("spend_base", "won_revenue_base", "open_pipeline_base")
        counts = ("leads", "won_deals", "clicks", "touches")
        gaps = ("spend_gap", "impressions_gap", "clicks_gap", "days")
        untouched = self.rows(statements.UNTOUCHED, listed=self._listed)
        return Shown(
            [
                Expected("findings", (*money, *counts), self.rows(statements.FINDINGS)),
                Expected("deals", ("people", "amount_base"), untouched),
                Expected("gaps", gaps, self.rows(statements.GAPS)),
            ],
            {},
        )


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = list(values)
    return None if None in known else sum((one for one in known if one is not None), Decimal(0))


def ten(marts: Marts, view: str) -> list[dict[str, str]]:
    """Ten choices to try a view by, out of what the marts hold."""
    (offered,) = marts.rows(statements.OFFERED)
    paid, unpaid, platforms = offered["paid"], offered["unpaid"] or ["Email"], offered["platforms"]
    first, other = (
        dict(zip(("platform", "account_id", "campaign_id"), key, strict=True))
        for key in (offered["campaigns"][0], offered["campaigns"][len(offered["campaigns"]) // 2])
    )
    account = {name: first[name] for name in ("platform", "account_id")}
    this_year, last_year = marts.as_of.year, marts.as_of.year - 1
    whole = {"from_month": f"{last_year - 1}-01", "to_month": f"{this_year}-{marts.as_of.month:02}"}
    year = {"from_month": f"{last_year}-02", "to_month": f"{this_year}-01"}
    month = {"from_month": f"{this_year}-01", "to_month": f"{this_year}-01"}
    if view in ("goals", "forecast"):  # of a channel or of all; no period, no model
        known = dict.fromkeys((*paid, *unpaid, "Unattributed", "Nowhere", *CHANNELS))
        return [{}, *({"channel": channel} for channel in list(known)[:9])]
    if view == "health":
        return [
            {},
            whole,
            year | {"model": "linear"},
            month,
            {"platform": platforms[0]},
            whole | {"platform": platforms[-1], "model": "w_shaped"},
            year | account,
            {"source": "salesforce"},
            whole | first,
            {"from_month": "2019-01", "to_month": "2019-06"},
        ]
    filtered = [
        {},
        whole | {"model": "linear"},
        year | {"model": "last_touch"},
        {"channel": paid[0], "model": "time_decay"},
        whole | {"channel": unpaid[0]},
        year | {"platform": platforms[0], "model": "w_shaped"},
        whole | {"platform": platforms[-1], "currency_code": offered["currencies"][-1]},
        whole | first | {"model": "u_shaped"},
    ]
    if view == "audience":
        return [*filtered, month | other, whole | {"search": "example"}]
    if view == "journeys":
        return [
            *filtered[:7],
            {"search": paid[0][:2].lower()},
            {"opportunity_id": offered["deals"][0], "model": "linear"},
            {"person_id": offered["persons"][0]},
        ]
    return [
        *filtered,
        month | other | {"model": "full_path"},
        whole | {"platform": "unattributed", "model": "markov"},
    ]
