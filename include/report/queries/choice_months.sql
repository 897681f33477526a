-- Which months are there to choose from, and which are old enough to judge?
-- Grain: one row: the first month that cost or brought anything, the first that cost anything, that
-- of the as-of day, and the latest whose cohort is as old as nine tenths of the deals won were when
-- they closed. No row where nothing ever cost or brought anything. A cohort's age tells the as-of
-- day.
with

known as (
    select
        min(cohort_month) as first_month,
        min(case when spend_base is null or spend_base <> 0 then cohort_month end)
            as first_spend_month,
        max(cohort_month + cast(age_days as integer)) as as_of_date
    from marts.mart_channel_roi_monthly
),

typical as (
    select
        cast(
            ceil(
                percentile_cont(0.9) within group (
                    order by days_touch_to_created + days_created_to_close
                )
            ) as integer
        ) as days_touch_to_close_p90
    from marts.fct_opportunities
    where is_won and type_group = 'new_business'
),

months as (
    select
        known.first_month,
        known.first_spend_month,
        cast(date_trunc('month', known.as_of_date) as date) as last_month,
        cast(
            date_trunc('month', known.as_of_date - typical.days_touch_to_close_p90) as date
        ) as judged_month
    from known
    cross join typical
    where known.first_month is not null
)

select * from months
