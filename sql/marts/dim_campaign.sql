-- What is known of each campaign, and which channel is it?
-- Grain: one row per platform, account and campaign.
-- Campaigns of the CRM stand under platform crm. Two kinds of rows stand for the lack of a
-- campaign: unmatched (a touch, but no campaign is known) and unattributed (no touch is known).
with

ad_campaigns as (
    select
        campaigns.platform,
        campaigns.account_id,
        campaigns.campaign_id,
        campaigns.account_name,
        campaigns.campaign_name,
        campaigns.campaign_status,
        campaigns.campaign_type,
        campaigns.objective,
        coalesce(campaigns.told_channel, channels.channel) as channel,
        campaigns.currency_code,
        campaigns.time_zone,
        campaigns.start_date,
        campaigns.end_date,
        campaigns.first_day,
        campaigns.last_day
    from build.int_campaigns as campaigns
    left join build.int_channels as channels
        on campaigns.channel_key = channels.channel_key
),

crm_campaigns as (
    select
        'crm' as platform,
        'crm' as account_id,
        campaigns.crm_campaign_id as campaign_id,
        'Campaigns of the CRM' as account_name,
        campaigns.crm_campaign_name as campaign_name,
        campaigns.crm_campaign_status as campaign_status,
        campaigns.crm_campaign_type as campaign_type,
        null as objective,
        coalesce(types.channel, 'Other') as channel,
        campaigns.currency_code,
        null as time_zone,
        campaigns.start_date,
        campaigns.end_date,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from staging.stg_crm_campaigns as campaigns
    left join staging.seed_crm_campaign_types as types
        on lower(trim(campaigns.crm_campaign_type)) = types.crm_campaign_type
),

-- A response may name a campaign of the CRM that was never loaded.
unknown_crm_campaigns as (
    select distinct touches.crm_campaign_id
    from build.int_touchpoints as touches
    left join crm_campaigns
        on touches.crm_campaign_id = crm_campaigns.campaign_id
    where touches.crm_campaign_id is not null and crm_campaigns.campaign_id is null
),

platforms as (
    select platform from build.int_campaigns
    union
    select platform from staging.stg_platform_tags
    union
    select platform
    from build.int_touchpoints
    where platform is not null
    union
    select 'unmatched' as platform
),

named as (
    select * from ad_campaigns
    union all
    select * from crm_campaigns
    union all
    select
        'crm' as platform,
        'crm' as account_id,
        crm_campaign_id as campaign_id,
        'Campaigns of the CRM' as account_name,
        null as campaign_name,
        null as campaign_status,
        null as campaign_type,
        null as objective,
        'Other' as channel,
        null as currency_code,
        null as time_zone,
        cast(null as date) as start_date,
        cast(null as date) as end_date,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from unknown_crm_campaigns
    union all
    select
        platform,
        'unmatched' as account_id,
        'unmatched' as campaign_id,
        'No account known' as account_name,
        'No campaign known' as campaign_name,
        null as campaign_status,
        null as campaign_type,
        null as objective,
        null as channel,
        null as currency_code,
        null as time_zone,
        cast(null as date) as start_date,
        cast(null as date) as end_date,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from platforms
    union all
    select
        'unattributed' as platform,
        'unattributed' as account_id,
        'unattributed' as campaign_id,
        'No touch known' as account_name,
        'No touch known' as campaign_name,
        null as campaign_status,
        null as campaign_type,
        null as objective,
        'Unattributed' as channel,
        null as currency_code,
        null as time_zone,
        cast(null as date) as start_date,
        cast(null as date) as end_date,
        cast(null as date) as first_day,
        cast(null as date) as last_day
)

select * from named
