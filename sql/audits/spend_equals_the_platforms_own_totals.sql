-- Does the spend of all campaigns, with what was set aside, come to the total that the network
-- gave separately for the account and day?
-- Grain: one row per platform, account, day and currency that differs by a cent or more.
-- A network that gives no totals of its own is left out.
with

totals as (
    select
        platform,
        account_id,
        currency_code,
        date_day,
        spend
    from staging.stg_account_daily
),

counted as (
    select
        platform,
        account_id,
        currency_code,
        date_day,
        spend
    from build.fct_ad_spend_daily
    where platform in (select totals.platform from totals)
    union all
    select
        rejected.source as platform,
        rejected.account_id,
        rejected.currency_code,
        rejected.date_day,
        rejected.spend
    from ops.rejected_rows as rejected
    inner join ops.load_ledger as ledger
        on
            rejected.source = ledger.source
            and rejected.account_id = ledger.account_id
            and rejected.stream = ledger.stream
            and rejected.date_day = ledger.date_day
            and rejected.batch_id = ledger.batch_id
    where rejected.stream = 'campaign_daily' and rejected.spend is not null
),

summed as (
    select
        platform,
        account_id,
        currency_code,
        date_day,
        sum(spend) as spend
    from counted
    group by platform, account_id, currency_code, date_day
),

wrong as (
    select
        coalesce(totals.platform, summed.platform) as platform,
        coalesce(totals.account_id, summed.account_id) as account_id,
        coalesce(totals.currency_code, summed.currency_code) as currency_code,
        coalesce(totals.date_day, summed.date_day) as date_day,
        totals.spend as platform_total,
        summed.spend as mart_total
    from totals
    full outer join summed
        on
            totals.platform = summed.platform
            and totals.account_id = summed.account_id
            and totals.currency_code = summed.currency_code
            and totals.date_day = summed.date_day
    where abs(coalesce(totals.spend, 0) - coalesce(summed.spend, 0)) >= 0.01
)

select * from wrong
