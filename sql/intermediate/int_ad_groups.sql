-- Which ad groups are there, in any account of any network?
-- Grain: one row per platform, account and ad group.
-- An ad group known from its ads, their figures or a click alone is here all the same.
with

described as (
    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_group_name,
        ad_group_status,
        ad_group_type
    from staging.stg_ad_groups
),

told as (
    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        first_day,
        last_day
    from build.int_ads
    union all
    select distinct
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from staging.stg_clicks
    where ad_group_id is not null
    union all
    select distinct
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from staging.stg_lead_form_responses
    where ad_group_id is not null
),

gathered as (
    select
        platform,
        account_id,
        min(campaign_id) as campaign_id,
        ad_group_id,
        min(first_day) as first_day,
        max(last_day) as last_day
    from told
    group by platform, account_id, ad_group_id
),

ad_groups as (
    select
        coalesce(described.platform, gathered.platform) as platform,
        coalesce(described.account_id, gathered.account_id) as account_id,
        coalesce(described.campaign_id, gathered.campaign_id) as campaign_id,
        coalesce(described.ad_group_id, gathered.ad_group_id) as ad_group_id,
        described.ad_group_name,
        described.ad_group_status,
        described.ad_group_type,
        gathered.first_day,
        gathered.last_day
    from described
    full outer join gathered
        on
            described.platform = gathered.platform
            and described.account_id = gathered.account_id
            and described.ad_group_id = gathered.ad_group_id
)

select * from ad_groups
