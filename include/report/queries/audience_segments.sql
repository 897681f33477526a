-- How far have the people of each segment come whom the chosen months touched first?
-- Grain: one row per dimension and segment; of each dimension the most people first, those of whom
-- nothing is told last.
-- Stages count people, our own left out, as mart_segment_funnel does.
with

people as (
    select
        coalesce(sector, 'unknown') as sector,
        coalesce(company_size, 'unknown') as company_size,
        coalesce(region, 'unknown') as region,
        coalesce(seniority, 'unknown') as seniority,
        coalesce(product_interest, 'unknown') as product_interest,
        coalesce(pain_point, 'unknown') as pain_point,
        coalesce(urgency, 'unknown') as urgency,
        is_mql,
        is_sql,
        opportunity_at,
        customer_at
    from shared.people
),

counted as (
    select
        case
            when grouping(sector) = 0 then 'sector'
            when grouping(company_size) = 0 then 'company_size'
            when grouping(region) = 0 then 'region'
            when grouping(seniority) = 0 then 'seniority'
            when grouping(product_interest) = 0 then 'product_interest'
            when grouping(pain_point) = 0 then 'pain_point'
            else 'urgency'
        end as dimension,
        case
            when grouping(sector) = 0 then 1
            when grouping(company_size) = 0 then 2
            when grouping(region) = 0 then 3
            when grouping(seniority) = 0 then 4
            when grouping(product_interest) = 0 then 5
            when grouping(pain_point) = 0 then 6
            else 7
        end as dimension_order,
        coalesce(sector, company_size, region, seniority, product_interest, pain_point, urgency)
            as segment,
        count(*) as leads,
        count(*) filter (where is_mql) as mqls,
        count(*) filter (where is_sql) as sqls,
        count(opportunity_at) as opportunities,
        count(customer_at) as customers
    from people
    group by
        grouping sets (
            (sector),
            (company_size),
            (region),
            (seniority),
            (product_interest),
            (pain_point),
            (urgency)
        )
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
