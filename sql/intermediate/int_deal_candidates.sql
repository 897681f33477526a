-- Which touches of a deal's people are there at all, in which order did they come?
-- Grain: one row per deal and touch of any of its people, our own left out.
-- The order is total: time, then confidence, then touchpoint id. Whether a touch earns anything is
-- for each model's window to say. closing_at is the instant the deal closed, even one before its
-- creation; of open deals the as-of instant. It and created_at are whole seconds, as touches are:
-- what lies in their second is at or before them. is_by_lead marks touches of the deal's first
-- known person at or before the instant that made them known.
with

as_of as (
    select as_of_at
    from build.int_as_of
),

deal_people as (
    select
        deals.opportunity_id,
        people.person_id,
        persons.lead_at,
        row_number() over (
            partition by deals.opportunity_id
            order by persons.lead_at asc, people.person_id collate "C" asc
        ) as lead_number,
        deals.closed_at,
        date_trunc('second', deals.created_at) as created_at,
        date_trunc('second', coalesce(deals.closed_at, as_of.as_of_at)) as closing_at
    from build.int_opportunity_people as people
    cross join as_of
    inner join build.int_deals as deals
        on people.opportunity_id = deals.opportunity_id
    inner join build.int_people as persons
        on people.person_id = persons.person_id
    where not persons.is_internal
),

candidates as (
    select
        deal_people.opportunity_id,
        touches.touchpoint_id,
        touches.person_id,
        touches.channel,
        touches.date_day,
        row_number() over (
            partition by deal_people.opportunity_id
            order by
                touches.touched_at asc,
                touches.match_confidence desc,
                touches.touchpoint_id collate "C" asc
        ) as candidate_number,
        touches.match_confidence,
        touches.is_paid,
        deal_people.lead_number = 1 and touches.touched_at <= deal_people.lead_at as is_by_lead,
        touches.touched_at <= deal_people.created_at as is_by_creation,
        coalesce(touches.touched_at <= deal_people.closed_at, false) as is_by_close,
        touches.touched_at,
        deal_people.created_at,
        deal_people.closing_at
    from deal_people
    inner join build.fct_touchpoints as touches
        on deal_people.person_id = touches.person_id
)

select * from candidates
