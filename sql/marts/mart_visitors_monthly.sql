-- How many people came through each channel in each month, and what share of them left a lead?
-- Grain: one row per channel and month in which visits are loaded by day.
-- Months are of the property's zone. A person is counted once a month for each way they came
-- (source, medium, campaign); the ways of a channel are added up. Where rows of few users are
-- withheld, visitors are those told, and sessions_withheld how many sessions are without theirs.
-- The rate takes two roundings, to ten places first: one engine divides decimals as doubles.
with

reach as (
    select
        platform as source,
        account_id as property_id,
        cast(date_trunc('month', min(date_day)) as date) as first_month
    from staging.stg_visit_totals_daily
    group by platform, account_id
),

counted as (
    select
        coalesce(visitors.told_channel, channels.channel) as channel,
        visitors.visit_month,
        sum(visitors.sessions) as sessions,
        sum(visitors.engaged_sessions) as engaged_sessions,
        sum(visitors.users) as visitors,
        sum(visitors.new_users) as new_visitors,
        sum(visitors.key_events) as key_events,
        coalesce(sum(visitors.sessions) filter (where visitors.users is null), 0)
            as sessions_withheld,
        bool_or(visitors.has_other_row) as has_other_row,
        bool_or(visitors.is_sampled) as is_sampled
    from build.int_visitors as visitors
    inner join reach
        on
            visitors.source = reach.source
            and visitors.property_id = reach.property_id
            and visitors.visit_month >= reach.first_month
    left join build.int_channels as channels
        on visitors.channel_key = channels.channel_key
    where visitors.sessions is not null
    group by coalesce(visitors.told_channel, channels.channel), visitors.visit_month
),

rated as (
    select
        channel,
        visit_month,
        cast(sessions as bigint) as sessions,
        cast(engaged_sessions as bigint) as engaged_sessions,
        cast(visitors as bigint) as visitors,
        cast(new_visitors as bigint) as new_visitors,
        cast(key_events as numeric(20, 4)) as key_events,
        cast(sessions_withheld as bigint) as sessions_withheld,
        cast(
            cast(
                cast(key_events as numeric(20, 6))
                / nullif(case when sessions_withheld = 0 then visitors end, 0)
                as numeric(24, 10)
            ) as numeric(20, 6)
        ) as lead_rate,
        has_other_row,
        is_sampled
    from counted
)

select * from rated
