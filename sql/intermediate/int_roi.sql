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
        first_touch_channel as channel,
        first_touch_platform as platform,
        first_touch_account_id as account_id,
        first_touch_campaign_id as campaign_id,
        first_touch_crm_campaign_id as crm_campaign_id,
        cohort_month,
        count(*) as leads,
        count(*) filter (where is_mql) as mqls,
        count(*) filter (where is_sql) as sqls,
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
    from build.fct_people
    where not is_internal
    group by
        first_touch_channel,
        first_touch_platform,
        first_touch_account_id,
        first_touch_campaign_id,
        first_touch_crm_campaign_id,
        cohort_month
),

deals as (
    select
        first_touch_channel as channel,
        first_touch_platform as platform,
        first_touch_account_id as account_id,
        first_touch_campaign_id as campaign_id,
        first_touch_crm_campaign_id as crm_campaign_id,
        cohort_month,
        0 as leads,
        0 as mqls,
        0 as sqls,
        count(*) as opportunities,
        count(*) filter (where is_won) as won_deals,
        count(*) filter (where is_closed and not is_won) as lost_deals,
        count(*) filter (where is_new_customer) as customers,
        coalesce(sum(case when is_won then amount_base end), 0) as won_revenue_base,
        coalesce(sum(case when not is_closed then amount_base end), 0) as open_pipeline_base,
        coalesce(sum(case when is_closed and not is_won then amount_base end), 0)
            as lost_amount_base,
        count(*) filter (where is_won and amount_base is null and amount is not null)
            as unpriced_won,
        count(*) filter (where not is_closed and amount_base is null and amount is not null)
            as unpriced_open,
        count(*) filter (
            where is_closed and not is_won and amount_base is null and amount is not null
        ) as unpriced_lost
    from build.fct_opportunities
    where type_group = 'new_business'
    group by
        first_touch_channel,
        first_touch_platform,
        first_touch_account_id,
        first_touch_campaign_id,
        first_touch_crm_campaign_id,
        cohort_month
),

earned as (
    select * from people
    union all
    select * from deals
),

placed as (
    select
        channel,
        case
            when channel = 'Unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(platform, 'unmatched')
        end as platform,
        case
            when channel = 'Unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(account_id, 'unmatched')
        end as account_id,
        case
            when channel = 'Unattributed' then 'unattributed'
            else coalesce(crm_campaign_id, campaign_id, 'unmatched')
        end as campaign_id,
        cohort_month,
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
    from placed
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
