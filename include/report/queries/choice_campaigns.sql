-- Which campaigns can be chosen?
-- Grain: one row per platform, account and campaign that has cost or brought anything. The channel
-- is NULL where no campaign is known, for then each touch has its own.
with

placed as (
    select distinct
        platform,
        account_id,
        campaign_id
    from marts.mart_campaign_roi_monthly
),

campaigns as (
    select
        placed.platform,
        placed.account_id,
        placed.campaign_id,
        campaigns.campaign_name,
        campaigns.channel
    from placed
    left join marts.dim_campaign as campaigns
        on
            placed.platform = campaigns.platform
            and placed.account_id = campaigns.account_id
            and placed.campaign_id = campaigns.campaign_id
    order by
        campaigns.campaign_name asc nulls last,
        placed.platform asc,
        placed.account_id asc,
        placed.campaign_id asc
)

select * from campaigns
