-- How long does new business take from the first touch to the close?
-- Grain: one row; none where nothing was ever won.
with

typical as (
    select
        deals_measured,
        days_touch_to_close_p50,
        days_touch_to_close_p90
    from shared.judged
    where deals_measured > 0
)

select * from typical
