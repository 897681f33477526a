-- Which touches may have sourced a deal, and in which order did they come?
-- Grain: one row per deal and touch at or before the deal's creation, within the look-back.
-- Both boundaries are inclusive. The order is total: time, then confidence, then touchpoint id.
-- Touches of our own people source nothing.
with

as_of as (
    select attribution_look_back_days
    from build.int_as_of
),

eligible as (
    select
        deals.opportunity_id,
        touches.touchpoint_id,
        touches.person_id,
        touches.match_confidence,
        touches.touched_at
    from build.int_deals as deals
    cross join as_of
    inner join build.int_opportunity_people as people
        on deals.opportunity_id = people.opportunity_id
    inner join build.int_touchpoints as touches
        on people.person_id = touches.person_id
    where
        not touches.is_internal
        and touches.touched_at <= deals.created_at
        and touches.touched_at
        >= deals.created_at - as_of.attribution_look_back_days * interval '24 hours'
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
