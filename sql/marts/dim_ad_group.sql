-- What is known of each ad group?
-- Grain: one row per platform, account and ad group.
with

ad_groups as (
    select
        ad_groups.platform,
        ad_groups.account_id,
        ad_groups.campaign_id,
        ad_groups.ad_group_id,
        campaigns.account_name,
        campaigns.campaign_name,
        ad_groups.ad_group_name,
        ad_groups.ad_group_status,
        ad_groups.ad_group_type,
        ad_groups.first_day,
        ad_groups.last_day
    from build.int_ad_groups as ad_groups
    left join build.int_campaigns as campaigns
        on
            ad_groups.platform = campaigns.platform
            and ad_groups.account_id = campaigns.account_id
            and ad_groups.campaign_id = campaigns.campaign_id
)

select * from ad_groups
