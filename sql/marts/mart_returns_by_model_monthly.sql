-- What did each cohort month of a campaign cost, and what does each model say it has brought since?
-- Grain: one row per model, channel, platform, account, campaign, cohort month and currency.
-- New business alone. What no model shares out stands alike under every model: spend with its
-- campaign, people and opportunities with their first touch. Deals won, customers and amounts stand
-- with the touches the model credits, each with its part. People have no currency: XXX. A sum of
-- base amounts is NULL where one of them lacks a rate. Rows lie by model and month, which is how
-- they are asked for: whoever asks for one model's months reads little else.
with

spend as (
    select
        campaigns.channel,
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        daily.currency_code,
        cast(date_trunc('month', daily.date_day) as date) as cohort_month,
        sum(daily.spend) as spend,
        case when count(*) = count(daily.spend_base) then sum(daily.spend_base) end as spend_base,
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
        daily.currency_code,
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
        count(*) filter (where people.is_sql) as sqls
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
        deals.currency_code,
        deals.cohort_month,
        count(*) as opportunities
    from build.fct_opportunities as deals
    inner join build.int_touch_places as places
        on coalesce(deals.first_touchpoint_id, 'unattributed') = places.touchpoint_id
    where deals.type_group = 'new_business'
    group by
        places.channel,
        places.platform,
        places.account_id,
        places.campaign_id,
        deals.currency_code,
        deals.cohort_month
),

customers as (
    select opportunity_id
    from build.fct_opportunities
    where is_new_customer
),

credits as (
    select
        credited.model,
        places.channel,
        places.platform,
        places.account_id,
        places.campaign_id,
        credited.currency_code,
        credited.cohort_month,
        coalesce(sum(credited.weight) filter (where credited.basis = 'won'), 0) as won_deals,
        coalesce(
            sum(credited.weight) filter (
                where credited.basis = 'won' and customers.opportunity_id is not null
            ), 0
        ) as customers,
        coalesce(sum(credited.amount) filter (where credited.basis = 'won'), 0) as won_revenue,
        coalesce(sum(credited.amount_base) filter (where credited.basis = 'won'), 0)
            as won_revenue_base,
        coalesce(sum(credited.amount) filter (where credited.basis = 'open'), 0) as open_pipeline,
        coalesce(sum(credited.amount_base) filter (where credited.basis = 'open'), 0)
            as open_pipeline_base,
        count(credited.amount) filter (
            where credited.basis = 'won' and credited.amount_base is null
        ) as unpriced_won,
        count(credited.amount) filter (
            where credited.basis = 'open' and credited.amount_base is null
        ) as unpriced_open
    from build.fct_attribution as credited
    inner join build.int_touch_places as places
        on credited.touchpoint_id = places.touchpoint_id
    left join customers
        on credited.opportunity_id = customers.opportunity_id
    where credited.type_group = 'new_business'
    group by
        credited.model,
        places.channel,
        places.platform,
        places.account_id,
        places.campaign_id,
        credited.currency_code,
        credited.cohort_month
),

earned as (
    select
        cast(null as text) as model,
        channel,
        platform,
        account_id,
        campaign_id,
        'XXX' as currency_code,
        cohort_month,
        leads,
        mqls,
        sqls,
        0 as opportunities,
        0 as won_deals,
        0 as customers,
        0 as won_revenue,
        0 as won_revenue_base,
        0 as open_pipeline,
        0 as open_pipeline_base,
        0 as unpriced_won,
        0 as unpriced_open
    from people
    union all
    select
        cast(null as text) as model,
        channel,
        platform,
        account_id,
        campaign_id,
        currency_code,
        cohort_month,
        0 as leads,
        0 as mqls,
        0 as sqls,
        opportunities,
        0 as won_deals,
        0 as customers,
        0 as won_revenue,
        0 as won_revenue_base,
        0 as open_pipeline,
        0 as open_pipeline_base,
        0 as unpriced_won,
        0 as unpriced_open
    from deals
    union all
    select
        model,
        channel,
        platform,
        account_id,
        campaign_id,
        currency_code,
        cohort_month,
        0 as leads,
        0 as mqls,
        0 as sqls,
        0 as opportunities,
        won_deals,
        customers,
        won_revenue,
        won_revenue_base,
        open_pipeline,
        open_pipeline_base,
        unpriced_won,
        unpriced_open
    from credits
),

