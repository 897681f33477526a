-- How old must a cohort be to have brought most of what it will bring?
-- Grain: one row per installation.
-- So many days that nine in ten of the new-business deals won took no longer from their first touch
-- to their close, counted from the end of the cohort's month: the last people of the month have had
-- that time, too. A deal that takes longer than all there is of history is not among them, so of a
-- short history this tells too little. NULL where nothing was won.
with

wins as (
    select days_touch_to_created + days_created_to_close as days_to_close
    from build.fct_opportunities
    where is_won and type_group = 'new_business' and first_touchpoint_id is not null
),

measured as (
    select
        count(*) as won_deals,
        cast(
            ceil(cast(
                percentile_cont(0.9) within group (order by days_to_close) as numeric(20, 1)
            )) as bigint
        ) as mature_after_days
    from wins
),

maturity as (
    select
        as_of.as_of_date,
        measured.won_deals,
        measured.mature_after_days,
        cast(
            date_trunc('month', as_of.as_of_date - cast(measured.mature_after_days as integer))
            as date
        ) as mature_before_month
    from measured
    cross join build.int_as_of as as_of
)

select * from maturity
