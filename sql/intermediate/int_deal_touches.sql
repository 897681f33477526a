-- Which touches are eligible for credit of a deal, and in which order did they come?
-- Grain: one row per deal, touch window and touch.
-- A model looks at the touches of its window (int_attribution_models); the window of touches until
-- the close with the look-back of the settings is always here. Both ends of a window are inclusive,
-- to the second. Lost deals have their touches here too.
with

as_of as (
    select attribution_look_back_days
    from build.int_as_of
),

windows as (
    select
        touch_window,
        touches_until,
        look_back_days
    from build.int_attribution_models
    union
    select
        'closed/' || cast(attribution_look_back_days as text) as touch_window,
        'closed' as touches_until,
        attribution_look_back_days as look_back_days
    from as_of
),

eligible as (
    select
        candidates.opportunity_id,
        windows.touch_window,
        candidates.touchpoint_id,
        candidates.person_id,
        candidates.channel,
        candidates.candidate_number,
        candidates.is_paid,
        candidates.is_by_lead,
        candidates.is_by_creation,
        candidates.is_by_close,
        candidates.touched_at,
        case windows.touches_until
            when 'created' then candidates.created_at
            else candidates.closing_at
        end as window_ends_at,
        windows.look_back_days * interval '24 hours' as look_back
    from build.int_deal_candidates as candidates
    cross join windows
),

numbered as (
    select
        opportunity_id,
        touch_window,
        touchpoint_id,
        person_id,
        channel,
        row_number() over (
            partition by opportunity_id, touch_window
            order by candidate_number
        ) as touch_number,
        is_paid,
        is_by_lead,
        is_by_creation,
        is_by_close,
        touched_at
    from eligible
    where touched_at between window_ends_at - look_back and window_ends_at
)

select * from numbered
