-- What do the invoices of the chosen months come to, and what is that in the reporting currency?
-- Grain: one row per currency, platform and account with spend.
with

billed as (
    select
        currency_code,
        platform,
        account_id,
        cast(sum(spend) as numeric(20, 6)) as spend,
        cast(case when count(*) = count(spend_base) then sum(spend_base) end as numeric(20, 6))
            as spend_base
    from marts.mart_returns_by_model_monthly
    where
        model = :model
        and spend <> 0
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or channel = :channel)
        and (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
        and (cast(:currency_code as text) is null or currency_code = :currency_code)
    group by currency_code, platform, account_id
),

named as (
    select
        billed.currency_code,
        billed.platform,
        billed.account_id,
        accounts.account_name,
        billed.spend,
        billed.spend_base
    from billed
    left join marts.dim_ad_account as accounts
        on
            billed.platform = accounts.platform
            and billed.account_id = accounts.account_id
    order by
        billed.currency_code asc,
        billed.spend desc,
        billed.platform asc,
        billed.account_id asc
)

select * from named
