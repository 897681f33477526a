-- What did each cohort month of a campaign, and of a channel, cost and bring, and at which ratios?
-- Grain: one row per level, platform, account, campaign or channel, and cohort month. level is
-- campaign or channel; what the other level is told by is NULL.
-- New business alone, by the month of the first touch. A sum of base amounts is NULL where one of
-- them is. Ratios are NULL where undefined, as is the ROI of what cost nothing. They take two
-- roundings, to ten places first: one engine divides decimals as doubles, and a tie at the seventh
-- place must fall the same way on all.
with

as_of as (
    select as_of_date
    from build.int_as_of
),

cohorts as (
    select
        case when grouping(channel) = 0 then 'channel' else 'campaign' end as level,
        platform,
        account_id,
        campaign_id,
        channel,
        cohort_month,
        cast(
            case
                when count(*) = count(spend_base) then sum(spend_base)
            end as numeric(20, 6)
        ) as spend_base,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(reported_conversions) as numeric(20, 4)) as reported_conversions,
        cast(sum(leads) as bigint) as leads,
        cast(sum(mqls) as bigint) as mqls,
        cast(sum(sqls) as bigint) as sqls,
        cast(sum(opportunities) as bigint) as opportunities,
        cast(sum(won_deals) as bigint) as won_deals,
        cast(sum(lost_deals) as bigint) as lost_deals,
        cast(sum(customers) as bigint) as customers,
        cast(
            case when count(*) = count(won_revenue_base) then sum(won_revenue_base) end
            as numeric(18, 2)
        ) as won_revenue_base,
        cast(
            case when count(*) = count(open_pipeline_base) then sum(open_pipeline_base) end
            as numeric(18, 2)
        ) as open_pipeline_base,
        cast(
            case when count(*) = count(lost_amount_base) then sum(lost_amount_base) end
            as numeric(18, 2)
        ) as lost_amount_base
    from build.int_roi
    group by
        grouping sets (
            (platform, account_id, campaign_id, cohort_month),
            (channel, cohort_month)
        )
),

returns as (
    select
        cohorts.level,
        cohorts.platform,
        cohorts.account_id,
        cohorts.campaign_id,
        cohorts.channel,
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
        cast(as_of.as_of_date - cohorts.cohort_month as bigint) as age_days
    from cohorts
    cross join as_of
)

select * from returns
