-- What will the month under way and the next twelve bring, and how far off were such forecasts?
-- Grain: one row per metric and month, of the channel chosen, else of all together.
-- wape: what forecasts so many months ahead were off per what came, summed over channels.
with

told as (
    select
        forecasts.metric,
        forecasts.channel,
        forecasts.method,
        forecasts.why_not,
        forecasts.month,
        forecasts.horizon,
        forecasts.forecast,
        forecasts.forecast_low,
        forecasts.forecast_high,
        accuracy.wape,
        accuracy.bias,
        accuracy.origins
    from marts.mart_forecast_monthly as forecasts
    left join marts.mart_forecast_accuracy as accuracy
        on
            forecasts.metric = accuracy.metric
            and forecasts.horizon = accuracy.horizon
            and accuracy.is_chosen
    where
        forecasts.channel = coalesce(cast(:channel as text), 'All')
        or forecasts.why_not is not null
)

select * from told
order by metric asc, month asc
