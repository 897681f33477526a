"""What the views of what is still to come must show: goals, advice, budget and forecast.

What is there already is made of the fact tables here: what goals have by each day and where that
lands, what advised spend cost and brought, what a day costs of late, which leads an experiment
needs. What is estimated has no second source among the marts: it is read, and only what adds up
over channels is added up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from statistics import stdev
from typing import Any

from tests.report.expected import Expected, Shown
from tests.report.reckoning import Row, ratio, rounded

Ask = Callable[..., list[Row]]

ZONE = "Europe/Berlin"
"""The reporting zone where nobody sets another."""
EVERY_CHANNEL = "All"
HAPPENED = """
select metric, channel, date_day, cast(sum(amount) as numeric(20, 6)) as amount
from (
    select
        channel,
        unnest([
            {'metric': 'leads', 'date_day': cast(timezone($zone, lead_at) as date)},
            {'metric': 'mqls', 'date_day': cast(timezone($zone, mql_at) as date)},
            {'metric': 'sqls', 'date_day': cast(timezone($zone, sql_at) as date)}
        ], recursive := true),
        1 as amount
    from people
    union all by name
    select
        'opportunities' as metric, channel, cast(timezone($zone, created_at) as date) as date_day,
        1 as amount
    from deals
    union all by name
    select
        'customers' as metric, first_touch_channel as channel, close_date as date_day, 1 as amount
    from marts.fct_opportunities where type_group = 'new_business' and is_new_customer
    union all by name
    select
        'won_revenue' as metric, first_touch_channel as channel, close_date as date_day,
        coalesce(amount_base, 0) as amount
    from marts.fct_opportunities where type_group = 'new_business' and is_won
    union all by name
    select 'spend' as metric, channel, date_day, spend_base as amount from spent
    union all by name
    select
        'visitors' as metric, channel, date_day,
        round(part * so_far, 2) - round(part * (so_far - sessions), 2) as amount
    from (
        select
            date_day, sessions, date_trunc('month', date_day) as visit_month,
            sum(sessions) over (partition by visit_month order by date_day) as so_far,
            cast(1 as double) / sum(sessions) over (partition by visit_month) as one
        from (
            select date_day, sum(sessions) as sessions from marts.mart_visitors_daily group by all)
    ) inner join (
        select
            channel, visit_month, case when sessions_withheld = 0 then visitors end as visitors
        from marts.mart_visitors_monthly
    ) using (visit_month), lateral (select visitors * one as part)
    where visit_month >= (
        select min(date_day) from marts.mart_visitors_daily where day(date_day) = 1)
)
where date_day is not null
group by all
"""
GOALS = """
select
    metric, channel, period, first_day, any_value(last_day) as last_day, any_value(value) as value
from marts.mart_goal_pacing semi join chosen
    on chosen.channel is null or mart_goal_pacing.channel in ($every, chosen.channel)
group by metric, channel, period, first_day
"""
PLAN = """
pivot (
    select plan.* exclude (sentence, observed, rate, rate_low, rate_high, per_customer)
    from marts.mart_goal_plan as plan semi join chosen
        on chosen.channel is null or plan.channel in ('All', chosen.channel)
)
on metric in (
    'won_revenue', 'spend', 'visitors', 'leads', 'mqls', 'sqls', 'opportunities', 'customers')
using
    any_value(needed) as needed, any_value(needed_low) as low, any_value(needed_high) as high,
    max(median_days) as days
