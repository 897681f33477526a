-- Does mart_utm_audit carry every lead, deal and cent that no campaign has, and none besides?
-- Grain: one row per platform and month in which it differs from the rows unmatched and
-- unattributed of mart_campaign_roi_monthly, or, for renewals and expansions, from the deals. Sums
-- that lack a rate are left to the audit of rates.
with

sides as (
    select
        platform,
        cohort_month,
        leads,
        opportunities,
        won_deals,
        won_revenue_base,
        open_pipeline_base,
        0 as other_revenue_base
    from build.mart_campaign_roi_monthly
    where campaign_id in ('unmatched', 'unattributed')
    union all
    select
        case
            when first_touch_channel = 'Unattributed' then 'unattributed'
            else coalesce(first_touch_platform, 'unmatched')
        end as platform,
        cohort_month,
        0 as leads,
        0 as opportunities,
        0 as won_deals,
        0 as won_revenue_base,
        0 as open_pipeline_base,
        case when amount is not null then amount_base else 0 end as other_revenue_base
    from build.fct_opportunities
    where
        type_group <> 'new_business'
        and (is_won or not is_closed)
        and first_touch_campaign_id is null
        and first_touch_crm_campaign_id is null
    union all
    select
        platform,
        cohort_month,
        -leads as leads,
        -opportunities as opportunities,
        -won_deals as won_deals,
        -won_revenue_base as won_revenue_base,
        -open_pipeline_base as open_pipeline_base,
        -other_won_revenue_base - other_open_pipeline_base as other_revenue_base
    from build.mart_utm_audit
    where campaign_id in ('unmatched', 'unattributed')
),

differences as (
    select
        platform,
        cohort_month,
        sum(leads) as leads,
        sum(opportunities) as opportunities,
        sum(won_deals) as won_deals,
        case when count(*) = count(won_revenue_base) then sum(won_revenue_base) end
            as won_revenue_base,
        case when count(*) = count(open_pipeline_base) then sum(open_pipeline_base) end
            as open_pipeline_base,
        case when count(*) = count(other_revenue_base) then sum(other_revenue_base) end
            as other_revenue_base
    from sides
    group by platform, cohort_month
),

wrong as (
    select
        platform,
        cohort_month,
        leads,
        opportunities,
        won_deals,
        won_revenue_base,
        open_pipeline_base,
        other_revenue_base
    from differences
    where
        leads <> 0
        or opportunities <> 0
        or won_deals <> 0
        or won_revenue_base <> 0
        or open_pipeline_base <> 0
        or other_revenue_base <> 0
)

select * from wrong
