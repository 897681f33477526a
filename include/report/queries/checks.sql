-- Do the books of the chosen months agree with the ad accounts and the CRM?
-- Grain: one row per verdict there is, the worst first.
-- Counted are the comparisons of the chosen model and those that concern none.
with

counted as (
    select
        verdict,
        count(*) as checks
    from marts.mart_reconciliation
    where
        month between cast(:from_month as date) and cast(:to_month as date)
        and model in (:model, 'none')
    group by verdict
),

ordered as (
    select
        verdict,
        checks
    from counted
    order by
        case verdict when 'differs' then 1 when 'unproved' then 2 else 3 end asc,
        verdict asc
)

select * from ordered
