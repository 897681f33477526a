-- How do the goals stand that are of the funnel's stages and of days of the chosen months?
-- Grain: one row per goal, the newest period first. Goals are of a channel or of all: of a network,
-- an account or a campaign there are none.
select
    metric,
    channel,
    period,
    currency_code,
    verdict,
    first_day,
    last_day,
    date_day,
    value,
    target_to_date,
    actual_to_date,
    target_month_to_date,
    actual_month_to_date,
    projected_landing,
    projected_low,
    projected_high,
    is_on_course
from marts.mart_goal_pacing
where
    is_latest
    and metric not in ('won_revenue', 'spend')
    and first_day < cast(:to_month as date) + interval '1 month'
    and last_day >= cast(:from_month as date)
    and channel = coalesce(cast(:channel as text), 'All')
    and cast(:platform as text) is null
    and cast(:account_id as text) is null
    and cast(:campaign_id as text) is null
order by
    last_day desc,
    first_day desc,
    metric asc,
    period asc
