-- Is every difference between a campaign and its ads in mart_ad_level_gaps_monthly?
-- Grain: one row per platform, account, campaign, currency and month that is not.
with

campaign_months as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        cast(date_trunc('month', date_day) as date) as month,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from staging.stg_campaign_daily
    group by
        platform,
        account_id,
        campaign_id,
        currency_code,
        cast(date_trunc('month', date_day) as date)
),

explained as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        cast(date_trunc('month', date_day) as date) as month,
        spend,
        impressions,
        clicks
    from build.fct_ad_performance_daily
    union all
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        month,
        spend_gap as spend,
        impressions_gap as impressions,
        clicks_gap as clicks
    from build.mart_ad_level_gaps_monthly
),

explained_months as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        month,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from explained
    group by platform, account_id, campaign_id, currency_code, month
),

wrong as (
    select
        coalesce(campaign_months.platform, explained_months.platform) as platform,
        coalesce(campaign_months.account_id, explained_months.account_id) as account_id,
        coalesce(campaign_months.campaign_id, explained_months.campaign_id) as campaign_id,
        coalesce(campaign_months.currency_code, explained_months.currency_code) as currency_code,
        coalesce(campaign_months.month, explained_months.month) as month,
        campaign_months.spend as campaign_spend,
        explained_months.spend as explained_spend
    from campaign_months
    full outer join explained_months
        on
            campaign_months.platform = explained_months.platform
            and campaign_months.account_id = explained_months.account_id
            and campaign_months.campaign_id = explained_months.campaign_id
            and campaign_months.currency_code = explained_months.currency_code
            and campaign_months.month = explained_months.month
    where
        coalesce(campaign_months.spend, 0) <> coalesce(explained_months.spend, 0)
        or coalesce(campaign_months.impressions, 0) <> coalesce(explained_months.impressions, 0)
        or coalesce(campaign_months.clicks, 0) <> coalesce(explained_months.clicks, 0)
)

select * from wrong
