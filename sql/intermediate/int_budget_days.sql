-- What did each channel with spend cost and bring day by day, and what are its leads worth, as the
-- budget is planned on?
-- Grain: one row per row_kind, channel and day.
-- day: spend and leads (people, by the day of their first touch in the reporting zone) of a channel
-- that ever spent, since its first spend, for 36 months at most; what no row tells of cost and
-- brought nothing. worth: leads and deals won of its mature cohorts (int_maturity) of 36 months.
-- free: what channels without spend won in the last 365 days. goal: a goal of won revenue of all
-- channels that is not over, and how many days it has. as_of: the day after the last that is over.
-- Deals are new business with an amount above zero; log_amounts sums the natural logarithms.
with

as_of as (
    select
        maturity.as_of_date,
        maturity.mature_before_month,
        cast(maturity.mature_before_month - interval '36 months' as date) as mature_from_month,
        cast(maturity.as_of_date - interval '36 months' as date) as known_from,
        settings.reporting_currency,
        settings.reporting_zone
    from build.int_maturity as maturity
    cross join staging.stg_settings as settings
),

spent as (
    select
        campaigns.channel,
        daily.date_day,
        cast(
            case when count(*) = count(daily.spend_base) then sum(daily.spend_base) end
            as numeric(20, 6)
        ) as spend_base
    from build.fct_ad_spend_daily as daily
    inner join build.dim_campaign as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    cross join as_of
    where
        campaigns.channel is not null
        and daily.date_day >= as_of.known_from
        and daily.date_day < as_of.as_of_date
    group by campaigns.channel, daily.date_day
),

began as (
    select
        channel,
        min(date_day) as first_day
    from spent
    where spend_base > 0
    group by channel
),

came as (
    select
        people.first_touch_channel as channel,
        cast((people.first_touch_at at time zone as_of.reporting_zone) as date) as date_day,
        count(*) as leads
    from build.fct_people as people
    cross join as_of
    where not people.is_internal and people.first_touch_at is not null
    group by
        people.first_touch_channel,
        cast((people.first_touch_at at time zone as_of.reporting_zone) as date)
),

days as (
    select
        coalesce(spent.channel, came.channel) as channel,
        coalesce(spent.date_day, came.date_day) as date_day,
        coalesce(came.leads, 0) as leads,
        -- A day without a row cost nothing; one with a rate missing is unknown.
        case when spent.channel is null then 0 else spent.spend_base end as spend_base
    from spent
    full outer join came
        on spent.channel = came.channel and spent.date_day = came.date_day
),

people as (
    select
        returns.channel,
        sum(returns.leads) as leads
    from build.mart_channel_roi_monthly as returns
    inner join began
        on returns.channel = began.channel
    cross join as_of
    where
        returns.cohort_month >= as_of.mature_from_month
        and returns.cohort_month < as_of.mature_before_month
    group by returns.channel
),

logs as (
    select
        deals.first_touch_channel as channel,
        cast(ln(cast(deals.amount_base as double precision)) as numeric(20, 10)) as log_amount
    from build.fct_opportunities as deals
    cross join as_of
    where
        deals.is_won
        and deals.type_group = 'new_business'
        and deals.amount_base > 0
        and deals.cohort_month >= as_of.mature_from_month
        and deals.cohort_month < as_of.mature_before_month
),

won as (
    select
        channel,
        count(*) as won_deals,
        sum(log_amount) as log_amounts,
        sum(cast(log_amount * log_amount as numeric(24, 10))) as log_squares
    from logs
    group by channel
),

free as (
    select cast(coalesce(sum(deals.amount_base), 0) as numeric(20, 6)) as won_revenue
    from build.fct_opportunities as deals
    cross join as_of
    left join began
        on deals.first_touch_channel = began.channel
    where
        deals.is_won
        and deals.type_group = 'new_business'
        and began.channel is null
        and deals.close_date >= as_of.as_of_date - 365
        and deals.close_date < as_of.as_of_date
),

goals as (
    select
        goals.first_day,
        goals.value,
        max(pacing.last_day) - goals.first_day + 1 as days
    from staging.seed_goals as goals
    inner join build.mart_goal_pacing as pacing
        on
            goals.metric = pacing.metric
            and goals.channel = pacing.channel
            and goals.period = pacing.period
            and goals.first_day = pacing.first_day
    cross join as_of
    where goals.metric = 'won_revenue' and goals.channel = 'All'
    group by goals.period, goals.first_day, goals.value, as_of.as_of_date
    having max(pacing.last_day) >= as_of.as_of_date
),

learned_from as (
    select
        'day' as row_kind,
        days.channel,
        cast(null as text) as currency_code,
        days.date_day,
        cast(null as bigint) as days,
        cast(days.leads as bigint) as leads,
        cast(days.spend_base as numeric(20, 6)) as amount,
        cast(null as bigint) as won_deals,
        cast(null as numeric(30, 10)) as log_amounts,
        cast(null as numeric(30, 10)) as log_squares
    from days
    inner join began
        on days.channel = began.channel and days.date_day >= began.first_day
    cross join as_of
    where days.date_day < as_of.as_of_date
    union all
    select
        'worth' as row_kind,
        people.channel,
        null as currency_code,
        null as date_day,
        null as days,
        cast(people.leads as bigint) as leads,
        null as amount,
        cast(coalesce(won.won_deals, 0) as bigint) as won_deals,
        cast(coalesce(won.log_amounts, 0) as numeric(30, 10)) as log_amounts,
        cast(coalesce(won.log_squares, 0) as numeric(30, 10)) as log_squares
    from people
    left join won
        on people.channel = won.channel
    union all
    select
        'free' as row_kind,
        null as channel,
        null as currency_code,
        null as date_day,
        cast(365 as bigint) as days,
        null as leads,
        won_revenue as amount,
        null as won_deals,
        null as log_amounts,
        null as log_squares
    from free
    union all
    select
        'goal' as row_kind,
        null as channel,
        null as currency_code,
        first_day as date_day,
        cast(days as bigint) as days,
        null as leads,
        value as amount,
        null as won_deals,
        null as log_amounts,
        null as log_squares
    from goals
    union all
    select
        'as_of' as row_kind,
        null as channel,
        reporting_currency as currency_code,
        as_of_date as date_day,
        null as days,
        null as leads,
        null as amount,
        null as won_deals,
        null as log_amounts,
        null as log_squares
    from as_of
    where as_of_date is not null
)

select * from learned_from
