-- How long does new business take from the first touch to the close?
-- Grain: one row; none where nothing was ever won.
-- Of all new business won, whatever is chosen: half of it took no longer than the p50, nine tenths
-- no longer than the p90, in days.
with

typical as (
    select
        count(days_touch_to_created + days_created_to_close) as deals_measured,
        cast(
            percentile_cont(0.5) within group (
                order by days_touch_to_created + days_created_to_close
            ) as numeric(20, 1)
        ) as days_touch_to_close_p50,
        cast(
            percentile_cont(0.9) within group (
                order by days_touch_to_created + days_created_to_close
            ) as numeric(20, 1)
        ) as days_touch_to_close_p90
    from marts.fct_opportunities
    where is_won and type_group = 'new_business'
    having count(days_touch_to_created + days_created_to_close) > 0
)

select * from typical
