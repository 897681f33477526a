-- What did the ad groups and ads of the chosen campaign cost and bring in the chosen months?
-- Grain: one row per level (ad_group, ad) and ad group or ad; none unless a campaign is chosen.
-- As in the returns: leads with their first touch, deals and revenue with the touches that the
-- chosen model credits. What is known to be of the campaign and of no ad group or ad stands under
-- NULL. Spend that no ad carries, as of Performance Max, is the campaign's alone. Chosen a
-- currency, money is what was booked in it; a ratio is NULL where some was booked in another.
with

spent as (
    select
        platform,
        account_id,
        ad_group_id,
        ad_id,
        case
            when cast(:currency_code as text) is null then spend_base
            when currency_code = :currency_code then spend
            else 0
        end as spend,
        case
            when cast(:currency_code as text) is not null and currency_code <> :currency_code
                then abs(spend)
            else 0
        end as other_spend,
        impressions,
        clicks,
        reported_conversions,
        0 as leads,
        0 as won_deals,
        0 as won_revenue,
        0 as other_revenue
    from marts.fct_ad_performance_daily
    where
        campaign_id = :campaign_id
        and (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and date_day >= cast(:from_month as date)
        and date_day < cast(:to_month as date) + interval '1 month'
),

touches as (
    select
        touchpoint_id,
        platform,
        account_id,
        ad_group_id,
        ad_id
    from marts.fct_touchpoints
    where
        campaign_id = :campaign_id
        and crm_campaign_id is null
        and (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:channel as text) is null or channel = :channel)
),

people as (
    select
        touches.platform,
        touches.account_id,
        touches.ad_group_id,
        touches.ad_id,
        0 as spend,
        0 as other_spend,
        0 as impressions,
        0 as clicks,
        cast(null as numeric(20, 4)) as reported_conversions,
        1 as leads,
        0 as won_deals,
        0 as won_revenue,
        0 as other_revenue
    from marts.fct_people as people
    inner join touches
        on people.first_touchpoint_id = touches.touchpoint_id
    where
        not people.is_internal
        and people.cohort_month between cast(:from_month as date) and cast(:to_month as date)
),

credits as (
    select
        touches.platform,
        touches.account_id,
        touches.ad_group_id,
        touches.ad_id,
        0 as spend,
        0 as other_spend,
        0 as impressions,
        0 as clicks,
        cast(null as numeric(20, 4)) as reported_conversions,
        0 as leads,
        credited.weight as won_deals,
        credited.credited_amount as won_revenue,
        credited.other_amount as other_revenue
    from shared.credited as credited
    inner join touches
        on credited.touchpoint_id = touches.touchpoint_id
    where
        credited.model = :model
        and credited.basis = 'won'
        and credited.cohort_month between cast(:from_month as date) and cast(:to_month as date)
),

both_sides as (
    select * from spent
    union all
    select * from people
    union all
    select * from credits
),

summed as (
    select
        case when grouping(ad_id) = 0 then 'ad' else 'ad_group' end as level,
        platform,
        account_id,
        ad_group_id,
        ad_id,
        cast(case when count(*) = count(spend) then sum(spend) end as numeric(20, 6)) as spend,
        sum(other_spend) as other_spend,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(reported_conversions) as numeric(20, 4)) as reported_conversions,
        cast(sum(leads) as bigint) as leads,
        cast(sum(won_deals) as numeric(20, 4)) as won_deals,
        cast(case when count(*) = count(won_revenue) then sum(won_revenue) end as numeric(18, 2))
            as won_revenue,
        sum(other_revenue) as other_revenue
    from both_sides
    group by
        grouping sets (
            (platform, account_id, ad_group_id),
            (platform, account_id, ad_group_id, ad_id)
        )
),

named as (
    select
        summed.level,
        summed.platform,
        summed.account_id,
        summed.ad_group_id,
        ad_groups.ad_group_name,
        summed.ad_id,
        ads.ad_name,
        summed.spend,
        summed.impressions,
        summed.clicks,
        summed.reported_conversions,
        summed.leads,
        summed.won_deals,
        summed.won_revenue,
        cast(
            cast(
                case when summed.other_spend = 0 then nullif(summed.spend, 0) end
                / nullif(summed.leads, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cpl,
        cast(
            cast(
                case
                    when summed.other_spend = 0 and summed.other_revenue = 0
                        then cast(summed.won_revenue - summed.spend as numeric(20, 6))
                end
                / nullif(summed.spend, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roi
    from summed
    left join marts.dim_ad_group as ad_groups
        on
            summed.platform = ad_groups.platform
            and summed.account_id = ad_groups.account_id
            and summed.ad_group_id = ad_groups.ad_group_id
    left join marts.dim_ad as ads
        on
            summed.platform = ads.platform
            and summed.account_id = ads.account_id
            and summed.ad_group_id = ads.ad_group_id
            and summed.ad_id = ads.ad_id
),

ordered as (
    select *
    from named
    order by
        level asc,
        won_revenue desc nulls last,
        spend desc nulls last,
        platform asc,
        account_id asc,
        ad_group_id asc nulls last,
        ad_id asc nulls last
)

select * from ordered
