-- Do both ROI marts carry every new-business deal of fct_opportunities, and none besides?
-- Grain: one row per mart and cohort month in which deals, customers or amounts differ.
with

deals as (
    select
        cohort_month,
        count(*) as opportunities,
        count(*) filter (where is_won) as won_deals,
        count(*) filter (where is_closed and not is_won) as lost_deals,
        count(*) filter (where is_new_customer) as customers,
        coalesce(sum(amount_base) filter (where is_won), 0) as won_revenue_base,
        coalesce(sum(amount_base) filter (where not is_closed), 0) as open_pipeline_base,
        coalesce(sum(amount_base) filter (where is_closed and not is_won), 0) as lost_amount_base
    from build.fct_opportunities
    where type_group = 'new_business'
    group by cohort_month
),

marts as (
    select
        'mart_channel_roi_monthly' as mart,
        cohort_month,
        sum(opportunities) as opportunities,
        sum(won_deals) as won_deals,
        sum(lost_deals) as lost_deals,
        sum(customers) as customers,
        sum(won_revenue_base) as won_revenue_base,
        sum(open_pipeline_base) as open_pipeline_base,
        sum(lost_amount_base) as lost_amount_base
    from build.mart_channel_roi_monthly
    group by cohort_month
    union all
    select
        'mart_campaign_roi_monthly' as mart,
        cohort_month,
        sum(opportunities) as opportunities,
        sum(won_deals) as won_deals,
        sum(lost_deals) as lost_deals,
        sum(customers) as customers,
        sum(won_revenue_base) as won_revenue_base,
        sum(open_pipeline_base) as open_pipeline_base,
        sum(lost_amount_base) as lost_amount_base
    from build.mart_campaign_roi_monthly
    group by cohort_month
),

names as (
    select 'mart_channel_roi_monthly' as mart
    union all
    select 'mart_campaign_roi_monthly' as mart
),

expected as (
    select
        names.mart,
        deals.cohort_month,
        deals.opportunities,
        deals.won_deals,
        deals.lost_deals,
        deals.customers,
        deals.won_revenue_base,
        deals.open_pipeline_base,
        deals.lost_amount_base
    from deals
    cross join names
),

wrong as (
    select
        coalesce(expected.mart, marts.mart) as mart,
        coalesce(expected.cohort_month, marts.cohort_month) as cohort_month,
        expected.opportunities as fact_opportunities,
        marts.opportunities as mart_opportunities,
        expected.won_revenue_base as fact_won_revenue,
        marts.won_revenue_base as mart_won_revenue
    from expected
    full outer join marts
        on
            expected.mart = marts.mart
            and expected.cohort_month = marts.cohort_month
    where
        coalesce(expected.opportunities, 0) <> coalesce(marts.opportunities, 0)
        or coalesce(expected.customers, 0) <> coalesce(marts.customers, 0)
        or coalesce(expected.won_revenue_base, 0) <> coalesce(marts.won_revenue_base, 0)
        or coalesce(expected.open_pipeline_base, 0) <> coalesce(marts.open_pipeline_base, 0)
        or coalesce(expected.won_deals, 0) <> coalesce(marts.won_deals, 0)
        or coalesce(expected.lost_deals, 0) <> coalesce(marts.lost_deals, 0)
        or coalesce(expected.lost_amount_base, 0) <> coalesce(marts.lost_amount_base, 0)
)

select * from wrong
