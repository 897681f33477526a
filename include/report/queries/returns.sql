-- What did the cohorts of the chosen months cost and bring: altogether, by month, by channel, by
-- network and by campaign?
-- Grain: one row per level (total, month, channel, platform, campaign), and what tells it apart.
-- New business, by the month of the first touch. People and opportunities stand with their own
-- first touch; deals won, customers, revenue and pipeline with the touches that the chosen model
-- credits, each with its part of the deal. Spend stands with its campaign's channel. Chosen a
-- currency, money is what was booked in it, as booked; no rate is used. A sum is NULL where one of
-- its amounts lacks a rate.
with

spent as (
    select
        campaigns.channel,
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        cast(date_trunc('month', daily.date_day) as date) as cohort_month,
        case
            when cast(:currency_code as text) is null then daily.spend_base
            when daily.currency_code = :currency_code then daily.spend
            else 0
        end as spend,
        cast(daily.impressions as numeric(20, 4)) as impressions,
        cast(daily.clicks as numeric(20, 4)) as clicks,
        daily.reported_conversions
    from marts.fct_ad_spend_daily as daily
    inner join marts.dim_campaign as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    where
        daily.date_day >= cast(:from_month as date)
        and daily.date_day < cast(:to_month as date) + interval '1 month'
),

people as (
    select
        first_touch_channel as channel,
        first_touch_platform as platform,
        first_touch_account_id as account_id,
        first_touch_campaign_id as campaign_id,
        first_touch_crm_campaign_id as crm_campaign_id,
        cohort_month,
        case when is_mql then 1 else 0 end as mqls,
        case when is_sql then 1 else 0 end as sqls
    from marts.fct_people
    where
        not is_internal
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
),

deals as (
    select
        first_touch_channel as channel,
        first_touch_platform as platform,
        first_touch_account_id as account_id,
        first_touch_campaign_id as campaign_id,
        first_touch_crm_campaign_id as crm_campaign_id,
        cohort_month
    from marts.fct_opportunities
    where
        type_group = 'new_business'
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
),

credits as (
    select
        credited.channel,
        credited.platform,
        credited.account_id,
        credited.campaign_id,
        credited.crm_campaign_id,
        credited.cohort_month,
        credited.basis,
        case when credited.basis = 'won' then credited.weight else 0 end as won_deals,
        case
            when credited.basis = 'won' and opportunities.is_new_customer then credited.weight
            else 0
        end as customers,
        case
            when cast(:currency_code as text) is null then credited.amount_base
            when credited.currency_code = :currency_code then credited.amount
            else 0
        end as amount,
        credited.amount is not null and credited.amount_base is null as is_unpriced
    from marts.fct_attribution as credited
    inner join marts.fct_opportunities as opportunities
        on credited.opportunity_id = opportunities.opportunity_id
    where
        credited.model = :model
        and credited.type_group = 'new_business'
        and credited.cohort_month between cast(:from_month as date) and cast(:to_month as date)
),

brought as (
    select
        channel,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        cohort_month,
        1 as leads,
        mqls,
        sqls,
        0 as opportunities,
        0 as won_deals,
        0 as customers,
        0 as won_revenue,
        0 as open_pipeline,
        0 as unpriced_won,
        0 as unpriced_open
    from people
    union all
    select
        channel,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        cohort_month,
        0 as leads,
        0 as mqls,
        0 as sqls,
        1 as opportunities,
        0 as won_deals,
        0 as customers,
        0 as won_revenue,
        0 as open_pipeline,
        0 as unpriced_won,
        0 as unpriced_open
    from deals
    union all
    select
        channel,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        cohort_month,
        0 as leads,
        0 as mqls,
        0 as sqls,
        0 as opportunities,
        won_deals,
        customers,
        case when basis = 'won' then coalesce(amount, 0) else 0 end as won_revenue,
        case when basis = 'open' then coalesce(amount, 0) else 0 end as open_pipeline,
        case when basis = 'won' and is_unpriced then 1 else 0 end as unpriced_won,
        case when basis = 'open' and is_unpriced then 1 else 0 end as unpriced_open
    from credits
),

