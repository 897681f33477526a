-- Do the days of every goal sum to its value, each with its share, and what is there to what the
-- facts tell?
-- Grain: one row per goal whose days do not.
-- The facts are asked again, not through the daily figures that the mart is made of. Visitors are
-- facts of a month: a goal that begins or ends within one may have no more than its months have.
with

as_of as (
    select
        reporting_zone,
        as_of_date - 1 as last_whole_day
    from build.int_as_of
),

deals as (
    select
        deals.first_touch_channel as channel,
        deals.close_date,
        cast((deals.created_at at time zone as_of.reporting_zone) as date) as created_day,
        case when deals.is_won then coalesce(deals.amount_base, 0) else 0 end as won_revenue,
        deals.is_won,
        deals.is_new_customer
    from build.fct_opportunities as deals
    cross join as_of
    where deals.type_group = 'new_business'
),

spread as (
    select
        metric,
        channel,
        period,
        first_day,
        count(*) as days,
        count(distinct date_day) as different_days,
        min(date_day) as earliest_day,
        max(date_day) as latest_day,
        max(last_day) as last_day,
        sum(target_day) as target,
        max(target_day) - min(target_day) as unevenness,
        max(case when date_day = last_day then target_to_date end) as target_at_the_end,
        sum(actual_day) as actual,
        max(case when is_latest then actual_to_date end) as actual_to_date,
        count(*) filter (where is_latest) as latest_rows
    from build.mart_goal_pacing
    group by metric, channel, period, first_day
),

known_spreads as (
    select
        spread.metric,
        spread.channel,
        spread.period,
        spread.first_day,
        least(spread.last_day, as_of.last_whole_day) as until_day,
        spread.actual
    from spread
    cross join as_of
    where spread.actual_to_date is not null
),

told as (
    select
        known_spreads.metric,
        known_spreads.channel,
        known_spreads.period,
        known_spreads.first_day,
        cast(
            sum(
                case known_spreads.metric
                    when 'won_revenue' then deals.won_revenue
                    when 'customers' then case when deals.is_new_customer then 1 else 0 end
                    else 1
                end
            ) as numeric(20, 6)
        ) as amount
    from known_spreads
    inner join deals
        on
            known_spreads.channel in ('All', deals.channel)
            and (known_spreads.metric = 'opportunities' or deals.is_won)
            and case known_spreads.metric
                when 'opportunities' then deals.created_day
                else deals.close_date
            end between known_spreads.first_day and known_spreads.until_day
    where known_spreads.metric in ('won_revenue', 'customers', 'opportunities')
    group by
        known_spreads.metric,
        known_spreads.channel,
        known_spreads.period,
        known_spreads.first_day
    union all
    select
        known_spreads.metric,
        known_spreads.channel,
        known_spreads.period,
        known_spreads.first_day,
        cast(count(*) as numeric(20, 6)) as amount
    from known_spreads
    cross join as_of
    inner join build.fct_people as people
        on
            known_spreads.channel in ('All', people.first_touch_channel)
            and not people.is_internal
            and cast(
                (
                    case known_spreads.metric
                        when 'leads' then people.lead_at
                        when 'mqls' then people.mql_at
                        else people.sql_at
                    end at time zone as_of.reporting_zone
                ) as date
            ) between known_spreads.first_day and known_spreads.until_day
    where known_spreads.metric in ('leads', 'mqls', 'sqls')
    group by
        known_spreads.metric,
        known_spreads.channel,
        known_spreads.period,
        known_spreads.first_day
    union all
    select
        known_spreads.metric,
        known_spreads.channel,
        known_spreads.period,
        known_spreads.first_day,
        cast(sum(daily.spend_base) as numeric(20, 6)) as amount
    from known_spreads
    inner join build.fct_ad_spend_daily as daily
        on daily.date_day between known_spreads.first_day and known_spreads.until_day
    inner join build.dim_campaign as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
            and known_spreads.channel in ('All', campaigns.channel)
    where known_spreads.metric = 'spend'
    group by
        known_spreads.metric,
        known_spreads.channel,
        known_spreads.period,
        known_spreads.first_day
),

visits as (
    select
        cast(date_trunc('month', date_day) as date) as visit_month,
        max(date_day) as latest_day
    from build.mart_visitors_daily
    group by cast(date_trunc('month', date_day) as date)
),

visitors as (
    select
        known_spreads.channel,
        known_spreads.period,
        known_spreads.first_day,
        cast(sum(months.visitors) as numeric(20, 6)) as amount,
        bool_and(
            visits.visit_month >= known_spreads.first_day
            and visits.latest_day <= known_spreads.until_day
        ) as is_of_whole_months
    from known_spreads
    inner join visits
        on
            known_spreads.until_day >= visits.visit_month
            and known_spreads.first_day <= visits.latest_day
    inner join build.mart_visitors_monthly as months
        on
            visits.visit_month = months.visit_month
            and known_spreads.channel in ('All', months.channel)
    where known_spreads.metric = 'visitors'
    group by known_spreads.channel, known_spreads.period, known_spreads.first_day
),

wrong as (
    select
        goals.metric,
        goals.channel,
        goals.period,
        goals.first_day,
        goals.value,
        spread.target,
        spread.actual,
        coalesce(told.amount, visitors.amount) as actual_by_the_facts
    from staging.seed_goals as goals
    left join spread
        on
            goals.metric = spread.metric
            and goals.channel = spread.channel
            and goals.period = spread.period
            and goals.first_day = spread.first_day
    left join told
        on
            goals.metric = told.metric
            and goals.channel = told.channel
            and goals.period = told.period
            and goals.first_day = told.first_day
    left join visitors
        on
            goals.metric = 'visitors'
            and goals.channel = visitors.channel
            and goals.period = visitors.period
            and goals.first_day = visitors.first_day
    left join staging.stg_currencies as currencies
        on goals.currency_code = currencies.currency_code
    where
        spread.target is distinct from goals.value
        or spread.target_at_the_end is distinct from goals.value
        or spread.days is distinct from spread.last_day - goals.first_day + 1
        or spread.different_days <> spread.days
        or spread.earliest_day <> goals.first_day
        or spread.latest_day <> spread.last_day
        or spread.unevenness > coalesce(currencies.smallest_unit, 0.01)
        or spread.latest_rows <> 1
        or (
            spread.actual_to_date is not null
            and (
                spread.actual <> spread.actual_to_date
                or case
                    when visitors.is_of_whole_months then spread.actual <> visitors.amount
                    when not visitors.is_of_whole_months
                        then spread.actual not between 0 and visitors.amount
                    else spread.actual <> coalesce(told.amount, 0)
                end
            )
        )
)

select * from wrong
