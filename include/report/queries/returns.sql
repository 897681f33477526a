-- What did the cohorts of the chosen months cost and bring: altogether, by month, by network, by
-- channel, by channel and network, and by campaign?
-- Grain: one row per level (total, month, network, channel, platform, campaign) and what the level
-- tells apart.
-- New business, by the month of the first touch. People and opportunities stand with their own
-- first touch; deals won, customers, revenue and pipeline with the touches that the chosen model
-- credits, each with its part of the deal. Spend stands with its campaign's channel. Chosen a
-- currency, money is what was booked in it, as booked; no rate is used, and a ratio to spend is
-- NULL where some was booked in another. A sum is NULL where one of its amounts lacks a rate. Where
-- nothing was spent, a lead or a customer has no cost that is known, so no CPL and no CAC either.
-- What networks report is never added across them. Campaigns, which are many, are told where the
-- view shows them. Of a campaign it is told in how many of the months with spend or clicks no touch
-- bears its tags: what they brought, if anything, stands elsewhere.
with

placed as (
    select
        *,
        case when cast(:with_campaigns as boolean) then account_id end as shown_account_id,
        case when cast(:with_campaigns as boolean) then campaign_id end as shown_campaign_id
    from shared.returns
    where model = :model
),

summed as (
    select
        case
            when grouping(cohort_month) = 0 then 'month'
            when grouping(shown_campaign_id) = 0 then 'campaign'
            when grouping(channel) = 0 and grouping(platform) = 0 then 'platform'
            when grouping(channel) = 0 then 'channel'
            when grouping(platform) = 0 then 'network'
            else 'total'
        end as level,
        channel,
        platform,
        shown_account_id as account_id,
        shown_campaign_id as campaign_id,
        cohort_month,
        sum(spend) as spend,
        count(*) - count(spend) as unpriced_spend,
        sum(other_spend) as other_spend,
        sum(other_revenue) as other_revenue,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        case
            when
                min(case when reported_conversions is not null then platform end)
                = max(case when reported_conversions is not null then platform end)
                then sum(reported_conversions)
        end as reported_conversions,
        sum(leads) as leads,
        sum(mqls) as mqls,
        sum(sqls) as sqls,
        sum(opportunities) as opportunities,
        sum(won_deals) as won_deals,
        sum(customers) as customers,
        sum(won_revenue) as won_revenue,
        count(*) - count(won_revenue) as unpriced_won,
        sum(open_pipeline) as open_pipeline,
        count(*) - count(open_pipeline) as unpriced_open
    from placed
    group by
        grouping sets (
            (),
            (cohort_month),
            (platform),
            (channel),
            (channel, platform),
            (channel, platform, shown_account_id, shown_campaign_id)
        )
    having
        count(*) > 0
        and (cast(:with_campaigns as boolean) or grouping(shown_campaign_id) = 1)
),

comparable as (
    select
        level,
        channel,
        platform,
        account_id,
        campaign_id,
        cohort_month,
        cast(case when unpriced_spend = 0 then spend end as numeric(20, 6)) as spend,
        cast(
            case when unpriced_spend = 0 and other_spend = 0 then spend end as numeric(20, 6)
        ) as whole_spend,
        cast(
            case when unpriced_spend = 0 and other_spend = 0 and other_revenue = 0 then spend end
            as numeric(20, 6)
        ) as spend_beside_revenue,
        cast(impressions as bigint) as impressions,
        cast(clicks as bigint) as clicks,
        cast(reported_conversions as numeric(20, 4)) as reported_conversions,
        cast(leads as bigint) as leads,
        cast(mqls as bigint) as mqls,
        cast(sqls as bigint) as sqls,
        cast(opportunities as bigint) as opportunities,
        cast(won_deals as numeric(20, 4)) as won_deals,
        cast(customers as numeric(20, 4)) as customers,
        cast(case when unpriced_won = 0 then won_revenue end as numeric(18, 2)) as won_revenue,
        cast(case when unpriced_open = 0 then open_pipeline end as numeric(18, 2))
            as open_pipeline
    from summed
),

untagged as (
    select
        platform,
        account_id,
        campaign_id,
        channel,
        case when count(*) = count(spend_base) then sum(spend_base) end as spend_base,
        count(*) as months
    from marts.mart_utm_audit
    where
        cast(:with_campaigns as boolean)
        and finding in ('campaign_without_touch', 'month_without_touch')
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
    group by platform, account_id, campaign_id, channel
),

returns as (
    select
        comparable.level,
        comparable.channel,
        comparable.platform,
        comparable.account_id,
        campaigns.account_name,
        comparable.campaign_id,
        campaigns.campaign_name,
        campaigns.campaign_status,
        comparable.cohort_month,
        campaigns.first_day,
        campaigns.last_day,
        comparable.spend,
        cast(
            case when untagged.campaign_id is null then 0 else untagged.spend_base end
            as numeric(20, 6)
        ) as spend_without_touch_base,
        coalesce(untagged.months, 0) as months_without_touch,
        comparable.impressions,
        comparable.clicks,
        comparable.reported_conversions,
        comparable.leads,
        comparable.mqls,
        comparable.sqls,
        comparable.opportunities,
        comparable.won_deals,
        comparable.customers,
        comparable.won_revenue,
        comparable.open_pipeline,
        cast(
            cast(
                nullif(comparable.whole_spend, 0)
                / nullif(comparable.leads, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cpl,
        cast(
            cast(
                nullif(comparable.whole_spend, 0)
                / nullif(comparable.customers, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cac,
        cast(
            cast(
                cast(comparable.won_revenue as numeric(20, 6))
                / nullif(comparable.spend_beside_revenue, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roas,
        cast(
            cast(
                cast(comparable.won_revenue - comparable.spend as numeric(20, 6))
                / nullif(comparable.spend_beside_revenue, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roi
    from comparable
    left join marts.dim_campaign as campaigns
        on
            comparable.platform = campaigns.platform
            and comparable.account_id = campaigns.account_id
            and comparable.campaign_id = campaigns.campaign_id
    left join untagged
        on
            comparable.platform = untagged.platform
            and comparable.account_id = untagged.account_id
            and comparable.campaign_id = untagged.campaign_id
            and comparable.channel = untagged.channel
),

ordered as (
    select *
    from returns
    order by
        level asc,
        cohort_month asc nulls first,
        won_revenue desc nulls last,
        spend desc nulls last,
        channel asc nulls first,
        platform asc nulls first,
        account_id asc nulls first,
        campaign_id asc nulls first
)

select * from ordered
