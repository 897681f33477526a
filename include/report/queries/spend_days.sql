-- Which days, as the platform billed them, stand behind the spend of the chosen campaign?
-- Grain: one row per platform, account, campaign and day of the chosen months.
-- Together the rows are the campaign's spend. Each is as it was last loaded; the control total of
-- its month stands with the books, in the reconciliation.
with

days as (
    select
        spent.platform,
        spent.account_id,
        spent.campaign_id,
        spent.campaign_name,
        spent.currency_code,
        spent.date_day,
        spent.fx_rate_date,
        spent.spend,
        spent.spend_base,
        spent.fx_rate,
        spent.impressions,
        spent.clicks,
        spent.reported_conversions,
        spent.first_loaded_at,
        spent.last_restated_at
    from marts.fct_ad_spend_daily as spent
    inner join marts.dim_campaign as campaigns
        on
            spent.platform = campaigns.platform
            and spent.account_id = campaigns.account_id
            and spent.campaign_id = campaigns.campaign_id
    where
        spent.campaign_id = :campaign_id
        and spent.date_day >= cast(:from_month as date)
        and spent.date_day < cast(:to_month as date) + interval '1 month'
        and (cast(:channel as text) is null or campaigns.channel = :channel)
        and (cast(:platform as text) is null or spent.platform = :platform)
        and (cast(:account_id as text) is null or spent.account_id = :account_id)
        and (cast(:currency_code as text) is null or spent.currency_code = :currency_code)
    order by
        spent.date_day desc,
        spent.platform asc,
        spent.account_id asc
)

select * from days
