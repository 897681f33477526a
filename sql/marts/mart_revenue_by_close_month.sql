-- What was won in each month, and what of it does each model credit to which campaign?
-- Grain: one row per channel, platform, account, campaign, type group, model and close month.
-- Of a deal shared by several touches each has its part of the deal and of its amount. Touches
-- without a campaign stand under unmatched, deals without a touch under unattributed. Renewals and
-- expansions are apart by type_group. No cost stands here: it belongs to cohorts.
with

placed as (
    select
        places.platform,
        places.account_id,
        places.campaign_id,
        places.channel,
        credited.type_group,
        credited.model,
        cast(date_trunc('month', credited.close_date) as date) as close_month,
        credited.weight,
        credited.amount_base,
        credited.amount is not null and credited.amount_base is null as is_unpriced
    from build.fct_attribution as credited
    inner join build.int_touch_places as places
        on credited.touchpoint_id = places.touchpoint_id
    where credited.basis = 'won'
),

credited as (
    select
        platform,
        account_id,
        campaign_id,
        channel,
        type_group,
        model,
        close_month,
        cast(sum(weight) as numeric(20, 10)) as deals,
        cast(
            case when not bool_or(is_unpriced) then coalesce(sum(amount_base), 0) end
            as numeric(18, 2)
        ) as won_revenue_base
    from placed
    group by platform, account_id, campaign_id, channel, type_group, model, close_month
),

named as (
    select
        credited.platform,
        credited.account_id,
        credited.campaign_id,
        campaigns.account_name,
        campaigns.campaign_name,
        credited.channel,
        credited.type_group,
        credited.model,
        credited.close_month,
        credited.deals,
        credited.won_revenue_base
    from credited
    left join build.dim_campaign as campaigns
        on
            credited.platform = campaigns.platform
            and credited.account_id = campaigns.account_id
            and credited.campaign_id = campaigns.campaign_id
)

select * from named
