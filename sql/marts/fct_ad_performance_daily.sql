-- What did each ad cost and bring on each day?
-- Grain: one row per platform, account, ad group, ad and day in the account's zone.
with

performance as (
    select
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        daily.ad_group_id,
        daily.ad_id,
        ads.account_name,
        coalesce(campaign_names.thing_name, ads.campaign_name) as campaign_name,
        coalesce(ad_group_names.thing_name, ads.ad_group_name) as ad_group_name,
        coalesce(ad_names.thing_name, ads.ad_name) as ad_name,
        daily.currency_code,
        daily.date_day,
        amounts.fx_rate_date,
        daily.spend,
        amounts.spend_base,
        amounts.fx_rate,
        daily.impressions,
        daily.clicks,
        daily.reported_conversions,
        daily.reported_conversions_value,
        daily.first_loaded_at,
        daily.last_restated_at
    from staging.stg_ad_daily as daily
    left join build.dim_ad as ads
        on
            daily.platform = ads.platform
            and daily.account_id = ads.account_id
            and daily.ad_group_id = ads.ad_group_id
            and daily.ad_id = ads.ad_id
    left join build.int_names as campaign_names
        on
            daily.platform = campaign_names.platform
            and daily.account_id = campaign_names.account_id
            and campaign_names.level = 'campaign'
            and daily.campaign_id = campaign_names.thing_id
            and daily.date_day between campaign_names.first_day and campaign_names.last_day
    left join build.int_names as ad_group_names
        on
            daily.platform = ad_group_names.platform
            and daily.account_id = ad_group_names.account_id
            and ad_group_names.level = 'ad_group'
            and daily.ad_group_id = ad_group_names.thing_id
            and daily.date_day between ad_group_names.first_day and ad_group_names.last_day
    left join build.int_names as ad_names
        on
            daily.platform = ad_names.platform
            and daily.account_id = ad_names.account_id
            and ad_names.level = 'ad'
            and daily.ad_group_id || '/' || daily.ad_id = ad_names.thing_id
            and daily.date_day between ad_names.first_day and ad_names.last_day
    left join build.int_spend_amounts as amounts
        on
            daily.currency_code = amounts.currency_code
            and daily.date_day = amounts.date_day
            and daily.spend = amounts.spend
)

select * from performance