group by channel, planned_channel, period, first_day
"""
ADVISED = """
with mature as (
    select
        any_value(mature_before) as before,
        cast(any_value(mature_before) - interval 36 months as date) as since
    from marts.mart_channel_advice
),
cost as (
    select
        channel, platform, account_id, campaign_id,
        coalesce(sum(spend_base) filter (date_day between since and before - 1), 0) as mature,
        coalesce(sum(spend_base) filter (date_day >= before), 0) as young,
        max(date_day) as last_day
    from spent, mature where billed <> 0 group by all
),
met as (
    select channel, platform, account_id, campaign_id, count(*) as leads
    from people, mature where month between since and before - 1 group by all
),
won as (
    select
        channel, platform, account_id, campaign_id, sum(weight) as deals,
        sum(weight * deal.amount_base) as revenue
    from mature, credits inner join marts.fct_opportunities as deal using (opportunity_id)
    where
        model = 'first_touch' and basis = 'won' and deal.amount_base > 0
        and deal.cohort_month between since and before - 1
    group by all
),
campaigns as (
    select
        cost.*, coalesce(met.leads, 0) as leads, coalesce(won.deals, 0) as deals,
        coalesce(won.revenue, 0) as revenue
    from cost
    left join met using (platform, account_id, campaign_id)
    left join won using (platform, account_id, campaign_id)
),
channels as (
    select
        channel, sum(mature) as mature, sum(young) as young,
        coalesce((select sum(leads) from met where met.channel = cost.channel), 0) as leads,
        coalesce((select sum(deals) from won where won.channel = cost.channel), 0) as deals,
        coalesce((select sum(revenue) from won where won.channel = cost.channel), 0) as revenue
    from cost group by channel
)
"""
BY_CHANNEL = (
    ADVISED
    + """
select channels.*, told.chance, told.roi_low, told.roi_expected, told.roi_high
from channels inner join marts.mart_channel_advice as told using (channel)
semi join chosen on chosen.channel is null or chosen.channel = told.channel
"""
)
BY_CAMPAIGN = (
    ADVISED
    + """
select campaigns.*, told.chance, told.roi_low, told.roi_expected, told.roi_high
from campaigns
inner join marts.mart_campaign_advice as told using (platform, account_id, campaign_id)
semi join chosen on
    (chosen.channel is null or chosen.channel = campaigns.channel)
    and (chosen.platform is null or chosen.platform = campaigns.platform)
    and (chosen.account_id is null or chosen.account_id = campaigns.account_id)
    and (chosen.campaign_id is null or chosen.campaign_id = campaigns.campaign_id)
where last_day >= cast($as_of as date) - 30
"""
)
RECORD = """
select advised_on, spend_base, won_deals, won_revenue_base, roi_low, roi_high
from marts.mart_advice_record as told
semi join chosen on
    (chosen.channel is null or chosen.channel = told.channel)
    and (chosen.platform is null or chosen.platform = told.platform)
    and (chosen.account_id is null or chosen.account_id = told.account_id)
    and (chosen.campaign_id is null or chosen.campaign_id = told.campaign_id)
"""
SPLIT = """
with told as (
    select * from marts.mart_budget_plan
    where $is_whole or (scenario = $scenario and most_change = $change)
),
added as (
    select
        scenario, most_change, sum(present_spend_base) as present,
        sum(planned_spend_base) as planned
    from told where channel <> $every group by all
)
select
    told.* replace (
        case when channel = $every then added.present else present_spend_base end
            as present_spend_base,
        case when channel = $every then added.planned else planned_spend_base end
            as planned_spend_base
    )
from told inner join added using (scenario, most_change)
"""
ANSWERS = """
with began as (
    select channel, min(date_day) as first_day from spent where spend_base > 0 group by all
)
select
    told.* replace (
        (select coalesce(sum(spend_base), 0) from spent
            where spent.channel = told.channel
            and date_day between cast($as_of as date) - 91 and cast($as_of as date) - 1)
        / least(91, cast($as_of as date) - first_day) as spend_day_base
    )
from marts.mart_budget_response as told inner join began using (channel)
"""
TESTED = """
select leads, cast(ceil(75 * 13 / leads) as bigint) as weeks_needed
from marts.mart_budget_tests where leads >= 75
"""
MONTHS = """
with channels as (
    select metric, horizon, sum(forecast) as forecast
    from marts.mart_forecast_monthly where channel <> $every group by all
)
select
    case when told.channel = $every then channels.forecast else told.forecast end as forecast,
    told.forecast_low, told.forecast_high,
    (select wape from marts.mart_forecast_accuracy as tried
        where is_chosen and tried.metric = told.metric and tried.horizon = told.horizon) as wape
