-- Which cohort months are old enough to judge by what they brought?
-- Grain: one row, whatever is chosen.
-- Half of all new business won took no longer from first touch to close than the p50, nine tenths
-- no longer than the p90, in days. Which month is too early the marts tell; judged_month is the
-- latest that is not, NULL while every one is. A cohort's age tells the as-of day.
with

known as (
    select max(cohort_month + cast(age_days as integer)) as as_of_date
    from marts.mart_channel_roi_monthly
),

typical as (
    select
        count(days_touch_to_created + days_created_to_close) as deals_measured,
        percentile_cont(0.5) within group (order by days_touch_to_created + days_created_to_close)
            as days_touch_to_close_p50,
        percentile_cont(0.9) within group (order by days_touch_to_created + days_created_to_close)
            as days_touch_to_close_p90
    from marts.fct_opportunities
    where is_won and type_group = 'new_business'
),

old as (
    select max(cohort_month) as judged_month
    from marts.mart_cohort_outlook
    where not is_too_early
),

judged as (
    select
        known.as_of_date,
        cast(date_trunc('month', known.as_of_date) as date) as last_month,
        old.judged_month,
        typical.deals_measured,
        cast(typical.days_touch_to_close_p50 as numeric(20, 1)) as days_touch_to_close_p50,
        cast(typical.days_touch_to_close_p90 as numeric(20, 1)) as days_touch_to_close_p90
    from known
    cross join typical
    cross join old
)

select * from judged
