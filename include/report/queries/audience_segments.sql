-- How far have the people of each segment come whom the chosen months touched first?
-- Grain: one row per dimension and segment; of each dimension the most people first, those of whom
-- nothing is told last.
-- Stages count people, our own left out, as mart_segment_funnel does.
with

people as (
    select
        sector,
        company_size,
        region,
        seniority,
        product_interest,
        pain_point,
        urgency,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from shared.people
),

segments as (
    select
        'sector' as dimension,
        1 as dimension_order,
        coalesce(sector, 'unknown') as segment,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from people
    union all
    select
        'company_size' as dimension,
        2 as dimension_order,
        coalesce(company_size, 'unknown') as segment,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from people
    union all
    select
        'region' as dimension,
        3 as dimension_order,
        coalesce(region, 'unknown') as segment,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from people
    union all
    select
        'seniority' as dimension,
        4 as dimension_order,
        coalesce(seniority, 'unknown') as segment,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from people
    union all
    select
        'product_interest' as dimension,
        5 as dimension_order,
        coalesce(product_interest, 'unknown') as segment,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from people
    union all
    select
        'pain_point' as dimension,
        6 as dimension_order,
        coalesce(pain_point, 'unknown') as segment,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from people
    union all
    select
        'urgency' as dimension,
        7 as dimension_order,
        coalesce(urgency, 'unknown') as segment,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from people
),

counted as (
    select
        dimension,
        dimension_order,
        segment,
        count(*) as leads,
        count(*) filter (where is_mql) as mqls,
        count(*) filter (where is_sql) as sqls,
        count(opportunity_at) as opportunities,
        count(customer_at) as customers
    from segments
    group by dimension, dimension_order, segment
),

rated as (
    select
        dimension,
        segment,
        leads,
        mqls,
        sqls,
        opportunities,
        customers,
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
    from counted
    order by
        dimension_order asc,
        case when segment = 'unknown' then 1 else 0 end asc,
        leads desc,
        segment asc
)

select * from rated
