-- Is every campaign-month with spend or clicks tied to a touch, or else in mart_utm_audit with all
-- that it cost?
-- Grain: one row per platform, account, campaign and month that is neither, both, or there with
-- another amount.
with

days as (
    select
        platform,
        account_id,
        campaign_id,
        cast(date_trunc('month', date_day) as date) as cohort_month,
        spend,
        spend_base,
        clicks
    from build.fct_ad_spend_daily
),

spent as (
    select
        platform,
        account_id,
        campaign_id,
        cohort_month,
        case when count(*) = count(spend_base) then sum(spend_base) end as spend_base
    from days
    group by platform, account_id, campaign_id, cohort_month
    having count(*) filter (where spend <> 0 or clicks > 0) > 0
),

touched as (
    select distinct
        platform,
        account_id,
        campaign_id,
        cast(date_trunc('month', date_day) as date) as cohort_month
    from build.fct_touchpoints
    where campaign_id is not null
),

audited as (
    select
        platform,
        account_id,
        campaign_id,
        cohort_month,
        spend_base
    from build.mart_utm_audit
    where campaign_id not in ('unmatched', 'unattributed')
),

wrong as (
    select
        coalesce(spent.platform, audited.platform) as platform,
        coalesce(spent.account_id, audited.account_id) as account_id,
        coalesce(spent.campaign_id, audited.campaign_id) as campaign_id,
        coalesce(spent.cohort_month, audited.cohort_month) as cohort_month,
        spent.spend_base,
        audited.spend_base as audited_spend_base,
        touched.campaign_id is not null as is_touched
    from spent
    full outer join audited
        on
            spent.platform = audited.platform
            and spent.account_id = audited.account_id
            and spent.campaign_id = audited.campaign_id
            and spent.cohort_month = audited.cohort_month
    left join touched
        on
            spent.platform = touched.platform
            and spent.account_id = touched.account_id
            and spent.campaign_id = touched.campaign_id
            and spent.cohort_month = touched.cohort_month
    where
        spent.platform is null
        or (audited.platform is null) <> (touched.platform is not null)
        or (audited.platform is not null and spent.spend_base is distinct from audited.spend_base)
)

select * from wrong
