-- What does each platform claim to have brought, action by action?
-- Grain: one row per platform, account, campaign, conversion action and day in the account's zone.
-- What platforms claim is in no sum of ours, and theirs are never added across platforms.
with

conversions as (
    select
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        daily.conversion_action_id,
        campaigns.account_name,
        coalesce(names.thing_name, campaigns.campaign_name) as campaign_name,
        daily.conversion_action_name,
        daily.currency_code,
        daily.date_day,
        daily.reported_conversions,
        daily.reported_conversions_value,
        daily.first_loaded_at,
        daily.last_restated_at
    from staging.stg_conversion_daily as daily
    left join build.int_campaigns as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    left join build.int_names as names
        on
            daily.platform = names.platform
            and daily.account_id = names.account_id
            and names.level = 'campaign'
            and daily.campaign_id = names.thing_id
            and daily.date_day between names.first_day and names.last_day
)

select * from conversions