both_sides as (
    select
        channel,
        platform,
        account_id,
        campaign_id,
        cohort_month,
        coalesce(spend, 0) as spend,
        case when spend is null then 1 else 0 end as unpriced_spend,
        impressions,
        clicks,
        reported_conversions,
        0 as leads,
        0 as mqls,
        0 as sqls,
        0 as opportunities,
        0 as won_deals,
        0 as customers,
        0 as won_revenue,
        0 as open_pipeline,
        0 as unpriced_won,
        0 as unpriced_open
    from spent
    union all
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
        0 as spend,
        0 as unpriced_spend,
        0 as impressions,
        0 as clicks,
        null as reported_conversions,
        leads,
        mqls,
        sqls,
        opportunities,
        won_deals,
        customers,
        won_revenue,
        open_pipeline,
        unpriced_won,
        unpriced_open
    from brought
),

chosen as (
    select *
    from both_sides
    where
        (cast(:channel as text) is null or channel = :channel)
        and (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
),

summed as (
    select
        case
            when grouping(cohort_month) = 0 then 'month'
            when grouping(campaign_id) = 0 then 'campaign'
            when grouping(platform) = 0 then 'platform'
            when grouping(channel) = 0 then 'channel'
            else 'total'
        end as level,
        channel,
        platform,
        account_id,
        campaign_id,
        cohort_month,
        case
            when coalesce(sum(unpriced_spend), 0) = 0 then coalesce(sum(spend), 0)
        end as spend,
        coalesce(sum(impressions), 0) as impressions,
        coalesce(sum(clicks), 0) as clicks,
        case when count(distinct platform) = 1 then sum(reported_conversions) end
            as reported_conversions,
        coalesce(sum(leads), 0) as leads,
        coalesce(sum(mqls), 0) as mqls,
        coalesce(sum(sqls), 0) as sqls,
        coalesce(sum(opportunities), 0) as opportunities,
        coalesce(sum(won_deals), 0) as won_deals,
        coalesce(sum(customers), 0) as customers,
        case
            when coalesce(sum(unpriced_won), 0) = 0 or cast(:currency_code as text) is not null
                then coalesce(sum(won_revenue), 0)
        end as won_revenue,
        case
            when coalesce(sum(unpriced_open), 0) = 0 or cast(:currency_code as text) is not null
                then coalesce(sum(open_pipeline), 0)
        end as open_pipeline
    from chosen
    group by
        grouping sets (
            (),
            (cohort_month),
            (channel),
            (channel, platform),
            (channel, platform, account_id, campaign_id)
        )
),

returns as (
    select
        summed.level,
        summed.channel,
        summed.platform,
        summed.account_id,
        campaigns.account_name,
        summed.campaign_id,
        campaigns.campaign_name,
        campaigns.campaign_status,
        summed.cohort_month,
        cast(summed.spend as numeric(20, 6)) as spend,
        cast(summed.impressions as bigint) as impressions,
        cast(summed.clicks as bigint) as clicks,
        cast(summed.reported_conversions as numeric(20, 4)) as reported_conversions,
        cast(summed.leads as bigint) as leads,
        cast(summed.mqls as bigint) as mqls,
        cast(summed.sqls as bigint) as sqls,
        cast(summed.opportunities as bigint) as opportunities,
        cast(summed.won_deals as numeric(20, 4)) as won_deals,
        cast(summed.customers as numeric(20, 4)) as customers,
        cast(summed.won_revenue as numeric(18, 2)) as won_revenue,
        cast(summed.open_pipeline as numeric(18, 2)) as open_pipeline,
        cast(
            cast(
                cast(summed.spend as numeric(20, 6)) / nullif(summed.leads, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cpl,
        cast(
            cast(
                cast(summed.spend as numeric(20, 6))
                / nullif(cast(summed.customers as numeric(20, 4)), 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cac,
        cast(
            cast(
                cast(summed.won_revenue as numeric(20, 6))
                / nullif(cast(summed.spend as numeric(20, 6)), 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roas,
        cast(
            cast(
                cast(summed.won_revenue - summed.spend as numeric(20, 6))
                / nullif(cast(summed.spend as numeric(20, 6)), 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roi
    from summed
    left join marts.dim_campaign as campaigns
        on
            summed.platform = campaigns.platform
            and summed.account_id = campaigns.account_id
            and summed.campaign_id = campaigns.campaign_id
    where summed.level = :level
),

ordered as (
    select *
    from returns
    order by
        cohort_month asc nulls first,
        won_revenue desc nulls last,
        spend desc nulls last,
        channel asc nulls first,
        platform asc nulls first,
        account_id asc nulls first,
        campaign_id asc nulls first
)

select * from ordered
