-- Which days of which account are loaded, empty, missing, or may still change?
-- Grain: one row per source, account and day: the last 120 days of the chosen months.
with

health as (
    select
        source,
        account_id,
        status,
        date_day,
        rows_staged,
        rows_rejected,
        spend,
        restated_spend,
        loaded_at
    from marts.mart_data_health
    where
        date_day >= cast(:from_month as date)
        and date_day < cast(:to_month as date) + interval '1 month'
        and (cast(:source as text) is null or source = :source)
        and (cast(:platform as text) is null or source = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
),

latest as (
    select max(date_day) as date_day
    from health
),

days as (
    select
        health.source,
        health.account_id,
        accounts.account_name,
        health.date_day,
        health.status,
        health.rows_staged,
        health.rows_rejected,
        accounts.currency_code,
        health.spend,
        health.restated_spend,
        health.loaded_at
    from health
    inner join latest
        on health.date_day > latest.date_day - 120
    left join marts.dim_ad_account as accounts
        on health.source = accounts.platform and health.account_id = accounts.account_id
    order by health.source asc, health.account_id asc, health.date_day asc
)

select * from days
