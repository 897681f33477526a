-- Are our own people and test addresses out of touches and credits?
-- Grain: one row per touch of one of our own.
with

wrong as (
    select
        touches.touchpoint_id,
        touches.person_id
    from build.fct_touchpoints as touches
    inner join build.fct_people as people
        on touches.person_id = people.person_id
    where people.is_internal
)

select * from wrong
