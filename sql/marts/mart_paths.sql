-- Along which channels did deals come, and what became of them?
-- Grain: one row per path, type group and outcome.
-- A path is the channels of the touches of a deal's people until it closed (open: until the as-of
-- instant), within the look-back of the settings, in their order; repeats in a row are one. A deal
-- without such a touch is unattributed. Days run from the first touch to the close, of open deals
-- to the as-of instant, in whole seconds.
with

as_of as (
    select
        'closed/' || cast(attribution_look_back_days as text) as touch_window,
        as_of_at
    from build.int_as_of
),

touches as (
    select
        deal_touches.opportunity_id,
        deal_touches.channel,
        lag(deal_touches.channel) over (
            partition by deal_touches.opportunity_id
            order by deal_touches.touch_number
        ) as earlier_channel,
        deal_touches.touch_number,
        deal_touches.touched_at
    from build.int_deal_touches as deal_touches
    inner join as_of
        on deal_touches.touch_window = as_of.touch_window
),

paths as (
    select
        opportunity_id,
        string_agg(channel, ' > ' order by touch_number) filter (
            where channel is distinct from earlier_channel
        ) as path,
        count(*) filter (where channel is distinct from earlier_channel) as steps,
        count(*) as touches,
        min(touched_at) as first_touch_at
    from touches
    group by opportunity_id
),

deals as (
    select
        coalesce(paths.path, 'unattributed') as path,
        deals.type_group,
        case when deals.is_won then 'won' when deals.is_closed then 'lost' else 'open' end
            as outcome,
        coalesce(paths.steps, 0) as steps,
        coalesce(paths.touches, 0) as touches,
        deals.amount_base,
        deals.amount is not null and deals.amount_base is null as is_unpriced,
        cast(
            floor(extract(epoch from coalesce(deals.closed_at, as_of.as_of_at))) as bigint
        )
        - cast(floor(extract(epoch from paths.first_touch_at)) as bigint) as seconds
    from build.fct_opportunities as deals
    cross join as_of
    left join paths
        on deals.opportunity_id = paths.opportunity_id
),

summed as (
    select
        path,
        type_group,
        outcome,
        steps,
        count(*) as deals,
        cast(sum(touches) as bigint) as touches,
        cast(
            case when not bool_or(is_unpriced) then coalesce(sum(amount_base), 0) end
            as numeric(18, 2)
        ) as amount_base,
        cast(
            cast(
                cast(
                    percentile_cont(0.5) within group (order by seconds) as numeric(20, 1)
                ) / 86400 as numeric(24, 10)
            ) as numeric(20, 4)
        ) as median_days
    from deals
    group by path, type_group, outcome, steps
)

select * from summed
