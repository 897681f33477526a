-- What did each month bring through each channel, as forecasts read it?
-- Grain: one row per channel, metric and month that brought any.
-- By the month in which it happened: people by their first touch, deals by their creation,
-- customers and won revenue by the close, spend by its day. The last month may be under way. A deal
-- won without an amount, or in a currency without a rate, counts as a customer and brings nothing.
with

monthly as (
    select
        kind,
        channel,
        outcome,
        month,
        close_month,
        people_or_deals,
        customers,
        amount_base
    from build.int_monthly_outcomes
),

told as (
    select
        channel,
        case kind when 'people' then 'leads' when 'deals' then 'opportunities' else 'spend' end
            as metric,
        month,
        case kind when 'spend' then amount_base else people_or_deals end as actual
    from monthly
    where kind in ('people', 'deals', 'spend')
    union all
    select
        channel,
        'customers' as metric,
        close_month as month,
        customers as actual
    from monthly
    where outcome = 'won'
    union all
    select
        channel,
        'won_revenue' as metric,
        close_month as month,
        amount_base as actual
    from monthly
    where outcome = 'won'
),

outcomes as (
    select
        channel,
        metric,
        month,
        cast(sum(actual) as numeric(20, 6)) as actual
    from told
    group by channel, metric, month
    having sum(actual) <> 0
)

select * from outcomes
