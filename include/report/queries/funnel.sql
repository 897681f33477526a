-- How far have the people come whom the chosen months touched first, and how fast: altogether, by
-- channel and by month?
-- Grain: one row per level (total, channel, month) and what the level tells apart.
-- Stages count people, our own left out, as mart_funnel_monthly does: whoever has reached the
-- stage by any lead or deal, of any type, up to the as-of instant. Who skips a stage is in the next
-- one. A median is over those who reached the later stage at or after the earlier one. Visitors are
-- NULL where a month of the choice has nobody who counts them, and of a network, an account or a
-- campaign, whose visitors no month adds up.
with

people as (
    select
        channel,
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
    from shared.people
),

funnels as (
    select
        case
            when grouping(channel) = 0 then 'channel'
            when grouping(cohort_month) = 0 then 'month'
            else 'total'
        end as level,
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
    group by grouping sets ((), (channel), (cohort_month))
    having count(*) > 0
),

visited as (
    select
        case
            when grouping(channel) = 0 then 'channel'
            when grouping(cohort_month) = 0 then 'month'
            else 'total'
        end as level,
        channel,
        cohort_month,
        case when count(visitors) = count(*) then cast(sum(visitors) as bigint) end as visitors
    from marts.mart_funnel_monthly
    where
        cohort_month between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or channel = :channel)
        and cast(:platform as text) is null
        and cast(:account_id as text) is null
        and cast(:campaign_id as text) is null
    group by grouping sets ((), (channel), (cohort_month))
    having count(*) > 0
),

complete as (
    select
        coalesce(funnels.level, visited.level) as level,
        coalesce(funnels.channel, visited.channel) as channel,
        coalesce(funnels.cohort_month, visited.cohort_month) as cohort_month,
        visited.visitors,
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
    full outer join visited
        on
            funnels.level = visited.level
            and coalesce(funnels.channel, '') = coalesce(visited.channel, '')
            and coalesce(funnels.cohort_month, date '0001-01-01')
            = coalesce(visited.cohort_month, date '0001-01-01')
),

rated as (
    select
        level,
        channel,
        cohort_month,
        visitors,
        leads,
        mqls,
        sqls,
        opportunities,
        customers,
        cast(
            cast(cast(leads as numeric(20, 6)) / nullif(visitors, 0) as numeric(24, 10))
            as numeric(20, 6)
        ) as visitor_to_lead_rate,
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
        ) as lead_to_customer_rate,
        cast(
            cast(cast(lead_to_mql_seconds as numeric(20, 1)) / 86400 as numeric(24, 10))
            as numeric(20, 4)
        ) as median_days_lead_to_mql,
        cast(
            cast(cast(mql_to_sql_seconds as numeric(20, 1)) / 86400 as numeric(24, 10))
            as numeric(20, 4)
        ) as median_days_mql_to_sql,
        cast(
            cast(cast(sql_to_opportunity_seconds as numeric(20, 1)) / 86400 as numeric(24, 10))
            as numeric(20, 4)
        ) as median_days_sql_to_opportunity,
        cast(
            cast(cast(opportunity_to_customer_seconds as numeric(20, 1)) / 86400 as numeric(24, 10))
            as numeric(20, 4)
        ) as median_days_opportunity_to_customer
    from complete
    order by
        level asc,
        cohort_month asc nulls first,
        leads desc,
        channel asc nulls first
)

select * from rated
