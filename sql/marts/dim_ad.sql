-- What is known of each ad, and which tags will its visitors carry?
-- Grain: one row per platform, account, ad group and ad.
with

ads as (
    select
        ads.platform,
        ads.account_id,
        ads.campaign_id,
        ads.ad_group_id,
        ads.ad_id,
        ads.form_id,
        ad_groups.account_name,
        ad_groups.campaign_name,
        ad_groups.ad_group_name,
        ads.ad_name,
        ads.ad_status,
        ads.ad_type,
        ads.url_template,
        ads.landing_page_url,
        ads.utm_source,
        ads.utm_medium,
        ads.utm_campaign,
        ads.utm_content,
        ads.utm_term,
        ads.utm_id,
        ads.first_day,
        ads.last_day
    from build.int_ads as ads
    left join build.dim_ad_group as ad_groups
        on
            ads.platform = ad_groups.platform
            and ads.account_id = ad_groups.account_id
            and ads.ad_group_id = ad_groups.ad_group_id
)

select * from ads