from marts.mart_forecast_monthly as told
inner join channels using (metric, horizon)
semi join chosen on coalesce(chosen.channel, $every) = told.channel
where told.forecast is not null
"""
PAST = """
with latest as (
    select metric, month from marts.mart_forecast_monthly
    where horizon = 1 and channel = $every and forecast is not null
),
gone as (
    select metric, cast(month - to_months(back) as date) as month
    from latest cross join range(1, 25) as backs (back)
    where month - to_months(back) >= (
        select date_trunc('month', min(date_day)) from marts.fct_ad_spend_daily)
),
deals as (
    select
        first_touch_channel as channel,
        cast(date_trunc('month', timezone($zone, created_at)) as date) as created,
        case when is_won then cast(date_trunc('month', close_date) as date) end as won,
        amount_base, is_new_customer
    from marts.fct_opportunities where type_group = 'new_business'
),
came as (
    select 'leads' as metric, first_touch_channel as channel, cohort_month as month, 1.0 as actual
    from marts.fct_people where not is_internal
    union all
    select 'opportunities', channel, created, 1.0 from deals
    union all
    select 'customers', channel, won, 1.0 from deals where won is not null and is_new_customer
    union all
    select 'won_revenue', channel, won, amount_base from deals where won is not null
    union all
    select 'spend', campaigns.channel, cast(date_trunc('month', date_day) as date), spend_base
    from marts.fct_ad_spend_daily
    inner join marts.dim_campaign as campaigns using (platform, account_id, campaign_id)
)
select coalesce(sum(came.actual), 0) as actual
from gone left join (
    select came.* from came
    semi join chosen on chosen.channel is null or came.channel = chosen.channel
) as came using (metric, month)
group by metric, month
"""
SUMS = """
with told as (
    select channel, metric, forecast
    from marts.mart_forecast_monthly where horizon > 1 and channel <> $every
    union all
    select $every, metric, forecast
    from marts.mart_forecast_monthly where horizon > 1 and channel <> $every
)
select
    channel,
    sum(forecast) filter (metric = 'leads') as leads,
    sum(forecast) filter (metric = 'opportunities') as opportunities,
    sum(forecast) filter (metric = 'customers') as customers,
    sum(forecast) filter (metric = 'won_revenue') as won_revenue_base,
    sum(forecast) filter (metric = 'spend') as spend_base
from told semi join chosen on chosen.channel is null or told.channel in ($every, chosen.channel)
where forecast is not null
group by channel
"""
_JUDGED = ("spend_base", "young_spend_base", "won_deals", "won_revenue_base", "roi")
_ESTIMATED = ("chance", "roi_low", "roi_expected", "roi_high")
_LANDINGS = ("projected_landing", "projected_low", "projected_high")
OF_A_GOAL = (
    *("value", "target_to_date", "actual_to_date", "target_month_to_date"),
    *("actual_month_to_date", *_LANDINGS, "date_day"),
)
_PACE, _FEWEST = timedelta(days=90), 28


def goals(ask: Ask, as_of: date, *, is_whole: bool) -> Shown:
    """How goals stand, by adding up what happened day by day."""
    by_day: dict[tuple[str, str], dict[date, Decimal | None]] = defaultdict(dict)
    for row in ask(HAPPENED, zone=ZONE):
        by_day[row["metric"], row["channel"]][row["date_day"]] = row["amount"]
        whole = by_day[row["metric"], EVERY_CHANNEL]
        so_far = whole.get(row["date_day"], Decimal(0))
        is_told = so_far is not None and row["amount"] is not None
        whole[row["date_day"]] = so_far + row["amount"] if is_told else None
    known: dict[str, date] = {}
    for (metric, _), days in by_day.items():
        known[_system(metric)] = min(*days, known.get(_system(metric), date.max))
    told, courses = [], []
    for goal in ask(GOALS, every=EVERY_CHANNEL):
        last = as_of - timedelta(days=1)
        goal["date_day"] = max(goal["first_day"], min(goal["last_day"], last))
        counted = by_day[goal["metric"], goal["channel"]]
        is_over = goal["first_day"] <= last and _system(goal["metric"]) in known
        told.append(goal | _stands(goal, counted if is_over else None, known))
        if goal["first_day"] <= last and goal["date_day"] < goal["last_day"]:
            courses += _course(goal, counted if is_over else None, last)
    if not told:
        return Shown([], {})
    tables = [Expected("goals", OF_A_GOAL, told)]
    if courses and is_whole:
        of_a_day = ("date_day", "target_to_date", "actual_to_date")
        tables.append(Expected("days", of_a_day, courses))
    if plan := ask(PLAN):
        tables.append(_planned(plan, is_whole=is_whole))
    return Shown(tables, {})


def of_stages(ask: Ask, as_of: date, values: dict[str, Any]) -> list[Expected]:
    """Goals of the funnel's stages, of the channel chosen or all, on days of the chosen months."""
    first, month = values["from_month"], values["to_month"]
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    if any(values[name] for name in ("platform", "account_id", "campaign_id")):
        return []
    rows = [
        goal
        for table in goals(ask, as_of, is_whole=False).tables
        for goal in table.rows
        if table.table == "goals"
        and goal["metric"] not in ("won_revenue", "spend")
        and goal["channel"] == (values["channel"] or EVERY_CHANNEL)
        and goal["first_day"] <= last
        and goal["last_day"] >= first
    ]
    return [Expected("goals", OF_A_GOAL, rows)] if rows else []


