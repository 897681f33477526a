-- What did each campaign cost, and what have the people it touched first brought since?
-- Grain: one row per channel, platform, account, campaign and cohort month.
-- New business alone: acquisition does not earn renewals and expansions. Spend counts in the month
-- of its day; people and deals in the month of the first touch, in the reporting zone. Touches
-- without a campaign stand under unmatched, people and deals without a touch under unattributed.
-- A sum of base amounts is NULL where one of them lacks a rate: a part of it would look like all.
with

spend as (
    select
        campaigns.channel,
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        cast(date_trunc('month', daily.date_day) as date) as cohort_month,
        sum(daily.spend_base) as spend_base,
        count(*) filter (where daily.spend_base is null) as unpriced_rows,
        sum(daily.impressions) as impressions,
        sum(daily.clicks) as clicks,
        sum(daily.reported_conversions) as reported_conversions
    from build.fct_ad_spend_daily as daily
    inner join build.dim_campaign as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    group by
        campaigns.channel,
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        cast(date_trunc('month', daily.date_day) as date)
),

people as (
    select
        places.channel,
        places.platform,
        places.account_id,
        places.campaign_id,
        people.cohort_month,
        count(*) as leads,
        count(*) filter (where people.is_mql) as mqls,
        count(*) filter (where people.is_sql) as sqls,
        0 as opportunities,
        0 as won_deals,
        0 as lost_deals,
        0 as customers,
        0 as won_revenue_base,
        0 as open_pipeline_base,
        0 as lost_amount_base,
        0 as unpriced_won,
        0 as unpriced_open,
        0 as unpriced_lost
    from build.fct_people as people
    inner join build.int_touch_places as places
        on coalesce(people.first_touchpoint_id, 'unattributed') = places.touchpoint_id
    where not people.is_internal
    group by
        places.channel,
        places.platform,
        places.account_id,
        places.campaign_id,
        people.cohort_month
),

deals as (
    select
        places.channel,
        places.platform,
        places.account_id,
        places.campaign_id,
        deals.cohort_month,
        0 as leads,
        0 as mqls,
        0 as sqls,
        count(*) as opportunities,
        count(*) filter (where deals.is_won) as won_deals,
        count(*) filter (where deals.is_closed and not deals.is_won) as lost_deals,
        count(*) filter (where deals.is_new_customer) as customers,
        coalesce(sum(deals.amount_base) filter (where deals.is_won), 0) as won_revenue_base,
        coalesce(sum(deals.amount_base) filter (where not deals.is_closed), 0)
            as open_pipeline_base,
        coalesce(sum(deals.amount_base) filter (where deals.is_closed and not deals.is_won), 0)
            as lost_amount_base,
        count(deals.amount) filter (where deals.is_won and deals.amount_base is null)
            as unpriced_won,
        count(deals.amount) filter (where not deals.is_closed and deals.amount_base is null)
            as unpriced_open,
        count(deals.amount) filter (
            where deals.is_closed and not deals.is_won and deals.amount_base is null
        ) as unpriced_lost
    from build.fct_opportunities as deals
    inner join build.int_touch_places as places
        on coalesce(deals.first_touchpoint_id, 'unattributed') = places.touchpoint_id
    where deals.type_group = 'new_business'
    group by
        places.channel,
        places.platform,
        places.account_id,
        places.campaign_id,
        deals.cohort_month
),

earned as (
    select * from people
    union all
    select * from deals
),

both_sides as (
    select
        channel,
        platform,
        account_id,
        campaign_id,
        cohort_month,
        0 as spend_base,
        0 as unpriced_rows,
        0 as impressions,
        0 as clicks,
        null as reported_conversions,
        leads,
        mqls,
        sqls,
        opportunities,
        won_deals,
        lost_deals,
        customers,
        won_revenue_base,
        open_pipeline_base,
        lost_amount_base,
        unpriced_won,
        unpriced_open,
        unpriced_lost
    from earned
    union all
    select
        channel,
        platform,
        account_id,
        campaign_id,
        cohort_month,
        spend_base,
        unpriced_rows,
        impressions,
        clicks,
        reported_conversions,
        0 as leads,
        0 as mqls,
        0 as sqls,
        0 as opportunities,
        0 as won_deals,
        0 as lost_deals,
        0 as customers,
        0 as won_revenue_base,
        0 as open_pipeline_base,
        0 as lost_amount_base,
        0 as unpriced_won,
        0 as unpriced_open,
        0 as unpriced_lost
    from spend
),

cohorts as (
    select
        channel,
        platform,
        account_id,
        campaign_id,
        cohort_month,
        cast(
            case when sum(unpriced_rows) = 0 then sum(spend_base) end as numeric(20, 6)
        ) as spend_base,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(reported_conversions) as numeric(20, 4)) as reported_conversions,
        cast(sum(leads) as bigint) as leads,
        cast(sum(mqls) as bigint) as mqls,
        cast(sum(sqls) as bigint) as sqls,
        cast(sum(opportunities) as bigint) as opportunities,
        cast(sum(won_deals) as bigint) as won_deals,
        cast(sum(lost_deals) as bigint) as lost_deals,
        cast(sum(customers) as bigint) as customers,
        cast(
            case when sum(unpriced_won) = 0 then sum(won_revenue_base) end as numeric(18, 2)
        ) as won_revenue_base,
        cast(
            case when sum(unpriced_open) = 0 then sum(open_pipeline_base) end as numeric(18, 2)
        ) as open_pipeline_base,
        cast(
            case when sum(unpriced_lost) = 0 then sum(lost_amount_base) end as numeric(18, 2)
        ) as lost_amount_base
    from both_sides
    group by channel, platform, account_id, campaign_id, cohort_month
)

select * from cohorts
