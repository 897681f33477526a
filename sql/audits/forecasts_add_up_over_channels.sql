-- Do the forecasts of all channels add up to their sum, begin with the month under way, and lie
-- within their bounds, and is each metric's method the one said to be chosen?
-- Grain: one row per metric and month that is wrong.
with

summed as (
    select
        metric,
        month,
        horizon,
        sum(case when channel = 'All' then 0 else forecast end) as channels,
        sum(case when channel = 'All' then forecast end) as total,
        count(case when channel = 'All' then 1 end) as totals,
        count(distinct method) as methods,
        min(method) as method,
        bool_and(
            case
                when forecast is null then why_not is not null
                else why_not is null and forecast_low <= forecast_high and forecast_low >= 0
            end
        ) as is_sound
    from build.mart_forecast_monthly
    group by metric, month, horizon
),

chosen as (
    select
        metric,
        min(method) as method
    from build.mart_forecast_accuracy
    where is_chosen
    group by metric
),

wrong as (
    select
        summed.metric,
        summed.month,
        summed.channels,
        summed.total,
        summed.method,
        chosen.method as chosen_method
    from summed
    cross join build.int_as_of as as_of
    left join chosen
        on summed.metric = chosen.metric
    where
        summed.totals <> 1
        or (summed.method is not null and summed.total is distinct from summed.channels)
        or summed.methods > 1
        or not summed.is_sound
        or summed.method is distinct from chosen.method
        or (summed.horizon = 1)
        <> (summed.month = cast(date_trunc('month', as_of.as_of_date) as date))
)

select * from wrong
