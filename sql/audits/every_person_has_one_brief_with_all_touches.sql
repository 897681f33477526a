-- Is there one brief of every person who is none of our own, with all of their touches?
-- Grain: one row per person whose brief is missing, is too many, or counts otherwise.
with

people as (
    select
        people.person_id,
        count(touches.touchpoint_id) as touches
    from build.fct_people as people
    left join build.fct_touchpoints as touches
        on people.person_id = touches.person_id
    where not people.is_internal
    group by people.person_id
),

briefs as (
    select
        person_id,
        min(touches) as touches,
        count(*) as briefs
    from build.mart_lead_brief
    group by person_id
),

wrong as (
    select
        coalesce(people.person_id, briefs.person_id) as person_id,
        people.touches,
        briefs.touches as told_touches,
        briefs.briefs
    from people
    full outer join briefs
        on people.person_id = briefs.person_id
    where
        people.touches is distinct from briefs.touches
        or briefs.briefs is distinct from 1
)

select * from wrong
