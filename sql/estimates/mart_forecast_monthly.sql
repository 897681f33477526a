-- What will the month under way and the next twelve bring, by channel?
-- Grain: one row per kind, channel, outcome and months. include/estimates makes of them one row per
-- channel, metric and month ahead.
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
