-- How far have the people of each segment come, and what did their deals bring?
-- Grain: one row per dimension, segment and cohort month.
-- Everybody is in every dimension once, as unknown where nothing is told of them; our own people
-- are left out. A deal is of the segments of its main person, and of its own cohort month; one
-- whose main person is not known, or one of our own, is unknown.
with

people as (
    select
        person_id,
        sector,
        company_size,
        region,
        seniority,
        product_interest,
        pain_point,
        urgency,
        cohort_month,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from build.fct_people
    where not is_internal
),

segments as (
    select
        'sector' as dimension,
        coalesce(sector, 'unknown') as segment,
        person_id
    from people
    union all
    select
        'company_size' as dimension,
        coalesce(company_size, 'unknown') as segment,
        person_id
    from people
    union all
    select
        'region' as dimension,
        coalesce(region, 'unknown') as segment,
        person_id
    from people
    union all
    select
        'seniority' as dimension,
        coalesce(seniority, 'unknown') as segment,
        person_id
    from people
    union all
    select
        'product_interest' as dimension,
        coalesce(product_interest, 'unknown') as segment,
        person_id
    from people
    union all
    select
        'pain_point' as dimension,
        coalesce(pain_point, 'unknown') as segment,
        person_id
    from people
    union all
    select
        'urgency' as dimension,
        coalesce(urgency, 'unknown') as segment,
        person_id
    from people
),

funnels as (
    select
        segments.dimension,
        segments.segment,
        people.cohort_month,
        count(*) as leads,
        count(*) filter (where people.is_mql) as mqls,
        count(*) filter (where people.is_sql) as sqls,
        count(people.opportunity_at) as opportunities,
        count(people.customer_at) as customers
    from segments
    inner join people
        on segments.person_id = people.person_id
    group by segments.dimension, segments.segment, people.cohort_month
),

wins as (
    select
        primary_person_id,
        cohort_month,
        amount,
        amount_base
    from build.fct_opportunities
    where is_won and type_group = 'new_business'
),

dimensions as (
    select distinct dimension
    from segments
),

placed_wins as (
    select
        dimensions.dimension,
        coalesce(segments.segment, 'unknown') as segment,
        wins.cohort_month,
        wins.amount,
        wins.amount_base
    from wins
    cross join dimensions
    left join segments
        on
            wins.primary_person_id = segments.person_id
            and dimensions.dimension = segments.dimension
),

won as (
    select
        dimension,
        segment,
        cohort_month,
        count(*) as won_deals,
        count(*) filter (where amount is not null and amount_base is null) as unpriced_deals,
        sum(amount_base) as won_revenue_base
    from placed_wins
    group by dimension, segment, cohort_month
),

joined as (
    select
        coalesce(funnels.dimension, won.dimension) as dimension,
        coalesce(funnels.segment, won.segment) as segment,
        coalesce(funnels.cohort_month, won.cohort_month) as cohort_month,
        coalesce(funnels.leads, 0) as leads,
        coalesce(funnels.mqls, 0) as mqls,
        coalesce(funnels.sqls, 0) as sqls,
        coalesce(funnels.opportunities, 0) as opportunities,
        coalesce(funnels.customers, 0) as customers,
        coalesce(won.won_deals, 0) as won_deals,
        case
            when coalesce(won.unpriced_deals, 0) = 0 then coalesce(won.won_revenue_base, 0)
        end as won_revenue_base
    from funnels
    full outer join won
        on
            funnels.dimension = won.dimension
            and funnels.segment = won.segment
            and funnels.cohort_month = won.cohort_month
),

rated as (
    select
        dimension,
        segment,
        cohort_month,
        leads,
        mqls,
        sqls,
        opportunities,
        customers,
        won_deals,
        cast(won_revenue_base as numeric(18, 2)) as won_revenue_base,
        cast(
            cast(cast(mqls as numeric(20, 6)) / nullif(leads, 0) as numeric(24, 10))
            as numeric(20, 6)
        ) as lead_to_mql_rate,
        cast(
            cast(cast(sqls as numeric(20, 6)) / nullif(mqls, 0) as numeric(24, 10))
            as numeric(20, 6)
        ) as mql_to_sql_rate,
        cast(
            cast(cast(opportunities as numeric(20, 6)) / nullif(sqls, 0) as numeric(24, 10))
            as numeric(20, 6)
        ) as sql_to_opportunity_rate,
        cast(
            cast(cast(customers as numeric(20, 6)) / nullif(opportunities, 0) as numeric(24, 10))
            as numeric(20, 6)
        ) as opportunity_to_customer_rate,
        cast(
            cast(cast(customers as numeric(20, 6)) / nullif(leads, 0) as numeric(24, 10))
            as numeric(20, 6)
        ) as lead_to_customer_rate
    from joined
)

select * from rated
