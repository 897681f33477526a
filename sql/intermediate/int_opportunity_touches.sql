-- Which touches may have sourced a deal, and in which order did they come?
-- Grain: one row per deal and touch at or before the deal's creation, within the look-back.
-- Both boundaries are inclusive. The order is total: time, then confidence, then touchpoint id.
-- Touches of our own people source nothing.
with

as_of as (
    select attribution_look_back_days
    from build.int_as_of
),

-- Materialized, so that no engine thinks of joining all deals to all touches by time.
deal_people as materialized (
    select
        people.opportunity_id,
        people.person_id,
        deals.created_at,
        deals.created_at - as_of.attribution_look_back_days * interval '24 hours' as earliest_at
    from build.int_opportunity_people as people
    inner join build.int_deals as deals
        on people.opportunity_id = deals.opportunity_id
    cross join as_of
),

eligible as (
    select
        deal_people.opportunity_id,
        touches.touchpoint_id,
        touches.person_id,
        touches.match_confidence,
        touches.touched_at
    from deal_people
    inner join build.int_touchpoints as touches
        on
            deal_people.person_id = touches.person_id
            and touches.touched_at between deal_people.earliest_at and deal_people.created_at
    where not touches.is_internal
),

ordered as (
    select
        opportunity_id,
        touchpoint_id,
        person_id,
        row_number() over (
            partition by opportunity_id
            order by touched_at asc, match_confidence desc, touchpoint_id collate "C" asc
        ) as touch_number,
        touched_at
    from eligible
)

select * from ordered
