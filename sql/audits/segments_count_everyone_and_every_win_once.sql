-- Is everybody, and every deal won of new business, in each dimension once?
-- Grain: one row per dimension and cohort month that counts otherwise.
with

people as (
    select
        cohort_month,
        count(*) as leads,
        count(*) filter (where is_mql) as mqls,
        count(*) filter (where is_sql) as sqls,
        count(opportunity_at) as opportunities,
        count(customer_at) as customers,
        0 as won_deals,
        cast(0 as numeric(18, 2)) as won_revenue
    from build.fct_people
    where not is_internal
    group by cohort_month
),

deals as (
    select
        cohort_month,
        count(*) as won_deals,
        coalesce(sum(amount_base), 0) as won_revenue
    from build.fct_opportunities
    where is_won and type_group = 'new_business'
    group by cohort_month
),

dimensions as (
    select distinct dimension
    from build.mart_segment_funnel
),

facts as (
    select
        dimensions.dimension,
        coalesce(people.cohort_month, deals.cohort_month) as cohort_month,
        coalesce(people.leads, 0) as leads,
        coalesce(people.mqls, 0) as mqls,
        coalesce(people.sqls, 0) as sqls,
        coalesce(people.opportunities, 0) as opportunities,
        coalesce(people.customers, 0) as customers,
        coalesce(deals.won_deals, 0) as won_deals,
        coalesce(deals.won_revenue, 0) as won_revenue
    from people
    full outer join deals
        on people.cohort_month = deals.cohort_month
    cross join dimensions
),

shown as (
    select
        dimension,
        cohort_month,
        sum(leads) as leads,
        sum(mqls) as mqls,
        sum(sqls) as sqls,
        sum(opportunities) as opportunities,
        sum(customers) as customers,
        sum(won_deals) as won_deals,
        sum(won_revenue_base) as won_revenue,
        count(*) - count(won_revenue_base) as unpriced
    from build.mart_segment_funnel
    group by dimension, cohort_month
),

wrong as (
    select
        coalesce(facts.dimension, shown.dimension) as dimension,
        coalesce(facts.cohort_month, shown.cohort_month) as cohort_month,
        facts.leads,
        shown.leads as segment_leads,
        facts.won_deals,
        shown.won_deals as segment_won_deals,
        facts.won_revenue,
        shown.won_revenue as segment_won_revenue
    from facts
    full outer join shown
        on
            facts.dimension = shown.dimension
            and facts.cohort_month = shown.cohort_month
    where
        facts.leads is distinct from shown.leads
        or facts.mqls is distinct from shown.mqls
        or facts.sqls is distinct from shown.sqls
        or facts.opportunities is distinct from shown.opportunities
        or facts.customers is distinct from shown.customers
        or facts.won_deals is distinct from shown.won_deals
        or (shown.unpriced = 0 and facts.won_revenue is distinct from shown.won_revenue)
)

select * from wrong
