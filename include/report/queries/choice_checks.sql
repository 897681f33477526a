-- Do the books of the whole build agree with the ad accounts and the CRM?
-- Grain: one row per verdict there is, of all months and models.
with

counted as (
    select
        verdict,
        count(*) as checks
    from marts.mart_reconciliation
    group by verdict
    order by verdict
)

select * from counted
