-- How do the figures of a kind stand against their source?
-- Grain: one row per figure: spend, leads, deals, won_revenue, open_pipeline.
-- Spend of the chosen months; of people and deals all months, as a cohort's deals close in any.
-- missing_days are account-days of the chosen months without a wholly loaded day.
with

compared as (
    select
        case
            when check_name like '%spend' then 'spend'
            when check_name like '%pipeline' then 'open_pipeline'
            when check_name like '%revenue' then 'won_revenue'
            when check_name like '%deals' then 'deals'
            else 'leads'
        end as figure,
        month,
        verdict
    from marts.mart_reconciliation
),

counted as (
    select
        figure,
        count(*) filter (where verdict = 'agrees') as agreeing,
        count(*) filter (where verdict = 'differs') as differing,
        count(*) filter (where verdict = 'unproved') as unproved
    from compared
    where
        figure != 'spend'
        or month between cast(:from_month as date) and cast(:to_month as date)
    group by figure
),

missing as (
    select count(*) as missing_days
    from marts.mart_data_health
    where
        status = 'missing'
        and date_day >= cast(:from_month as date)
        and date_day < cast(:to_month as date) + interval '1 month'
),

states as (
    select
        counted.figure,
        counted.agreeing,
        counted.differing,
        counted.unproved,
        case when counted.figure = 'spend' then missing.missing_days else 0 end as missing_days
    from counted
    cross join missing
    order by counted.figure
)

select * from states
