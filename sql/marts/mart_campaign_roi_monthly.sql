-- What has each month's spend on a campaign brought since, up to the as-of day?
-- Grain: one row per platform, account, campaign and cohort month.
-- New business alone, by the month of the first touch. Ratios are NULL where undefined, as is the
-- ROI of a campaign that cost nothing.
-- Ratios take two roundings, to ten places first: one engine divides decimals as doubles, and a
-- tie at the seventh place must fall the same way on all.
with

as_of as (
    select as_of_date
    from build.int_as_of
),

cohorts as (
    select
        roi.platform,
        roi.account_id,
        roi.campaign_id,
        roi.cohort_month,
        cast(
            case
                when count(*) = count(roi.spend_base) then sum(roi.spend_base)
            end as numeric(20, 6)
        ) as spend_base,
        cast(sum(roi.impressions) as bigint) as impressions,
        cast(sum(roi.clicks) as bigint) as clicks,
        cast(sum(roi.reported_conversions) as numeric(20, 4)) as reported_conversions,
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
    group by roi.platform, roi.account_id, roi.campaign_id, roi.cohort_month
),

missing as (
    select
        source as platform,
        account_id,
        cast(date_trunc('month', date_day) as date) as cohort_month,
        count(*) as missing_days
    from build.mart_data_health
    where status = 'missing'
    group by source, account_id, cast(date_trunc('month', date_day) as date)
),

returns as (
    select
        cohorts.platform,
        cohorts.account_id,
        cohorts.campaign_id,
        campaigns.account_name,
        campaigns.campaign_name,
        campaigns.channel,
        cohorts.cohort_month,
        cohorts.spend_base,
        cohorts.impressions,
        cohorts.clicks,
        cohorts.reported_conversions,
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
    left join build.dim_campaign as campaigns
        on
            cohorts.platform = campaigns.platform
            and cohorts.account_id = campaigns.account_id
            and cohorts.campaign_id = campaigns.campaign_id
    left join missing
        on
            cohorts.platform = missing.platform
            and cohorts.account_id = missing.account_id
            and cohorts.cohort_month = missing.cohort_month
)

select * from returns