def _due(goal: Row, day: date) -> Decimal:
    """The part of a goal that is due by the end of a day, to the cent."""
    days = (goal["last_day"] - goal["first_day"]).days + 1
    return rounded(goal["value"] * ((day - goal["first_day"]).days + 1) / days, 2)


def _system(metric: str) -> str:
    return metric if metric in ("spend", "visitors") else "crm"


def _between(counted: dict[date, Decimal | None], first: date, last: date) -> Decimal | None:
    within = [of for day, of in counted.items() if first <= day <= last]
    told = [of for of in within if of is not None]
    return sum(told, Decimal(0)) if len(told) == len(within) else None


def _stands(goal: Row, counted: dict[date, Decimal | None] | None, known: dict[str, date]) -> Row:
    day = goal["date_day"]
    month = max(goal["first_day"], day.replace(day=1))
    before = _due(goal, month - timedelta(days=1))
    row: Row = dict.fromkeys(("actual_to_date", "actual_month_to_date", *_LANDINGS))
    row |= {
        "target_to_date": _due(goal, day),
        "target_month_to_date": _due(goal, day) - before,
    }
    if counted is None:
        return row
    there = _between(counted, goal["first_day"], day)
    row |= {"actual_to_date": there, "actual_month_to_date": _between(counted, month, day)}
    left = (goal["last_day"] - day).days
    since = max(day - _PACE, known[_system(goal["metric"])])
    if left == 0:
        return row | dict.fromkeys(_LANDINGS, there)
    seen = (day - since).days + 1
    every = (counted.get(since + timedelta(days=n), Decimal(0)) for n in range(seen))
    pace = [of for of in every if of is not None]
    count = len(pace)
    if there is None or count < _FEWEST:
        return row
    landing = there + rounded(rounded(sum(pace, Decimal(0)) * left / count, 10), 6)
    margin = 1.2815515655 * stdev(map(float, pace)) * sqrt(left + left * left / count)
    around = rounded(Decimal(margin), 2)
    return row | {
        "projected_landing": landing,
        "projected_low": max(there, landing - around),
        "projected_high": landing + around,
    }


def _course(goal: Row, counted: dict[date, Decimal | None] | None, last: date) -> list[Row]:
    days = (goal["last_day"] - goal["first_day"]).days + 1
    every = [goal["first_day"] + timedelta(days=n) for n in range(days)]
    return [
        {
            "date_day": day,
            "target_to_date": _due(goal, day),
            "actual_to_date": (
                None if counted is None or day > last else _between(counted, goal["first_day"], day)
            ),
        }
        for day in every
    ]


