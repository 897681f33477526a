-- What did it take so far to win what a goal of revenue asks for?
-- Grain: one row per goal of revenue, per channel, and per channel and day with leads or revenue.
-- Channels: what their mature cohorts (int_maturity) of the last 36 months cost and brought.
-- Days: by the day they happened, for the best stretch there ever was.
-- include/estimates makes of them one row per goal, channel and figure.
with

pacing as (
    select
        channel,
        period,
        first_day,
        count(*) as days
    from build.mart_goal_pacing
    where metric = 'won_revenue'
    group by channel, period, first_day
),

goals as (
    select
        goals.period,
        goals.channel,
        goals.currency_code,
        goals.first_day,
        pacing.days,
        goals.value,
        currencies.smallest_unit
    from staging.seed_goals as goals
    inner join staging.stg_currencies as currencies
        on goals.currency_code = currencies.currency_code
    inner join pacing
        on
            goals.channel = pacing.channel
            and goals.period = pacing.period
            and goals.first_day = pacing.first_day
    where goals.metric = 'won_revenue'
),

maturity as (
    select
        mature_before_month,
        as_of_date - 1 as last_whole_day,
        cast(mature_before_month - interval '36 months' as date) as mature_from_month
    from build.int_maturity
    where exists (select goals.value from goals)
),

wins as (
    select
        deals.first_touch_channel as channel,
        cast(
            percentile_cont(0.5) within group (
                order by deals.days_touch_to_created + deals.days_created_to_close
            ) as numeric(20, 1)
        ) as median_days,
        cast(sum(deals.amount_base * deals.amount_base) as numeric(38, 4)) as revenue_squares
    from build.fct_opportunities as deals
    inner join maturity
        on
            deals.cohort_month >= maturity.mature_from_month
            and deals.cohort_month < maturity.mature_before_month
    where deals.is_won and deals.type_group = 'new_business'
    group by deals.first_touch_channel
),

channels as (
    select
        returns.channel,
        sum(returns.leads) as leads,
        sum(returns.mqls) as mqls,
        sum(returns.sqls) as sqls,
        sum(returns.opportunities) as opportunities,
        sum(returns.customers) as customers,
        case when count(*) = count(returns.won_revenue_base) then sum(returns.won_revenue_base) end
            as won_revenue,
        case when count(*) = count(returns.spend_base) then sum(returns.spend_base) end as spend
    from build.mart_channel_roi_monthly as returns
    inner join maturity
        on
            returns.cohort_month >= maturity.mature_from_month
            and returns.cohort_month < maturity.mature_before_month
    group by returns.channel
),

visited as (
    select
        funnels.channel,
        case when count(*) = count(funnels.visitors) then sum(funnels.visitors) end as visitors
    from build.mart_funnel_monthly as funnels
    inner join maturity
        on
            funnels.cohort_month >= maturity.mature_from_month
            and funnels.cohort_month < maturity.mature_before_month
    group by funnels.channel
),

learned_from as (
    select
        'goal' as row_kind,
        period,
        channel,
        currency_code,
        cast(null as text) as metric,
        first_day,
        cast(null as date) as known_from,
        cast(days as bigint) as days,
        cast(value as numeric(20, 6)) as amount,
        cast(smallest_unit as numeric(20, 6)) as smallest_unit,
        cast(null as numeric(20, 1)) as median_days,
        cast(null as numeric(38, 4)) as revenue_squares,
        cast(null as bigint) as visitors,
        cast(null as bigint) as leads,
        cast(null as bigint) as mqls,
        cast(null as bigint) as sqls,
        cast(null as bigint) as opportunities,
        cast(null as bigint) as customers,
        cast(null as numeric(20, 6)) as won_revenue,
        cast(null as numeric(20, 6)) as spend
    from goals
    union all
    select
        'channel' as row_kind,
        null as period,
        channels.channel,
        null as currency_code,
        null as metric,
        null as first_day,
        null as known_from,
        null as days,
        null as amount,
        null as smallest_unit,
        wins.median_days,
        wins.revenue_squares,
        cast(visited.visitors as bigint) as visitors,
        cast(channels.leads as bigint) as leads,
        cast(channels.mqls as bigint) as mqls,
        cast(channels.sqls as bigint) as sqls,
        cast(channels.opportunities as bigint) as opportunities,
        cast(channels.customers as bigint) as customers,
        cast(channels.won_revenue as numeric(20, 6)) as won_revenue,
        cast(channels.spend as numeric(20, 6)) as spend
    from channels
    left join wins
        on channels.channel = wins.channel
    left join visited
        on channels.channel = visited.channel
    union all
    select
        'day' as row_kind,
        null as period,
        figures.channel,
        null as currency_code,
        figures.metric,
        figures.date_day as first_day,
        figures.known_from,
        null as days,
        figures.amount,
        null as smallest_unit,
        null as median_days,
        null as revenue_squares,
        null as visitors,
        null as leads,
        null as mqls,
        null as sqls,
        null as opportunities,
        null as customers,
        null as won_revenue,
        null as spend
    from build.int_daily_figures as figures
    inner join maturity
        on figures.date_day <= maturity.last_whole_day
    where figures.metric in ('leads', 'won_revenue')
    union all
    select
        'as_of' as row_kind,
        null as period,
        null as channel,
        null as currency_code,
        null as metric,
        last_whole_day as first_day,
        null as known_from,
        null as days,
        null as amount,
        null as smallest_unit,
        null as median_days,
        null as revenue_squares,
        null as visitors,
        null as leads,
        null as mqls,
        null as sqls,
        null as opportunities,
        null as customers,
        null as won_revenue,
        null as spend
    from maturity
)

select * from learned_from
