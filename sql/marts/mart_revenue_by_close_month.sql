-- What was won in each month, and what of it does each model credit to which campaign?
-- Grain: one row per channel, platform, account, campaign, type group, model and close month.
-- Of a deal shared by several touches each has its part of the deal and of its amount. Touches
-- without a campaign stand under unmatched, deals without a touch under unattributed. Renewals and
-- expansions are apart by type_group. No cost stands here: it belongs to cohorts.
with

placed as (
    select
        case
            when touchpoint_id = 'unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(platform, 'unmatched')
        end as platform,
        case
            when touchpoint_id = 'unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(account_id, 'unmatched')
        end as account_id,
        case
            when touchpoint_id = 'unattributed' then 'unattributed'
            else coalesce(crm_campaign_id, campaign_id, 'unmatched')
        end as campaign_id,
        channel,
        type_group,
        model,
        cast(date_trunc('month', close_date) as date) as close_month,
        weight,
        amount_base,
        amount is not null and amount_base is null as is_unpriced
    from build.fct_attribution
    where basis = 'won'
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
