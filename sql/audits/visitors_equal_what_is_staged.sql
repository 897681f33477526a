-- Is every visit that is staged in the marts, once, in a channel, and every visitor in the funnel?
-- Grain: one row per mart and month that tells otherwise.
with

staged_days as (
    select
        cast(date_trunc('month', date_day) as date) as month,
        count(*) as visit_rows,
        sum(sessions) as sessions,
        sum(key_events) as key_events,
        coalesce(sum(users), 0) as users
    from staging.stg_visits_daily
    group by cast(date_trunc('month', date_day) as date)
),

told_days as (
    select
        cast(date_trunc('month', date_day) as date) as month,
        count(channel) as visit_rows,
        sum(sessions) as sessions,
        sum(key_events) as key_events,
        coalesce(sum(users), 0) as users
    from build.mart_visitors_daily
    group by cast(date_trunc('month', date_day) as date)
),

reach as (
    select
        platform,
        account_id,
        cast(date_trunc('month', min(date_day)) as date) as first_month
    from staging.stg_visit_totals_daily
    group by platform, account_id
),

staged_months as (
    select
        months.visit_month as month,
        cast(null as bigint) as visit_rows,
        sum(months.sessions) as sessions,
        sum(months.key_events) as key_events,
        coalesce(sum(months.users), 0) as users
    from staging.stg_visitors_monthly as months
    inner join reach
        on
            months.platform = reach.platform
            and months.account_id = reach.account_id
            and months.visit_month >= reach.first_month
    group by months.visit_month
),

told_months as (
    select
        visit_month as month,
        cast(null as bigint) as visit_rows,
        sum(sessions) as sessions,
        sum(key_events) as key_events,
        coalesce(sum(visitors), 0) as users
    from build.mart_visitors_monthly
    group by visit_month
),

funnel_months as (
    select
        cohort_month as month,
        coalesce(sum(visitors), 0) as users
    from build.mart_funnel_monthly
    where visitors is not null
    group by cohort_month
),

compared as (
    select
        'mart_visitors_daily' as mart,
        coalesce(staged_days.month, told_days.month) as month,
        staged_days.sessions as staged_sessions,
        told_days.sessions as mart_sessions
    from staged_days
    full outer join told_days
        on staged_days.month = told_days.month
    where
        staged_days.visit_rows is distinct from told_days.visit_rows
        or staged_days.sessions is distinct from told_days.sessions
        or staged_days.key_events is distinct from told_days.key_events
        or staged_days.users is distinct from told_days.users
    union all
    select
        'mart_visitors_monthly' as mart,
        coalesce(staged_months.month, told_months.month) as month,
        staged_months.sessions as staged_sessions,
        told_months.sessions as mart_sessions
    from staged_months
    full outer join told_months
        on staged_months.month = told_months.month
    where
        staged_months.sessions is distinct from told_months.sessions
        or staged_months.key_events is distinct from told_months.key_events
        or staged_months.users is distinct from told_months.users
    union all
    select
        'mart_funnel_monthly' as mart,
        coalesce(told_months.month, funnel_months.month) as month,
        told_months.users as staged_sessions,
        funnel_months.users as mart_sessions
    from told_months
    full outer join funnel_months
        on told_months.month = funnel_months.month
    where told_months.users is distinct from funnel_months.users
)

select * from compared