both_sides as (
    select
        model,
        channel,
        platform,
        account_id,
        campaign_id,
        currency_code,
        cohort_month,
        0 as spend,
        0 as spend_base,
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
        won_revenue_base,
        open_pipeline,
        open_pipeline_base,
        unpriced_won,
        unpriced_open
    from earned
    union all
    select
        cast(null as text) as model,
        channel,
        platform,
        account_id,
        campaign_id,
        currency_code,
        cohort_month,
        spend,
        coalesce(spend_base, 0) as spend_base,
        case when spend_base is null then 1 else 0 end as unpriced_spend,
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
        0 as won_revenue_base,
        0 as open_pipeline,
        0 as open_pipeline_base,
        0 as unpriced_won,
        0 as unpriced_open
    from spend
),

told as (
    select
        models.model,
        both_sides.channel,
        both_sides.platform,
        both_sides.account_id,
        both_sides.campaign_id,
        both_sides.currency_code,
        both_sides.cohort_month,
        both_sides.spend,
        both_sides.spend_base,
        both_sides.unpriced_spend,
        both_sides.impressions,
        both_sides.clicks,
        both_sides.reported_conversions,
        both_sides.leads,
        both_sides.mqls,
        both_sides.sqls,
        both_sides.opportunities,
        both_sides.won_deals,
        both_sides.customers,
        both_sides.won_revenue,
        both_sides.won_revenue_base,
        both_sides.open_pipeline,
        both_sides.open_pipeline_base,
        both_sides.unpriced_won,
        both_sides.unpriced_open
    from both_sides
    inner join build.int_attribution_models as models
        on coalesce(both_sides.model, models.model) = models.model
),

returns as (
    select
        model,
        platform,
        account_id,
        campaign_id,
        channel,
        currency_code,
        cohort_month,
        cast(sum(spend) as numeric(20, 6)) as spend,
        cast(
            case when sum(unpriced_spend) = 0 then sum(spend_base) end as numeric(20, 6)
        ) as spend_base,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(reported_conversions) as numeric(20, 4)) as reported_conversions,
        cast(sum(leads) as bigint) as leads,
        cast(sum(mqls) as bigint) as mqls,
        cast(sum(sqls) as bigint) as sqls,
        cast(sum(opportunities) as bigint) as opportunities,
        cast(sum(won_deals) as numeric(20, 10)) as won_deals,
        cast(sum(customers) as numeric(20, 10)) as customers,
        cast(sum(won_revenue) as numeric(18, 2)) as won_revenue,
        cast(
            case when sum(unpriced_won) = 0 then sum(won_revenue_base) end as numeric(18, 2)
        ) as won_revenue_base,
        cast(sum(open_pipeline) as numeric(18, 2)) as open_pipeline,
        cast(
            case when sum(unpriced_open) = 0 then sum(open_pipeline_base) end as numeric(18, 2)
        ) as open_pipeline_base
    from told
    group by model, platform, account_id, campaign_id, channel, currency_code, cohort_month
),

ordered as (
    select
        model,
        platform,
        account_id,
        campaign_id,
        channel,
        currency_code,
        cohort_month,
        spend,
        spend_base,
        impressions,
        clicks,
        reported_conversions,
        leads,
        mqls,
        sqls,
        opportunities,
        won_deals,
        customers,
        won_revenue,
        won_revenue_base,
        open_pipeline,
        open_pipeline_base
    from returns
    order by model asc, cohort_month asc
)

select * from ordered
