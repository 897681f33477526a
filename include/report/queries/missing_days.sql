-- Which accounts lack days of the chosen months?
-- Grain: one row per source and account with a day missing, the most days first.
with

missing as (
    select
        source,
        account_id,
        count(*) as days,
        min(date_day) as first_missing_day,
        max(date_day) as last_missing_day
    from marts.mart_data_health
    where
        status = 'missing'
        and date_day >= cast(:from_month as date)
        and date_day < cast(:to_month as date) + interval '1 month'
        and (cast(:platform as text) is null or source = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
    group by source, account_id
),

named as (
    select
        missing.source,
        missing.account_id,
        accounts.account_name,
        missing.first_missing_day,
        missing.last_missing_day,
        missing.days
    from missing
    left join marts.dim_ad_account as accounts
        on
            missing.source = accounts.platform
            and missing.account_id = accounts.account_id
    order by missing.days desc, missing.source asc, missing.account_id asc
)

select * from named
