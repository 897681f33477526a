-- Does every fact and mart row find its campaign, day, person, touch and deal?
-- Grain: one row per row without its dimension.
with

missing_campaigns as (
    select
        'fct_ad_spend_daily' as mart,
        facts.platform || '/' || facts.account_id || '/' || facts.campaign_id as row_key,
        'dim_campaign' as dimension
    from build.fct_ad_spend_daily as facts
    left join build.dim_campaign as campaigns
        on
            facts.platform = campaigns.platform
            and facts.account_id = campaigns.account_id
            and facts.campaign_id = campaigns.campaign_id
    where campaigns.platform is null or campaigns.channel is null
    union all
    select
        'fct_conversions_daily' as mart,
        facts.platform || '/' || facts.account_id || '/' || facts.campaign_id as row_key,
        'dim_campaign' as dimension
    from build.fct_conversions_daily as facts
    left join build.dim_campaign as campaigns
        on
            facts.platform = campaigns.platform
            and facts.account_id = campaigns.account_id
            and facts.campaign_id = campaigns.campaign_id
    where campaigns.platform is null
    union all
    select
        'dim_ad_group' as mart,
        facts.platform || '/' || facts.account_id || '/' || facts.ad_group_id as row_key,
        'dim_campaign' as dimension
    from build.dim_ad_group as facts
    left join build.dim_campaign as campaigns
        on
            facts.platform = campaigns.platform
            and facts.account_id = campaigns.account_id
            and facts.campaign_id = campaigns.campaign_id
    where facts.campaign_id is not null and campaigns.platform is null
    union all
    select
        'mart_campaign_roi_monthly' as mart,
        facts.platform || '/' || facts.account_id || '/' || facts.campaign_id as row_key,
        'dim_campaign' as dimension
    from build.mart_campaign_roi_monthly as facts
    left join build.dim_campaign as campaigns
        on
            facts.platform = campaigns.platform
            and facts.account_id = campaigns.account_id
            and facts.campaign_id = campaigns.campaign_id
    where campaigns.platform is null
    union all
    select
        'mart_returns_by_model_monthly' as mart,
        facts.platform || '/' || facts.account_id || '/' || facts.campaign_id as row_key,
        'dim_campaign' as dimension
    from build.mart_returns_by_model_monthly as facts
    left join build.dim_campaign as campaigns
        on
            facts.platform = campaigns.platform
            and facts.account_id = campaigns.account_id
            and facts.campaign_id = campaigns.campaign_id
    where campaigns.platform is null
    union all
    select
        'mart_revenue_by_close_month' as mart,
        facts.platform || '/' || facts.account_id || '/' || facts.campaign_id as row_key,
        'dim_campaign' as dimension
    from build.mart_revenue_by_close_month as facts
    left join build.dim_campaign as campaigns
        on
            facts.platform = campaigns.platform
            and facts.account_id = campaigns.account_id
            and facts.campaign_id = campaigns.campaign_id
    where campaigns.platform is null
    union all
    select
        'fct_touchpoints' as mart,
        facts.touchpoint_id as row_key,
        'dim_campaign' as dimension
    from build.fct_touchpoints as facts
    left join build.dim_campaign as campaigns
        on
            facts.platform = campaigns.platform
            and facts.account_id = campaigns.account_id
            and facts.campaign_id = campaigns.campaign_id
    where facts.campaign_id is not null and campaigns.platform is null
    union all
    select
        'fct_touchpoints' as mart,
        facts.touchpoint_id as row_key,
        'dim_campaign' as dimension
    from build.fct_touchpoints as facts
    left join build.dim_campaign as campaigns
        on
            campaigns.platform = 'crm'
            and facts.crm_campaign_id = campaigns.campaign_id
    where facts.crm_campaign_id is not null and campaigns.platform is null
),

missing_ads as (
    select
        'fct_ad_performance_daily' as mart,
        facts.platform || '/' || facts.account_id || '/' || facts.ad_group_id || '/' || facts.ad_id
            as row_key,
        'dim_ad' as dimension
    from build.fct_ad_performance_daily as facts
    left join build.dim_ad as ads
        on
            facts.platform = ads.platform
            and facts.account_id = ads.account_id
            and facts.ad_group_id = ads.ad_group_id
            and facts.ad_id = ads.ad_id
    where ads.ad_id is null
    union all
    select
        'fct_touchpoints' as mart,
        facts.touchpoint_id as row_key,
        'dim_ad' as dimension
    from build.fct_touchpoints as facts
    left join build.dim_ad as ads
        on
            facts.platform = ads.platform
            and facts.account_id = ads.account_id
            and facts.ad_group_id = ads.ad_group_id
            and facts.ad_id = ads.ad_id
    where facts.ad_group_id is not null and facts.ad_id is not null and ads.ad_id is null
    union all
    select
        'dim_ad' as mart,
        facts.platform || '/' || facts.account_id || '/' || facts.ad_group_id || '/' || facts.ad_id
            as row_key,
        'dim_ad_group' as dimension
    from build.dim_ad as facts
    left join build.dim_ad_group as ad_groups
        on
            facts.platform = ad_groups.platform
            and facts.account_id = ad_groups.account_id
            and facts.ad_group_id = ad_groups.ad_group_id
    where ad_groups.ad_group_id is null
),

