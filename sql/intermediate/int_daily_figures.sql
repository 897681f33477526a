-- What did each channel cost and bring on each day, in the figures a goal may be of?
-- Grain: one row per metric, channel and day.
-- By the day on which it happened, in the reporting zone (spend: the ad account's), and the channel
-- of the first touch. People stand on the day on which they became known, MQL, SQL: who reached a
-- stage at an instant nobody noted is on no day. Opportunities stand on the day of their creation,
-- customers and won revenue on that of the close: new business alone, as in the ROI marts. amount
-- is NULL where one of its parts lacks a rate. Visitors are people of a month, and who came on two
-- of its days is one: those of a month are spread over its days as all visits were, to the
-- hundredth; from the first month on whose every day is loaded, and NULL where some are withheld.
-- known_from is the first day of which the metric's system tells at all.
with

as_of as (
    select reporting_zone
    from build.int_as_of
),

people as (
    select
        people.first_touch_channel as channel,
        cast((people.lead_at at time zone as_of.reporting_zone) as date) as lead_day,
        cast((people.mql_at at time zone as_of.reporting_zone) as date) as mql_day,
        cast((people.sql_at at time zone as_of.reporting_zone) as date) as sql_day
    from build.fct_people as people
    cross join as_of
    where not people.is_internal
),

deals as (
    select
        deals.first_touch_channel as channel,
        cast((deals.created_at at time zone as_of.reporting_zone) as date) as created_day,
        deals.close_date,
        case when deals.amount is null then 0 else deals.amount_base end as amount_base,
        deals.is_won,
        deals.is_new_customer
    from build.fct_opportunities as deals
    cross join as_of
    where deals.type_group = 'new_business'
),

visit_days as (
    select
        date_day,
        cast(date_trunc('month', date_day) as date) as visit_month,
        sum(sessions) as sessions
    from build.mart_visitors_daily
    group by date_day, cast(date_trunc('month', date_day) as date)
),

visits_known as (
    select
        cast(
            date_trunc('month', min(date_day) + interval '1 month' - interval '1 day') as date
        ) as first_month
    from visit_days
),

visit_shares as (
    select
        visit_days.date_day,
        visit_days.visit_month,
        cast(
            sum(visit_days.sessions) over (
                partition by visit_days.visit_month order by visit_days.date_day
            ) as bigint
        ) as sessions_to_date,
        cast(
            sum(visit_days.sessions) over (partition by visit_days.visit_month) as bigint
        ) as month_sessions
    from visit_days
    inner join visits_known on visit_days.visit_month >= visits_known.first_month
),

visitors_due as (
    select
        months.channel,
        shares.visit_month,
        shares.date_day,
        2 * shares.month_sessions as twice_sessions,
        case when months.sessions_withheld = 0 then 200 * months.visitors end
        * shares.sessions_to_date + shares.month_sessions as twice_due
    from visit_shares as shares
    inner join build.mart_visitors_monthly as months
        on shares.visit_month = months.visit_month
),

visitors_to_date as (
    select
        channel,
        visit_month,
        date_day,
        cast(
            cast(
                (twice_due - twice_due % twice_sessions) / nullif(twice_sessions, 0) as bigint
            ) * 0.01 as numeric(20, 6)
        ) as visitors
    from visitors_due
),

happened as (
    select
        'leads' as metric,
        channel,
        lead_day as date_day,
        cast(1 as numeric(20, 6)) as amount
    from people
    union all
    select
        'mqls' as metric,
        channel,
        mql_day as date_day,
        cast(1 as numeric(20, 6)) as amount
    from people
    where mql_day is not null
    union all
    select
        'sqls' as metric,
        channel,
        sql_day as date_day,
        cast(1 as numeric(20, 6)) as amount
    from people
    where sql_day is not null
    union all
    select
        'opportunities' as metric,
        channel,
        created_day as date_day,
        cast(1 as numeric(20, 6)) as amount
    from deals
    union all
    select
        'customers' as metric,
        channel,
        close_date as date_day,
        cast(1 as numeric(20, 6)) as amount
    from deals
    where is_new_customer
    union all
    select
        'won_revenue' as metric,
        channel,
        close_date as date_day,
        cast(amount_base as numeric(20, 6)) as amount
    from deals
    where is_won
    union all
    select
        'spend' as metric,
        campaigns.channel,
        daily.date_day,
        daily.spend_base as amount
    from build.fct_ad_spend_daily as daily
    inner join build.dim_campaign as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    union all
    select
        'visitors' as metric,
        channel,
        date_day,
        visitors - coalesce(
            lag(visitors) over (partition by channel, visit_month order by date_day), 0
        ) as amount
    from visitors_to_date
),

systems as (
    select
        case when metric in ('spend', 'visitors') then metric else 'crm' end as system_name,
        metric,
        channel,
        date_day,
        amount
    from happened
),

known as (
    select
        system_name,
        min(date_day) as known_from
    from systems
    group by system_name
),

figures as (
    select
        systems.metric,
        systems.channel,
        systems.date_day,
        known.known_from,
        cast(
            case when count(*) = count(systems.amount) then sum(systems.amount) end
            as numeric(20, 6)
        ) as amount
    from systems
    inner join known
        on systems.system_name = known.system_name
    group by systems.metric, systems.channel, systems.date_day, known.known_from
)

select * from figures
