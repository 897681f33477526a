-- How does each goal stand on its last whole day?
-- Grain: one row per goal; those that run first, then those to come, then those over, newest first.
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
where is_latest and (cast(:channel as text) is null or channel in ('All', :channel))
order by
    case
        when verdict = 'to come' then 2
        when date_day < last_day then 1
        else 3
    end asc,
    last_day desc,
    metric asc,
    channel asc,
    period asc
