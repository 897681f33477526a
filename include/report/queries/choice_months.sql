-- Which months are there to choose from, and which are old enough to judge?
-- Grain: one row: the first month that cost or brought anything, that of the as-of day, and the
-- latest that is old enough. No row where nothing ever cost or brought anything.
with

known as (
    select min(cohort_month) as first_month
    from marts.mart_channel_roi_monthly
),

months as (
    select
        known.first_month,
        judged.last_month,
        judged.judged_month
    from known
    cross join shared.judged as judged
    where known.first_month is not null
)

select * from months
