-- What came in the 24 months before the one under way?
-- Grain: one row per metric that is forecast and month, from the first with spend on, of the
-- channel chosen, else of all together.
with

under_way as (
    select
        month,
        metric
    from marts.mart_forecast_monthly
    where
        horizon = 1
        and channel = 'All'
        and forecast is not null
),

begun as (
    select coalesce(min(case when metric = 'spend' then month end), min(month)) as month
    from marts.mart_outcomes_monthly
),

months as (
    select distinct
        under_way.metric,
        dates.month_start as month
    from marts.dim_date as dates
    inner join under_way
        on
            dates.month_start < under_way.month
            and dates.month_start >= under_way.month - interval '24 months'
    inner join begun on dates.month_start >= begun.month
),

came as (
    select
        metric,
        month,
        sum(actual) as actual
    from marts.mart_outcomes_monthly
    where cast(:channel as text) is null or channel = :channel
    group by metric, month
),

told as (
    select
        months.metric,
        months.month,
        coalesce(came.actual, 0) as actual
    from months
    left join came
        on
            months.metric = came.metric
            and months.month = came.month
)

select * from told
order by metric asc, month asc
