-- How many comparisons with the sources agree, differ, or cannot be made, in the chosen months?
-- Grain: one row per check and source, every model and currency together.
-- What differs is counted whatever its month. Open deals stand in the month they should close in.
with

checks as (
    select
        check_name,
        source,
        count(case when verdict = 'agrees' then 1 end) as agrees,
        count(case when verdict = 'differs' then 1 end) as differs,
        count(case when verdict = 'unproved' then 1 end) as unproved,
        min(month) as first_month,
        max(month) as last_month
    from marts.mart_reconciliation
    where
        (
            month between cast(:from_month as date) and cast(:to_month as date)
            or verdict = 'differs'
        )
        and (cast(:source as text) is null or source = :source)
        and (cast(:platform as text) is null or source = :platform)
    group by check_name, source
    order by differs desc, unproved desc, check_name asc, source asc
)

select * from checks
