-- How far off were forecasts of each method, tried on the past?
-- Grain: one row per kind, channel, outcome and months. include/estimates makes of them one row per
-- metric, method and horizon.
select
    kind,
    channel,
    outcome,
    cohort_month,
    month,
    close_month,
    people_or_deals,
    customers,
    amount_base
from build.int_monthly_outcomes
