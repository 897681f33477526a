-- How far have the people come whom each channel touched first in each month, and how fast?
-- Grain: one row per channel and cohort month.
-- Stages count people, our own left out: whoever has reached the stage by any lead or deal, of any
-- type, up to the as-of instant. A median is over those who reached the later stage at or after the
-- earlier one, in whole seconds. Visitors are those of the calendar month in the property's zone:
-- 0 in a month whose visits are loaded, NULL in one in which nobody counted them.
-- Ratios take two roundings, to ten places first: one engine divides decimals as doubles, and a
-- tie at the seventh place must fall the same way on all.
with

as_of as (
    select as_of_date
    from build.int_as_of
),

people as (
    select
        first_touch_channel as channel,
        cohort_month,
        is_mql,
        is_sql,
        opportunity_at is not null as has_opportunity,
        customer_at is not null as is_customer,
        case
            when mql_at >= lead_at
                then
                    cast(floor(extract(epoch from mql_at)) as bigint)
                    - cast(floor(extract(epoch from lead_at)) as bigint)
        end as lead_to_mql_seconds,
        case
            when sql_at >= mql_at
                then
                    cast(floor(extract(epoch from sql_at)) as bigint)
                    - cast(floor(extract(epoch from mql_at)) as bigint)
        end as mql_to_sql_seconds,
        case
            when opportunity_at >= sql_at
                then
                    cast(floor(extract(epoch from opportunity_at)) as bigint)
                    - cast(floor(extract(epoch from sql_at)) as bigint)
        end as sql_to_opportunity_seconds,
        case
            when customer_at >= opportunity_at
                then
                    cast(floor(extract(epoch from customer_at)) as bigint)
                    - cast(floor(extract(epoch from opportunity_at)) as bigint)
        end as opportunity_to_customer_seconds
    from build.fct_people
    where not is_internal
),

funnels as (
    select
        channel,
        cohort_month,
        count(*) as leads,
        count(*) filter (where is_mql) as mqls,
        count(*) filter (where is_sql) as sqls,
        count(*) filter (where has_opportunity) as opportunities,
        count(*) filter (where is_customer) as customers,
        percentile_cont(0.5) within group (order by lead_to_mql_seconds)
            as lead_to_mql_seconds,
        percentile_cont(0.5) within group (order by mql_to_sql_seconds)
            as mql_to_sql_seconds,
        percentile_cont(0.5) within group (order by sql_to_opportunity_seconds)
            as sql_to_opportunity_seconds,
        percentile_cont(0.5) within group (order by opportunity_to_customer_seconds)
            as opportunity_to_customer_seconds
    from people
    group by channel, cohort_month
),

visitors as (
    select
        channel,
        visit_month,
        visitors
    from build.mart_visitors_monthly
),

visited_months as (
    select distinct visit_month
    from visitors
),

-- A channel that had visitors and no leads has a funnel too.
joined as (
    select
        coalesce(funnels.channel, visitors.channel) as channel,
        coalesce(funnels.cohort_month, visitors.visit_month) as cohort_month,
        visitors.visitors,
        visitors.channel is not null as has_visits,
        coalesce(funnels.leads, 0) as leads,
        coalesce(funnels.mqls, 0) as mqls,
        coalesce(funnels.sqls, 0) as sqls,
        coalesce(funnels.opportunities, 0) as opportunities,
        coalesce(funnels.customers, 0) as customers,
        funnels.lead_to_mql_seconds,
        funnels.mql_to_sql_seconds,
        funnels.sql_to_opportunity_seconds,
        funnels.opportunity_to_customer_seconds
    from funnels
    full outer join visitors
        on
            funnels.channel = visitors.channel
            and funnels.cohort_month = visitors.visit_month
),

complete as (
    select
        joined.channel,
        joined.cohort_month,
        case
            when joined.has_visits then joined.visitors
            when visited_months.visit_month is not null then 0
        end as visitors,
        joined.leads,
        joined.mqls,
        joined.sqls,
        joined.opportunities,
        joined.customers,
        joined.lead_to_mql_seconds,
        joined.mql_to_sql_seconds,
        joined.sql_to_opportunity_seconds,
        joined.opportunity_to_customer_seconds
    from joined
    left join visited_months
        on joined.cohort_month = visited_months.visit_month
),

rated as (
    select
        funnels.channel,
        funnels.cohort_month,
        cast(funnels.visitors as bigint) as visitors,
        funnels.leads,
        funnels.mqls,
        funnels.sqls,
        funnels.opportunities,
        funnels.customers,
        cast(
            cast(
                cast(funnels.leads as numeric(20, 6))
                / nullif(funnels.visitors, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as visitor_to_lead_rate,
        cast(
            cast(
                cast(funnels.mqls as numeric(20, 6))
                / nullif(funnels.leads, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as lead_to_mql_rate,
        cast(
            cast(
                cast(funnels.sqls as numeric(20, 6))
                / nullif(funnels.mqls, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as mql_to_sql_rate,
        cast(
            cast(
                cast(funnels.opportunities as numeric(20, 6))
                / nullif(funnels.sqls, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as sql_to_opportunity_rate,
        cast(
            cast(
                cast(funnels.customers as numeric(20, 6))
                / nullif(funnels.opportunities, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as opportunity_to_customer_rate,
        cast(
            cast(
                cast(funnels.customers as numeric(20, 6))
                / nullif(funnels.leads, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as lead_to_customer_rate,
        cast(
            cast(
                cast(funnels.lead_to_mql_seconds as numeric(20, 1))
                / 86400 as numeric(24, 10)
            ) as numeric(20, 4)
        ) as median_days_lead_to_mql,
        cast(
            cast(
                cast(funnels.mql_to_sql_seconds as numeric(20, 1))
                / 86400 as numeric(24, 10)
            ) as numeric(20, 4)
        ) as median_days_mql_to_sql,
        cast(
            cast(
                cast(funnels.sql_to_opportunity_seconds as numeric(20, 1))
                / 86400 as numeric(24, 10)
            ) as numeric(20, 4)
        ) as median_days_sql_to_opportunity,
        cast(
            cast(
                cast(funnels.opportunity_to_customer_seconds as numeric(20, 1))
                / 86400 as numeric(24, 10)
            ) as numeric(20, 4)
        ) as median_days_opportunity_to_customer,
        cast(as_of.as_of_date - funnels.cohort_month as bigint) as age_days
    from complete as funnels
    cross join as_of
)

select * from rated
