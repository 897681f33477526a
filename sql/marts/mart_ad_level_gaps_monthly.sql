-- What do campaigns have that their ads do not, and why?
-- Grain: one row per platform, account, campaign, currency, month and reason.
-- A campaign type is held to have no ads when no campaign of it, in any account, has an ad or a
-- figure of one. A day counts as loaded at ad level when the ledger says so or figures stand.
-- Rounding is half a cent an ad and half a cent for the campaign. Where ads cost more than their
-- campaign, which shows no fewer impressions and clicks, it has a credit that no ad bears.
with

campaign_days as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        spend,
        impressions,
        clicks
    from staging.stg_campaign_daily
),

ad_days as (
    select
        platform,
        account_id,
        campaign_id,
        date_day,
        count(*) as ads,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from staging.stg_ad_daily
    group by platform, account_id, campaign_id, date_day
),

loaded_days as (
    select
        source as platform,
        account_id,
        date_day
    from ops.load_ledger
    where stream = 'ad_daily' and date_day is not null
    union
    select
        platform,
        account_id,
        date_day
    from staging.stg_ad_daily
),

types_with_ads as (
    select distinct
        campaigns.platform,
        campaigns.campaign_type
    from build.int_ads as ads
    inner join build.int_campaigns as campaigns
        on
            ads.platform = campaigns.platform
            and ads.account_id = campaigns.account_id
            and ads.campaign_id = campaigns.campaign_id
),

gaps as (
    select
        campaign_days.platform,
        campaign_days.account_id,
        campaign_days.campaign_id,
        campaign_days.currency_code,
        campaign_days.date_day,
        campaign_days.spend - coalesce(ad_days.spend, 0) as spend_gap,
        campaign_days.impressions - coalesce(ad_days.impressions, 0) as impressions_gap,
        campaign_days.clicks - coalesce(ad_days.clicks, 0) as clicks_gap,
        coalesce(ad_days.ads, 0) as ads
    from campaign_days
    left join ad_days
        on
            campaign_days.platform = ad_days.platform
            and campaign_days.account_id = ad_days.account_id
            and campaign_days.campaign_id = ad_days.campaign_id
            and campaign_days.date_day = ad_days.date_day
),

reasoned as (
    select
        gaps.platform,
        gaps.account_id,
        gaps.campaign_id,
        campaigns.account_name,
        campaigns.campaign_name,
        campaigns.campaign_type,
        case
            when loaded_days.platform is null then 'not_loaded'
            when
                gaps.ads = 0
                and campaigns.campaign_type is not null
                and types_with_ads.platform is null
                then 'type_without_ads'
            when
                abs(gaps.spend_gap) <= 0.005 * (gaps.ads + 1)
                and gaps.impressions_gap = 0
                and gaps.clicks_gap = 0
                then 'rounding'
            when
                gaps.spend_gap < -0.005 * (gaps.ads + 1)
                and gaps.impressions_gap >= 0
                and gaps.clicks_gap >= 0
                then 'credit'
            else 'unexplained'
        end as reason,
        gaps.currency_code,
        cast(date_trunc('month', gaps.date_day) as date) as month,
        gaps.spend_gap,
        gaps.impressions_gap,
        gaps.clicks_gap
    from gaps
    left join build.int_campaigns as campaigns
        on
            gaps.platform = campaigns.platform
            and gaps.account_id = campaigns.account_id
            and gaps.campaign_id = campaigns.campaign_id
    left join loaded_days
        on
            gaps.platform = loaded_days.platform
            and gaps.account_id = loaded_days.account_id
            and gaps.date_day = loaded_days.date_day
    left join types_with_ads
        on
            gaps.platform = types_with_ads.platform
            and campaigns.campaign_type = types_with_ads.campaign_type
    where gaps.spend_gap <> 0 or gaps.impressions_gap <> 0 or gaps.clicks_gap <> 0
),

monthly as (
    select
        platform,
        account_id,
        campaign_id,
        min(account_name) as account_name,
        min(campaign_name) as campaign_name,
        min(campaign_type) as campaign_type,
        reason,
        currency_code,
        month,
        count(*) as days,
        cast(sum(spend_gap) as numeric(20, 6)) as spend_gap,
        cast(sum(impressions_gap) as bigint) as impressions_gap,
        cast(sum(clicks_gap) as bigint) as clicks_gap
    from reasoned
    group by platform, account_id, campaign_id, reason, currency_code, month
)

select * from monthly
