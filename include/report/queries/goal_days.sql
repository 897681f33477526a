-- What is due by each day of the goals that run, and what was there?
-- Grain: one row per goal that runs on its last whole day, and day of its period.
with

running as (
    select
        metric,
        channel,
        period,
        first_day
    from marts.mart_goal_pacing
    where
        is_latest
        and date_day < last_day
        and verdict <> 'to come'
        and (cast(:channel as text) is null or channel in ('All', :channel))
),

days as (
    select
        pacing.metric,
        pacing.channel,
        pacing.period,
        pacing.currency_code,
        pacing.first_day,
        pacing.date_day,
        pacing.target_to_date,
        pacing.actual_to_date
    from marts.mart_goal_pacing as pacing
    inner join running
        on
            pacing.metric = running.metric
            and pacing.channel = running.channel
            and pacing.period = running.period
            and pacing.first_day = running.first_day
    order by
        pacing.metric asc,
        pacing.channel asc,
        pacing.period asc,
        pacing.first_day asc,
        pacing.date_day asc
)

select * from days
