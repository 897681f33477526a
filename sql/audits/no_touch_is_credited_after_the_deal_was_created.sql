-- Did every sourcing touch take place at or before the creation of its deal, and within the
-- look-back?
-- Grain: one row per credit that did not.
with

as_of as (
    select attribution_look_back_days
    from build.int_as_of
),

wrong as (
    select
        credits.opportunity_id,
        credits.touchpoint_id,
        credits.model,
        touches.touched_at,
        opportunities.created_at
    from build.fct_attribution as credits
    cross join as_of
    inner join build.fct_touchpoints as touches
        on credits.touchpoint_id = touches.touchpoint_id
    inner join staging.stg_crm_opportunities as opportunities
        on credits.opportunity_id = opportunities.opportunity_id
    where
        touches.touched_at > opportunities.created_at
        or touches.touched_at
        < opportunities.created_at
        - as_of.attribution_look_back_days * interval '24 hours'
)

select * from wrong
