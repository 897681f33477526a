-- Is every line of touches entered by hand a touch, of nobody here, of one of our own, or to come?
-- Grain: one row per line that is neither, or both, or a touch without a line.
with

living as (
    select
        ids.record_id,
        people.is_internal
    from build.int_person_ids as ids
    inner join build.fct_people as people
        on ids.person_id = people.person_id
),

lines as (
    select
        'manual:' || lines.record_id || '/' || cast(lines.touch_date as text) || '/'
        || lines.content_name as touchpoint_id,
        (
            not coalesce(living.is_internal, true) and lines.touch_date <= as_of.as_of_date
        ) as is_due
    from staging.seed_manual_touchpoints as lines
    cross join build.int_as_of as as_of
    left join living
        on lines.record_id = living.record_id
),

touches as (
    select touchpoint_id
    from build.fct_touchpoints
    where evidence = 'manual'
),

wrong as (
    select
        coalesce(lines.touchpoint_id, touches.touchpoint_id) as touchpoint_id,
        touches.touchpoint_id is not null as is_touch
    from lines
    full outer join touches
        on lines.touchpoint_id = touches.touchpoint_id
    where coalesce(lines.is_due, false) <> (touches.touchpoint_id is not null)
)

select * from wrong
