-- What has each month's spend on a channel brought since, up to the as-of day?
-- Grain: one row per channel and cohort month.
-- New business alone, by the month of the first touch; a channel without ads has spend 0 and no
-- ROI. What platforms report is not here: it must not be added across platforms.
-- The days missing of an account of which no campaign is known count for every channel that its
-- network's other campaigns have, or else that the channel rules give the network.
-- Ratios take two roundings, to ten places first: one engine divides decimals as doubles, and a
-- tie at the seventh place must fall the same way on all.
with

as_of as (
    select as_of_date
    from build.int_as_of
),

cohorts as (
    select
        roi.channel,
        roi.cohort_month,
        cast(
            case
                when count(*) = count(roi.spend_base) then sum(roi.spend_base)
            end as numeric(20, 6)
        ) as spend_base,
        cast(sum(roi.impressions) as bigint) as impressions,
        cast(sum(roi.clicks) as bigint) as clicks,
        cast(sum(roi.leads) as bigint) as leads,
        cast(sum(roi.mqls) as bigint) as mqls,
        cast(sum(roi.sqls) as bigint) as sqls,
        cast(sum(roi.opportunities) as bigint) as opportunities,
        cast(sum(roi.won_deals) as bigint) as won_deals,
        cast(sum(roi.lost_deals) as bigint) as lost_deals,
        cast(sum(roi.customers) as bigint) as customers,
        cast(
            case when count(*) = count(roi.won_revenue_base) then sum(roi.won_revenue_base) end
            as numeric(18, 2)
        ) as won_revenue_base,
        cast(
            case when count(*) = count(roi.open_pipeline_base) then sum(roi.open_pipeline_base) end
            as numeric(18, 2)
        ) as open_pipeline_base,
        cast(
            case when count(*) = count(roi.lost_amount_base) then sum(roi.lost_amount_base) end
            as numeric(18, 2)
        ) as lost_amount_base
    from build.int_roi as roi
    group by roi.channel, roi.cohort_month
),

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
        cast(
            cast(
                cast(cohorts.clicks as numeric(20, 6))
                / nullif(cohorts.impressions, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as ctr,
        cast(
            cast(
                cast(cohorts.spend_base as numeric(20, 6))
                / nullif(cohorts.clicks, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cpc,
        cast(
            cast(
                cast(1000 * cohorts.spend_base as numeric(20, 6))
                / nullif(cohorts.impressions, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cpm,
        cast(
            cast(
                cast(cohorts.spend_base as numeric(20, 6))
                / nullif(cohorts.leads, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cpl,
        cast(
            cast(
                cast(cohorts.spend_base as numeric(20, 6))
                / nullif(cohorts.mqls, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cost_per_mql,
        cast(
            cast(
                cast(cohorts.spend_base as numeric(20, 6))
                / nullif(cohorts.sqls, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cost_per_sql,
        cast(
            cast(
                cast(cohorts.spend_base as numeric(20, 6))
                / nullif(cohorts.opportunities, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cost_per_opportunity,
        cast(
            cast(
                cast(cohorts.spend_base as numeric(20, 6))
                / nullif(cohorts.customers, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cac,
        cast(
            cast(
                cast(cohorts.won_revenue_base as numeric(20, 6))
                / nullif(cohorts.spend_base, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roas,
        cast(
            cast(
                cast(cohorts.won_revenue_base - cohorts.spend_base as numeric(20, 6))
                / nullif(cohorts.spend_base, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roi,
        cast(
            cast(
                cast(cohorts.open_pipeline_base as numeric(20, 6))
                / nullif(cohorts.spend_base, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as pipeline_per_spend,
        cast(
            cast(
                cast(cohorts.won_deals as numeric(20, 6))
                / nullif(cohorts.won_deals + cohorts.lost_deals, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as win_rate,
        cast(
            cast(
                cast(cohorts.won_revenue_base as numeric(20, 6))
                / nullif(cohorts.won_revenue_base + cohorts.lost_amount_base, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as win_rate_by_amount,
        cast(as_of.as_of_date - cohorts.cohort_month as bigint) as age_days,
        coalesce(missing.missing_days, 0) as missing_days
    from cohorts
    cross join as_of
    left join missing
        on
            cohorts.channel = missing.channel
            and cohorts.cohort_month = missing.cohort_month
)

select * from returns
