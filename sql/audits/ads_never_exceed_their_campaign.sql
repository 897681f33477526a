-- Do the ads of a campaign have no more spend, impressions and clicks on a day than the campaign?
-- Grain: one row per platform, account, campaign and day on which they have.
-- Half a cent an ad is tolerated, for networks round each ad by itself, and half a cent for the
-- campaign's own rounding; and a credit to the campaign, as far as the month's gaps name it.
with

campaign_days as (
    select
        platform,
        account_id,
        campaign_id,
        date_day,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from build.fct_ad_spend_daily
    group by platform, account_id, campaign_id, date_day
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
    from build.fct_ad_performance_daily
    group by platform, account_id, campaign_id, date_day
),

credits as (
    select
        platform,
        account_id,
        campaign_id,
        month,
        sum(-spend_gap) as spend
    from build.mart_ad_level_gaps_monthly
    where reason = 'credit'
    group by platform, account_id, campaign_id, month
),

wrong as (
    select
        ad_days.platform,
        ad_days.account_id,
        ad_days.campaign_id,
        ad_days.date_day,
        campaign_days.spend as campaign_spend,
        ad_days.spend as ads_spend,
        campaign_days.impressions as campaign_impressions,
        ad_days.impressions as ads_impressions,
        campaign_days.clicks as campaign_clicks,
        ad_days.clicks as ads_clicks
    from ad_days
    left join campaign_days
        on
            ad_days.platform = campaign_days.platform
            and ad_days.account_id = campaign_days.account_id
            and ad_days.campaign_id = campaign_days.campaign_id
            and ad_days.date_day = campaign_days.date_day
    left join credits
        on
            ad_days.platform = credits.platform
            and ad_days.account_id = credits.account_id
            and ad_days.campaign_id = credits.campaign_id
            and credits.month = cast(date_trunc('month', ad_days.date_day) as date)
    where
        ad_days.spend > coalesce(campaign_days.spend, 0) + coalesce(credits.spend, 0)
        + 0.005 * (ad_days.ads + 1)
        or ad_days.impressions > coalesce(campaign_days.impressions, 0)
        or ad_days.clicks > coalesce(campaign_days.clicks, 0)
)

select * from wrong
