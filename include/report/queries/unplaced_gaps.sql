-- What do campaigns have that their ads do not, and why?
-- Grain: one row per campaign, currency and reason, the chosen months together; the largest gaps of
-- each reason first.
with

told as (
    select
        gaps.reason,
        gaps.platform,
        gaps.account_id,
        gaps.account_name,
        gaps.campaign_id,
        gaps.campaign_name,
        gaps.campaign_type,
        gaps.currency_code,
        gaps.month,
        gaps.days,
        gaps.spend_gap,
        gaps.impressions_gap,
        gaps.clicks_gap
    from marts.mart_ad_level_gaps_monthly as gaps
    left join marts.dim_campaign as campaigns
        on
            gaps.platform = campaigns.platform
            and gaps.account_id = campaigns.account_id
            and gaps.campaign_id = campaigns.campaign_id
    where
        gaps.month between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or campaigns.channel = :channel)
        and (cast(:platform as text) is null or gaps.platform = :platform)
        and (cast(:account_id as text) is null or gaps.account_id = :account_id)
        and (cast(:campaign_id as text) is null or gaps.campaign_id = :campaign_id)
        and (cast(:currency_code as text) is null or gaps.currency_code = :currency_code)
),

gaps as (
    select
        reason,
        platform,
        account_id,
        account_name,
        campaign_id,
        campaign_name,
        campaign_type,
        currency_code,
        min(month) as first_month,
        max(month) as last_month,
        cast(sum(days) as bigint) as days,
        sum(spend_gap) as spend_gap,
        cast(sum(impressions_gap) as bigint) as impressions_gap,
        cast(sum(clicks_gap) as bigint) as clicks_gap
    from told
    group by
        reason,
        platform,
        account_id,
        account_name,
        campaign_id,
        campaign_name,
        campaign_type,
        currency_code
    order by
        case reason when 'unexplained' then 1 when 'not_loaded' then 2 else 3 end asc,
        reason asc,
        abs(sum(spend_gap)) desc,
        platform asc,
        account_id asc,
        campaign_id asc,
        currency_code asc
)

select * from gaps
