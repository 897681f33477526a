-- What did each campaign cost on each day?
-- Grain: one row per platform, account, campaign and day in the account's zone.
with

spend as (
    select
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        campaigns.account_name,
        coalesce(names.thing_name, campaigns.campaign_name) as campaign_name,
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
    from build.int_campaign_days as daily
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
    left join build.int_spend_amounts as amounts
        on
            daily.currency_code = amounts.currency_code
            and daily.date_day = amounts.date_day
            and daily.spend = amounts.spend
)

select * from spend
