-- Which amounts lack an exchange rate, and so stand in no sum of the reporting currency?
-- Grain: one row per kind of amount (spend, won, open), currency, account and month: of spend its
-- day's, of deals their cohort's.
with

unpriced as (
    select
        'spend' as kind,
        daily.currency_code,
        daily.platform,
        daily.account_id,
        daily.account_name,
        cast(date_trunc('month', daily.date_day) as date) as month,
        daily.spend as amount
    from marts.fct_ad_spend_daily as daily
    where
        daily.spend_base is null
        and daily.date_day >= cast(:from_month as date)
        and daily.date_day < cast(:to_month as date) + interval '1 month'
        and (cast(:platform as text) is null or daily.platform = :platform)
        and (cast(:account_id as text) is null or daily.account_id = :account_id)
        and (cast(:campaign_id as text) is null or daily.campaign_id = :campaign_id)
    union all
    select
        case when deals.is_won then 'won' else 'open' end as kind,
        deals.currency_code,
        deals.first_touch_platform as platform,
        deals.first_touch_account_id as account_id,
        accounts.account_name,
        deals.cohort_month as month,
        cast(deals.amount as numeric(20, 6)) as amount
    from marts.fct_opportunities as deals
    left join marts.dim_ad_account as accounts
        on
            deals.first_touch_platform = accounts.platform
            and deals.first_touch_account_id = accounts.account_id
    where
        deals.amount is not null
        and deals.amount_base is null
        and (deals.is_won or not deals.is_closed)
        and deals.cohort_month between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or deals.first_touch_channel = :channel)
        and (cast(:platform as text) is null or deals.first_touch_platform = :platform)
        and (cast(:account_id as text) is null or deals.first_touch_account_id = :account_id)
        and (cast(:campaign_id as text) is null or deals.first_touch_campaign_id = :campaign_id)
),

summed as (
    select
        kind,
        currency_code,
        platform,
        account_id,
        account_name,
        month,
        count(*) as rows,
        sum(amount) as amount
    from unpriced
    where cast(:currency_code as text) is null or currency_code = :currency_code
    group by kind, currency_code, platform, account_id, account_name, month
    order by
        currency_code asc,
        kind asc,
        month desc,
        platform asc nulls last,
        account_id asc nulls last,
        account_name asc nulls last
)

select * from summed
