-- What do the sources say altogether of the chosen months, and what do the marts?
-- Grain: one row per source, check and currency.
-- Only what a source itself gives a total of: spend by its network, revenue, deals and leads by the
-- CRM. Revenue, deals and leads of all months, as they are compared.
with

compared as (
    select
        source,
        check_name,
        currency_code,
        verdict,
        source_total,
        mart_total
    from marts.mart_reconciliation
    where
        (
            check_name = 'platform_spend'
            and month between cast(:from_month as date) and cast(:to_month as date)
        )
        or (check_name in ('won_revenue', 'won_deals') and model = 'first_touch')
        or check_name = 'leads'
),

summed as (
    select
        source,
        check_name,
        currency_code,
        case
            when count(*) filter (where verdict = 'differs') > 0 then 'differs'
            when count(*) filter (where verdict = 'unproved') > 0 then 'unproved'
            else 'agrees'
        end as verdict,
        cast(sum(source_total) as numeric(20, 6)) as source_total,
        cast(sum(mart_total) as numeric(20, 6)) as mart_total,
        cast(sum(mart_total) - sum(source_total) as numeric(20, 6)) as difference
    from compared
    group by source, check_name, currency_code
    order by check_name, source, currency_code
)

select * from summed