def _planned(plan: list[Row], *, is_whole: bool) -> Expected:
    rows = []
    for found in plan:
        row = {
            "needed_revenue_base": found["won_revenue_needed"],
            "needed_spend_base": found["spend_needed"],
            "needed_spend_low_base": found["spend_low"],
            "needed_spend_high_base": found["spend_high"],
            "needed_leads_low": _up(found["leads_low"]),
            "needed_leads_high": _up(found["leads_high"]),
        }
        for name in ("visitors", "leads", "mqls", "sqls", "opportunities", "customers"):
            row[f"needed_{name}"] = _up(found[f"{name}_needed"])
        rows.append(row)
    bounds = re.compile("_(low|high)")  # not on the page where nothing is needed
    columns = [name for name in rows[0] if is_whole or not bounds.search(name)]
    return Expected("plan", tuple(columns), rows)


def _up(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.to_integral_value("ROUND_CEILING")


def advice(ask: Ask, as_of: date, listed: int, *, is_whole: bool) -> Shown:
    """What advised spend cost and brought. A channel stands there whatever network is chosen."""
    tables = []
    for name, rows in (
        ("channels", ask(BY_CHANNEL)),
        ("campaigns", ask(BY_CAMPAIGN, as_of=as_of)),
    ):
        for row in rows:
            row["spend_base"], row["young_spend_base"] = row["mature"], row["young"]
            row["won_deals"], row["won_revenue_base"] = row["deals"], rounded(row["revenue"], 2)
            row["roi"] = ratio(row["won_revenue_base"] - row["mature"], row["mature"])
        more = ("leads",) if is_whole else ()
        tables.append(Expected(name, (*_JUDGED, *_ESTIMATED, *more), rows, listed))
    if not any(table.rows for table in tables):
        return Shown([], {})
    record = ask(RECORD)
    for row in record:
        spend = row["spend_base"]
        row["roi"] = None if spend is None else ratio(row["won_revenue_base"] - spend, spend)
    names = ("advised_on", "spend_base", "won_deals", "won_revenue_base", "roi")
    told = [Expected("record", (*names, "roi_low", "roi_high"), record, listed)] if record else []
    return Shown([*(table for table in tables if table.rows), *told], {})


def budget(ask: Ask, as_of: date, split: tuple[str, int], listed: int, *, is_whole: bool) -> Shown:
    """How the budget and the bound of ``split`` go over channels, and what that rests on."""
    answers = ask(ANSWERS, as_of=as_of)
    if not answers:
        return Shown([], {})
    for row in answers:
        row["spend_day_base"] = rounded(Decimal(row["spend_day_base"]), 2)
    scenario, change = split
    plan = ask(SPLIT, scenario=scenario, change=change, every=EVERY_CHANNEL, is_whole=is_whole)
    spends = ("present_spend_base", "planned_spend_base")
    brings = ("present_revenue_base", "planned_revenue_base", "chance")
    seen = ("spend_day_base", "least_spend_day_base", "most_spend_day_base", "leads_day")
    bends = ("half_spend_day_base", "half_low_base", "half_high_base", "carry_over_days")
    worth = ("revenue_per_lead_base", "next_return_base")
    tables = [
        Expected("plan", (*spends, *brings), plan),
        Expected("response", (*seen, *bends, *worth), answers),
    ]
    if tests := ask(TESTED):
        tables.append(Expected("tests", ("leads", "weeks_needed"), tests, listed))
    return Shown(tables, {})


def forecast(ask: Ask) -> Shown:
    """What is forecast, all channels together as the sum of each."""
    months = ask(MONTHS, every=EVERY_CHANNEL)
    if not months:
        return Shown([], {})
    figures = ("leads", "opportunities", "customers", "won_revenue_base", "spend_base")
    return Shown(
        [
            Expected("channels", figures, ask(SUMS, every=EVERY_CHANNEL)),
            Expected("months", ("forecast", "forecast_low", "forecast_high", "wape"), months),
            Expected("past", ("actual",), ask(PAST, every=EVERY_CHANNEL, zone=ZONE)),
        ],
        {},
    )
