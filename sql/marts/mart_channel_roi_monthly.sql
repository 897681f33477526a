-- What has each month's spend on a channel brought since, up to the as-of day?
-- Grain: one row per channel and cohort month.
-- New business alone, by the month of the first touch; a channel without ads has spend 0 and no
-- ROI. What platforms report is not here: it must not be added across platforms.
-- The days missing of an account of which no campaign is known count for every channel that its
-- network's other campaigns have, or else that the channel rules give the network.
with

account_channels as (
    select distinct
        platform,
        account_id,
        channel
    from build.dim_campaign
    where channel is not null
),

platform_channels as (
    select
        platform,
        channel
    from account_channels
    union
    select
        rules.platform,
        rules.channel
    from staging.seed_channel_rules as rules
    left join account_channels
        on rules.platform = account_channels.platform
    where rules.platform is not null and account_channels.platform is null
),

channels_concerned as (
    select
        platform,
        account_id,
        channel
    from account_channels
    union all
    select
        known.source as platform,
        known.account_id,
        platform_channels.channel
    from ops.known_accounts as known
    inner join platform_channels
        on known.source = platform_channels.platform
    left join account_channels
        on
            known.source = account_channels.platform
            and known.account_id = account_channels.account_id
    where account_channels.account_id is null
),

missing as (
    select
        channels_concerned.channel,
        cast(date_trunc('month', health.date_day) as date) as cohort_month,
        count(*) as missing_days
    from build.mart_data_health as health
    inner join channels_concerned
        on
            health.source = channels_concerned.platform
            and health.account_id = channels_concerned.account_id
    where health.status = 'missing'
    group by channels_concerned.channel, cast(date_trunc('month', health.date_day) as date)
),

returns as (
    select
        cohorts.channel,
        cohorts.cohort_month,
        cohorts.spend_base,
        cohorts.impressions,
        cohorts.clicks,
        cohorts.leads,
        cohorts.mqls,
        cohorts.sqls,
        cohorts.opportunities,
        cohorts.won_deals,
        cohorts.lost_deals,
        cohorts.customers,
        cohorts.won_revenue_base,
        cohorts.open_pipeline_base,
        cohorts.lost_amount_base,
        cohorts.ctr,
        cohorts.cpc,
        cohorts.cpm,
        cohorts.cpl,
        cohorts.cost_per_mql,
        cohorts.cost_per_sql,
        cohorts.cost_per_opportunity,
        cohorts.cac,
        cohorts.roas,
        cohorts.roi,
        cohorts.pipeline_per_spend,
        cohorts.win_rate,
        cohorts.win_rate_by_amount,
        cohorts.age_days,
        coalesce(missing.missing_days, 0) as missing_days
    from build.int_returns as cohorts
    left join missing
        on
            cohorts.channel = missing.channel
            and cohorts.cohort_month = missing.cohort_month
    where cohorts.level = 'channel'
)

select * from returns
