-- Which days of which campaign count otherwise than when the marts were last published?
-- Grain: one row per platform, account, campaign and day that differs.
-- Only campaigns whose figures of some closed month moved, or whose channel did, are looked at.
-- old_ is what is still published, new_ what will be; NULL on the side where the day was not known.
with

looked_at as (
    select
        platform,
        account_id,
        campaign_id
    from build.change_figures
    where mart = 'mart_campaign_roi_monthly'
    union
    select
        platform,
        account_id,
        campaign_id
    from build.change_campaigns
    where is_rechanneled
),

old_days as (
    select
        days.platform,
        days.account_id,
        days.campaign_id,
        campaigns.channel,
        days.date_day,
        days.spend,
        days.spend_base,
        days.fx_rate,
        days.impressions,
        days.clicks,
        days.reported_conversions
    from marts.fct_ad_spend_daily as days
    inner join looked_at
        on
            days.platform = looked_at.platform
            and days.account_id = looked_at.account_id
            and days.campaign_id = looked_at.campaign_id
    inner join marts.dim_campaign as campaigns
        on
            days.platform = campaigns.platform
            and days.account_id = campaigns.account_id
            and days.campaign_id = campaigns.campaign_id
),

new_days as (
    select
        days.platform,
        days.account_id,
        days.campaign_id,
        campaigns.channel,
        days.date_day,
        days.spend,
        days.spend_base,
        days.fx_rate,
        days.impressions,
        days.clicks,
        days.reported_conversions
    from build.fct_ad_spend_daily as days
    inner join looked_at
        on
            days.platform = looked_at.platform
            and days.account_id = looked_at.account_id
            and days.campaign_id = looked_at.campaign_id
    inner join build.dim_campaign as campaigns
        on
            days.platform = campaigns.platform
            and days.account_id = campaigns.account_id
            and days.campaign_id = campaigns.campaign_id
),

compared as (
    select
        coalesce(new_days.platform, old_days.platform) as platform,
        coalesce(new_days.account_id, old_days.account_id) as account_id,
        coalesce(new_days.campaign_id, old_days.campaign_id) as campaign_id,
        old_days.channel as old_channel,
        new_days.channel as new_channel,
        coalesce(new_days.date_day, old_days.date_day) as date_day,
        old_days.spend as old_spend,
        new_days.spend as new_spend,
        old_days.spend_base as old_spend_base,
        new_days.spend_base as new_spend_base,
        old_days.fx_rate as old_fx_rate,
        new_days.fx_rate as new_fx_rate,
        old_days.impressions as old_impressions,
        new_days.impressions as new_impressions,
        old_days.clicks as old_clicks,
        new_days.clicks as new_clicks,
        old_days.reported_conversions as old_reported_conversions,
        new_days.reported_conversions as new_reported_conversions,
        old_days.platform is not null as is_old,
        new_days.platform is not null as is_new
    from new_days
    full outer join old_days
        on
            new_days.platform = old_days.platform
            and new_days.account_id = old_days.account_id
            and new_days.campaign_id = old_days.campaign_id
            and new_days.date_day = old_days.date_day
),

changed as (
    select
        platform || '/' || account_id || '/' || campaign_id || '/' || cast(date_day as text)
            as fact_id,
        platform,
        account_id,
        campaign_id,
        old_channel,
        new_channel,
        date_day,
        old_spend,
        new_spend,
        old_spend_base,
        new_spend_base,
        old_fx_rate,
        new_fx_rate,
        old_impressions,
        new_impressions,
        old_clicks,
        new_clicks,
        old_reported_conversions,
        new_reported_conversions,
        is_old,
        is_new
    from compared
    where
        old_channel is distinct from new_channel
        or old_spend is distinct from new_spend
        or old_spend_base is distinct from new_spend_base
        or old_impressions is distinct from new_impressions
        or old_clicks is distinct from new_clicks
        or old_reported_conversions is distinct from new_reported_conversions
        or is_old is distinct from is_new
)

select * from changed
