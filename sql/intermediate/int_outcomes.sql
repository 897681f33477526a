-- Who came through each channel, how far did they and their deals come, and how long did it take?
-- Grain: one row per kind, channel, months and days that people or deals have in common; a deal
-- whose amount is its own stands alone.
-- Our own people are left out, and of the deals all but new business. Days are whole days of 24
-- hours, from the first touch: age_days to the as-of instant, delay_days to the event (a deal: its
-- creation). A person without a touch counts from when they were first known, a deal from its
-- creation. open_days are a deal's from creation to close, or to the as-of instant.
with

as_of as (
    select
        reporting_zone,
        as_of_at
    from build.int_as_of
),

people as (
    select
        people.first_touch_channel as channel,
        people.cohort_month,
        coalesce(people.first_touch_at, people.lead_at) as began_at,
        people.mql_at,
        people.sql_at,
        as_of.as_of_at
    from build.fct_people as people
    cross join as_of
    where not people.is_internal
),

deals as (
    select
        deals.first_touch_channel as channel,
        case
            when not deals.is_closed then 'open'
            when deals.is_won then 'won'
            else 'lost'
        end as outcome,
        deals.cohort_month,
        cast(date_trunc('month', deals.created_at at time zone as_of.reporting_zone) as date)
            as event_month,
        case
            when deals.is_closed then cast(date_trunc('month', deals.close_date) as date)
        end as close_month,
        coalesce(deals.first_touch_at, deals.created_at) as began_at,
        deals.created_at,
        case when deals.is_closed then deals.closed_at else as_of.as_of_at end as ended_at,
        as_of.as_of_at,
        deals.amount_base,
        deals.is_new_customer
    from build.fct_opportunities as deals
    cross join as_of
    where deals.type_group = 'new_business'
),

told as (
    select
        'people' as kind,
        channel,
        cast(null as text) as outcome,
        cohort_month,
        cohort_month as event_month,
        cast(null as date) as close_month,
        as_of_at - began_at as age,
        began_at - began_at as delay,
        cast(null as interval) as open_for,
        0 as customers,
        cast(null as numeric(18, 2)) as amount_base
    from people
    union all
    select
        'mqls' as kind,
        channel,
        cast(null as text) as outcome,
        cohort_month,
        cohort_month as event_month,
        cast(null as date) as close_month,
        as_of_at - began_at as age,
        mql_at - began_at as delay,
        cast(null as interval) as open_for,
        0 as customers,
        cast(null as numeric(18, 2)) as amount_base
    from people
    where mql_at is not null
    union all
    select
        'sqls' as kind,
        channel,
        cast(null as text) as outcome,
        cohort_month,
        cohort_month as event_month,
        cast(null as date) as close_month,
        as_of_at - began_at as age,
        sql_at - began_at as delay,
        cast(null as interval) as open_for,
        0 as customers,
        cast(null as numeric(18, 2)) as amount_base
    from people
    where sql_at is not null
    union all
    select
        'deals' as kind,
        channel,
        outcome,
        cohort_month,
        event_month,
        close_month,
        as_of_at - began_at as age,
        created_at - began_at as delay,
        ended_at - created_at as open_for,
        case when is_new_customer then 1 else 0 end as customers,
        amount_base
    from deals
),

outcomes as (
    select
        kind,
        channel,
        outcome,
        cohort_month,
        event_month,
        close_month,
        cast(greatest(floor(extract(epoch from age) / 86400), 0) as bigint) as age_days,
        cast(greatest(floor(extract(epoch from delay) / 86400), 0) as bigint) as delay_days,
        cast(greatest(floor(extract(epoch from open_for) / 86400), 0) as bigint) as open_days,
        cast(count(*) as bigint) as people_or_deals,
        cast(sum(customers) as bigint) as customers,
        cast(sum(amount_base) as numeric(18, 2)) as amount_base
    from told
    group by
        kind,
        channel,
        outcome,
        cohort_month,
        event_month,
        close_month,
        cast(greatest(floor(extract(epoch from age) / 86400), 0) as bigint),
        cast(greatest(floor(extract(epoch from delay) / 86400), 0) as bigint),
        cast(greatest(floor(extract(epoch from open_for) / 86400), 0) as bigint),
        case when kind = 'deals' then amount_base end
)

select * from outcomes
