-- Which channels can be chosen?
-- Grain: one row per channel that has cost or brought anything.
with

channels as (
    select distinct channel
    from marts.mart_channel_roi_monthly
    order by channel asc
)

select * from channels
