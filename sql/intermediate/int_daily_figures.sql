-- What did each channel cost and bring on each day, in the figures a goal may be of?
-- Grain: one row per metric, channel and day.
-- By the day on which it happened, in the reporting zone (spend: the ad account's), and the channel
-- of the first touch. People stand on the day on which they became known, MQL, SQL: who reached a
-- stage at an instant nobody noted is on no day. Opportunities stand on the day of their creation,
-- customers and won revenue on that of the close: new business alone, as in the ROI marts. amount
-- is NULL where one of its parts lacks a rate. known_from is the first day of which the metric's
-- system tells at all. Visitors are not here: they are people of a month, and who came on two of
-- its days is one.
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
),

known as (
    select
        metric = 'spend' as is_spend,
        min(date_day) as known_from
    from happened
    group by metric = 'spend'
),

figures as (
    select
        happened.metric,
        happened.channel,
        happened.date_day,
        known.known_from,
        cast(
            case when count(*) = count(happened.amount) then sum(happened.amount) end
            as numeric(20, 6)
        ) as amount
    from happened
    inner join known
        on known.is_spend = (happened.metric = 'spend')
    group by happened.metric, happened.channel, happened.date_day, known.known_from
)

select * from figures
