-- Which ads are there, in any account of any network?
-- Grain: one row per platform, account, ad group and ad.
-- An ad known from its figures, a click or a lead form alone is here all the same.
with

described as (
    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        form_id,
        ad_name,
        ad_status,
        ad_type,
        url_template,
        landing_page_url,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        utm_id
    from staging.stg_ads
),

told as (
    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        date_day as first_day,
        date_day as last_day
    from staging.stg_ad_daily
    union all
    select distinct
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from staging.stg_clicks
    where ad_group_id is not null and ad_id is not null
    union all
    select distinct
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from staging.stg_lead_form_responses
    where ad_group_id is not null and ad_id is not null
),

gathered as (
    select
        platform,
        account_id,
        min(campaign_id) as campaign_id,
        ad_group_id,
        ad_id,
        min(first_day) as first_day,
        max(last_day) as last_day
    from told
    group by platform, account_id, ad_group_id, ad_id
),

ads as (
    select
        coalesce(described.platform, gathered.platform) as platform,
        coalesce(described.account_id, gathered.account_id) as account_id,
        coalesce(described.campaign_id, gathered.campaign_id) as campaign_id,
        coalesce(described.ad_group_id, gathered.ad_group_id) as ad_group_id,
        coalesce(described.ad_id, gathered.ad_id) as ad_id,
        described.form_id,
        described.ad_name,
        described.ad_status,
        described.ad_type,
        described.url_template,
        described.landing_page_url,
        described.utm_source,
        described.utm_medium,
        described.utm_campaign,
        described.utm_content,
        described.utm_term,
        described.utm_id,
        gathered.first_day,
        gathered.last_day
    from described
    full outer join gathered
        on
            described.platform = gathered.platform
            and described.account_id = gathered.account_id
            and described.ad_group_id = gathered.ad_group_id
            and described.ad_id = gathered.ad_id
)

select * from ads
