-- Which campaigns are there, in any account of any network?
-- Grain: one row per platform, account and campaign.
-- A campaign that has spend but no description is here all the same, without a name. campaign_key
-- is the spelling in which ids are compared; channel_key leads to the channel in int_channels.
with

described as (
    select
        platform,
        account_id,
        campaign_id,
        campaign_name,
        campaign_status,
        campaign_type,
        objective,
        start_date,
        end_date
    from staging.stg_campaigns
),

spending as (
    select
        platform,
        account_id,
        campaign_id,
        min(currency_code) as currency_code,
        min(date_day) as first_day,
        max(date_day) as last_day
    from staging.stg_campaign_daily
    group by platform, account_id, campaign_id
),

accounts as (
    select
        platform,
        account_id,
        account_name,
        currency_code,
        time_zone
    from staging.stg_ad_accounts
),

campaigns as (
    select
        coalesce(described.platform, spending.platform) as platform,
        coalesce(described.account_id, spending.account_id) as account_id,
        coalesce(described.campaign_id, spending.campaign_id) as campaign_id,
        described.campaign_name,
        described.campaign_status,
        described.campaign_type,
        described.objective,
        spending.currency_code,
        described.start_date,
        described.end_date,
        spending.first_day,
        spending.last_day
    from described
    full outer join spending
        on
            described.platform = spending.platform
            and described.account_id = spending.account_id
            and described.campaign_id = spending.campaign_id
),

keyed as (
    select
        campaigns.platform,
        campaigns.account_id,
        campaigns.campaign_id,
        regexp_replace(
            regexp_replace(lower(campaigns.campaign_id), '^urn:li:[a-z]+:', ''), '\.0+$', ''
        ) as campaign_key,
        accounts.account_name,
        campaigns.campaign_name,
        campaigns.campaign_status,
        campaigns.campaign_type,
        campaigns.platform || '|' || coalesce(campaigns.campaign_type, '') || '|||true'
            as channel_key,
        campaigns.objective,
        coalesce(accounts.currency_code, campaigns.currency_code) as currency_code,
        accounts.time_zone,
        campaigns.start_date,
        campaigns.end_date,
        campaigns.first_day,
        campaigns.last_day
    from campaigns
    left join accounts
        on
            campaigns.platform = accounts.platform
            and campaigns.account_id = accounts.account_id
)

select * from keyed
