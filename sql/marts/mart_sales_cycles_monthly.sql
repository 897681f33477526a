-- How many deals were decided in each month, what share was won, and how long did it take?
-- Grain: one row per channel of the first touch, type group and close month.
-- Cycles are of deals won, in days of the calendar. Sales velocity is what such deals bring a day:
-- deals decided x win rate x average amount won / average days from creation to close, which comes
-- to won revenue / average days.
-- Ratios take two roundings, to ten places first: one engine divides decimals as doubles, and a
-- tie at the seventh place must fall the same way on all.
with

deals as (
    select
        first_touch_channel as channel,
        type_group,
        cast(date_trunc('month', close_date) as date) as close_month,
        is_won,
        amount is not null and amount_base is null as is_unpriced,
        case when is_won then amount_base end as won_amount_base,
        case when not is_won then amount_base end as lost_amount_base,
        case when is_won then days_touch_to_created end as won_days_touch_to_created,
        case when is_won then days_created_to_close end as won_days_created_to_close,
        case when is_won then days_touch_to_created + days_created_to_close end
            as won_days_touch_to_close
    from build.fct_opportunities
    where is_closed
),

summed as (
    select
        channel,
        type_group,
        close_month,
        count(*) filter (where is_won) as won_deals,
        count(*) filter (where not is_won) as lost_deals,
        cast(
            case when not bool_or(is_unpriced and is_won) then coalesce(sum(won_amount_base), 0) end
            as numeric(18, 2)
        ) as won_revenue_base,
        cast(
            case
                when not bool_or(is_unpriced and not is_won)
                    then coalesce(sum(lost_amount_base), 0)
            end as numeric(18, 2)
        ) as lost_amount_base,
        cast(
            percentile_cont(0.5) within group (order by won_days_touch_to_created) as numeric(20, 1)
        ) as days_touch_to_created_p50,
        cast(
            percentile_cont(0.9) within group (order by won_days_touch_to_created) as numeric(20, 1)
        ) as days_touch_to_created_p90,
        cast(
            percentile_cont(0.5) within group (order by won_days_created_to_close) as numeric(20, 1)
        ) as days_created_to_close_p50,
        cast(
            percentile_cont(0.9) within group (order by won_days_created_to_close) as numeric(20, 1)
        ) as days_created_to_close_p90,
        cast(
            percentile_cont(0.5) within group (order by won_days_touch_to_close) as numeric(20, 1)
        ) as days_touch_to_close_p50,
        cast(
            percentile_cont(0.9) within group (order by won_days_touch_to_close) as numeric(20, 1)
        ) as days_touch_to_close_p90,
        sum(won_days_created_to_close) as won_days
    from deals
    group by channel, type_group, close_month
),

rated as (
    select
        channel,
        type_group,
        close_month,
        won_deals,
        lost_deals,
        won_revenue_base,
        lost_amount_base,
        cast(
            cast(
                cast(won_deals as numeric(20, 6))
                / nullif(won_deals + lost_deals, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as win_rate,
        cast(
            cast(
                cast(won_revenue_base as numeric(20, 6))
                / nullif(won_revenue_base + lost_amount_base, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as win_rate_by_amount,
        cast(
            cast(
                cast(won_revenue_base as numeric(20, 6))
                / nullif(won_deals, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as average_won_amount,
        cast(days_touch_to_created_p50 as numeric(20, 4)) as days_touch_to_created_p50,
        cast(days_touch_to_created_p90 as numeric(20, 4)) as days_touch_to_created_p90,
        cast(days_created_to_close_p50 as numeric(20, 4)) as days_created_to_close_p50,
        cast(days_created_to_close_p90 as numeric(20, 4)) as days_created_to_close_p90,
        cast(days_touch_to_close_p50 as numeric(20, 4)) as days_touch_to_close_p50,
        cast(days_touch_to_close_p90 as numeric(20, 4)) as days_touch_to_close_p90,
        cast(
            cast(
                cast(won_revenue_base * won_deals as numeric(20, 6))
                / nullif(won_days, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as sales_velocity
    from summed
)

select * from rated
