-- Is all spend in both ROI marts, in its month and the reporting currency?
-- Grain: one row per mart, platform, account, campaign (channel mart: channel) and month that
-- differs.
with

campaign_spend as (
    select
        platform,
        account_id,
        campaign_id,
        cast(date_trunc('month', date_day) as date) as month,
        sum(spend_base) as spend_base
    from build.fct_ad_spend_daily
    group by platform, account_id, campaign_id, cast(date_trunc('month', date_day) as date)
),

campaign_mart as (
    select
        platform,
        account_id,
        campaign_id,
        cohort_month as month,
        spend_base
    from build.mart_campaign_roi_monthly
),

channel_spend as (
    select
        campaigns.channel,
        cast(date_trunc('month', daily.date_day) as date) as month,
        sum(daily.spend_base) as spend_base
    from build.fct_ad_spend_daily as daily
    left join build.dim_campaign as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    group by campaigns.channel, cast(date_trunc('month', daily.date_day) as date)
),

channel_mart as (
    select
        channel,
        cohort_month as month,
        spend_base
    from build.mart_channel_roi_monthly
),

wrong as (
    select
        'mart_campaign_roi_monthly' as mart,
        coalesce(campaign_spend.platform, campaign_mart.platform) as platform,
        coalesce(campaign_spend.account_id, campaign_mart.account_id) as account_id,
        coalesce(campaign_spend.campaign_id, campaign_mart.campaign_id) as placed_under,
        coalesce(campaign_spend.month, campaign_mart.month) as month,
        campaign_spend.spend_base as fact_spend,
        campaign_mart.spend_base as mart_spend
    from campaign_spend
    full outer join campaign_mart
        on
            campaign_spend.platform = campaign_mart.platform
            and campaign_spend.account_id = campaign_mart.account_id
            and campaign_spend.campaign_id = campaign_mart.campaign_id
            and campaign_spend.month = campaign_mart.month
    where coalesce(campaign_spend.spend_base, 0) <> coalesce(campaign_mart.spend_base, 0)
    union all
    select
        'mart_channel_roi_monthly' as mart,
        null as platform,
        null as account_id,
        coalesce(channel_spend.channel, channel_mart.channel) as placed_under,
        coalesce(channel_spend.month, channel_mart.month) as month,
        channel_spend.spend_base as fact_spend,
        channel_mart.spend_base as mart_spend
    from channel_spend
    full outer join channel_mart
        on
            channel_spend.channel = channel_mart.channel
            and channel_spend.month = channel_mart.month
    where coalesce(channel_spend.spend_base, 0) <> coalesce(channel_mart.spend_base, 0)
)

select * from wrong