missing_accounts as (
    select
        'fct_ad_spend_daily' as mart,
        facts.platform || '/' || facts.account_id as row_key,
        'dim_ad_account' as dimension
    from build.fct_ad_spend_daily as facts
    left join build.dim_ad_account as accounts
        on
            facts.platform = accounts.platform
            and facts.account_id = accounts.account_id
    where accounts.account_id is null
),

missing_days as (
    select
        'fct_ad_spend_daily' as mart,
        cast(facts.date_day as text) as row_key,
        'dim_date' as dimension
    from build.fct_ad_spend_daily as facts
    left join build.dim_date as days
        on facts.date_day = days.date_day
    where days.date_day is null
    union all
    select
        'fct_ad_performance_daily' as mart,
        cast(facts.date_day as text) as row_key,
        'dim_date' as dimension
    from build.fct_ad_performance_daily as facts
    left join build.dim_date as days
        on facts.date_day = days.date_day
    where days.date_day is null
    union all
    select
        'fct_conversions_daily' as mart,
        cast(facts.date_day as text) as row_key,
        'dim_date' as dimension
    from build.fct_conversions_daily as facts
    left join build.dim_date as days
        on facts.date_day = days.date_day
    where days.date_day is null
    union all
    select
        'fct_touchpoints' as mart,
        facts.touchpoint_id as row_key,
        'dim_date' as dimension
    from build.fct_touchpoints as facts
    left join build.dim_date as days
        on facts.date_day = days.date_day
    where days.date_day is null
),

months as (
    select
        'mart_revenue_by_close_month' as mart,
        close_month as month
    from build.mart_revenue_by_close_month
    union
    select
        'mart_attribution_rates_monthly' as mart,
        close_month as month
    from build.mart_attribution_rates_monthly
    union
    select
        'mart_sales_cycles_monthly' as mart,
        close_month as month
    from build.mart_sales_cycles_monthly
    union
    select
        'mart_funnel_monthly' as mart,
        cohort_month as month
    from build.mart_funnel_monthly
),

missing_months as (
    select
        months.mart,
        cast(months.month as text) as row_key,
        'dim_date' as dimension
    from months
    left join build.dim_date as days
        on months.month = days.date_day
    where days.date_day is null
),

missing_people as (
    select
        'fct_touchpoints' as mart,
        facts.touchpoint_id as row_key,
        'fct_people' as dimension
    from build.fct_touchpoints as facts
    left join build.fct_people as people
        on facts.person_id = people.person_id
    where people.person_id is null
),

missing_touches as (
    select
        'fct_attribution' as mart,
        facts.opportunity_id as row_key,
        'fct_touchpoints' as dimension
    from build.fct_attribution as facts
    left join build.fct_touchpoints as touches
        on facts.touchpoint_id = touches.touchpoint_id
    where facts.touchpoint_id <> 'unattributed' and touches.touchpoint_id is null
    union all
    select
        'fct_people' as mart,
        facts.person_id as row_key,
        'fct_touchpoints' as dimension
    from build.fct_people as facts
    left join build.fct_touchpoints as touches
        on facts.first_touchpoint_id = touches.touchpoint_id
    where facts.first_touchpoint_id is not null and touches.touchpoint_id is null
),

missing_deals as (
    select
        'fct_attribution' as mart,
        facts.opportunity_id as row_key,
        'fct_opportunities' as dimension
    from build.fct_attribution as facts
    left join build.fct_opportunities as deals
        on facts.opportunity_id = deals.opportunity_id
    where deals.opportunity_id is null
),

wrong as (
    select * from missing_campaigns
    union all
    select * from missing_ads
    union all
    select * from missing_accounts
    union all
    select * from missing_days
    union all
    select * from missing_months
    union all
    select * from missing_people
    union all
    select * from missing_touches
    union all
    select * from missing_deals
)

select * from wrong
