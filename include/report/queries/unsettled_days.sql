-- Which accounts lack days of the chosen months, and which days may their source still change?
-- Grain: one row per level (missing, restating), source and account with such a day, the most days
-- first. A day that is restating is loaded, and young enough for its network to change it.
with

days as (
    select
        status as level,
        source,
        account_id,
        count(*) as days,
        min(date_day) as first_day,
        max(date_day) as last_day
    from marts.mart_data_health
    where
        status in ('missing', 'restating')
        and date_day >= cast(:from_month as date)
        and date_day < cast(:to_month as date) + interval '1 month'
        and (cast(:platform as text) is null or source = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
    group by status, source, account_id
),

named as (
    select
        days.level,
        days.source,
        days.account_id,
        accounts.account_name,
        days.first_day,
        days.last_day,
        days.days
    from days
    left join marts.dim_ad_account as accounts
        on
            days.source = accounts.platform
            and days.account_id = accounts.account_id
    order by days.level asc, days.days desc, days.source asc, days.account_id asc
)

select * from named
