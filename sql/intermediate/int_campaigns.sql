-- Which campaigns are there, in any account of any network, and which were entered by hand?
-- Grain: one row per platform, account and campaign.
-- A campaign that nobody describes is here all the same, without a name, if anything tells of it:
-- spend, an ad group, an ad, a click, a lead form or a conversion. campaign_key is the spelling in
-- which ids are compared; channel_key leads to the channel in int_channels, unless told_channel
-- says it.
with

described as (
    select
        platform,
        account_id,
        campaign_id,
        campaign_name,
        campaign_status,
        campaign_type,
        cast(null as text) as told_channel,
        objective,
        start_date,
        end_date
    from staging.stg_campaigns
    union all
    select
        platform,
        account_id,
        campaign_id,
        min(campaign_name) as campaign_name,
        null as campaign_status,
        null as campaign_type,
        min(channel) as told_channel,
        null as objective,
        min(first_day) as start_date,
        max(last_day) as end_date
    from build.int_manual_spend
    group by platform, account_id, campaign_id
),

told as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day as first_day,
        date_day as last_day
    from build.int_campaign_days
    union all
    select distinct
        platform,
        account_id,
        campaign_id,
        cast(null as text) as currency_code,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from build.int_ad_groups
    union all
    select distinct
        platform,
        account_id,
        campaign_id,
        cast(null as text) as currency_code,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from staging.stg_clicks
    union all
    select distinct
        platform,
        account_id,
        campaign_id,
        cast(null as text) as currency_code,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from staging.stg_lead_form_responses
    union all
    select distinct
        platform,
        account_id,
        campaign_id,
        cast(null as text) as currency_code,
        cast(null as date) as first_day,
        cast(null as date) as last_day
    from staging.stg_conversion_daily
),

gathered as (
    select
        platform,
        account_id,
        campaign_id,
        min(currency_code) as currency_code,
        min(first_day) as first_day,
        max(last_day) as last_day
    from told
    where campaign_id is not null
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
        coalesce(described.platform, gathered.platform) as platform,
        coalesce(described.account_id, gathered.account_id) as account_id,
        coalesce(described.campaign_id, gathered.campaign_id) as campaign_id,
        described.campaign_name,
        described.campaign_status,
        described.campaign_type,
        described.told_channel,
        described.objective,
        gathered.currency_code,
        described.start_date,
        described.end_date,
        gathered.first_day,
        gathered.last_day
    from described
    full outer join gathered
        on
            described.platform = gathered.platform
            and described.account_id = gathered.account_id
            and described.campaign_id = gathered.campaign_id
),

keyed as (
    select
        campaigns.platform,
        campaigns.account_id,
        campaigns.campaign_id,
        regexp_replace(
            regexp_replace(lower(campaigns.campaign_id), '^urn:li:[a-z]+:', ''), '\.0+$', ''
        ) as campaign_key,
        case
            when campaigns.told_channel is not null then 'Entered by hand'
            else accounts.account_name
        end as account_name,
        campaigns.campaign_name,
        campaigns.campaign_status,
        campaigns.campaign_type,
        campaigns.told_channel,
        case
            when campaigns.told_channel is null
                then campaigns.platform || '|' || coalesce(campaigns.campaign_type, '') || '|||true'
        end as channel_key,
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
