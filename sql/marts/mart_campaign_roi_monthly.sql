-- What has each month's spend on a campaign brought since, up to the as-of day?
-- Grain: one row per platform, account, campaign and cohort month.
-- New business alone, by the month of the first touch. Ratios are NULL where undefined, as is the
-- ROI of a campaign that cost nothing.
with

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
    where cohorts.level = 'campaign'
)

select * from returns
