-- Every task done and every event held that a seed calls a touch is one touch of its person, and no
-- other activity is.
-- Grain: one row per activity that is lost from the touches, twice in them, or there without a
-- reason.
with

types as (
    select
        activity,
        activity_type
    from staging.seed_activity_types
),

living as (
    select
        ids.record_id,
        people.is_internal
    from build.int_person_ids as ids
    inner join build.int_people as people
        on ids.person_id = people.person_id
),

sides as (
    select
        'task:' || tasks.task_id as touchpoint_id,
        1 as wanted,
        0 as found
    from staging.stg_crm_tasks as tasks
    inner join types
        on types.activity = 'task' and lower(trim(tasks.activity_type)) = types.activity_type
    left join living as contacts
        on tasks.contact_id = contacts.record_id
    left join living as leads
        on tasks.lead_id = leads.record_id
    cross join build.int_as_of as as_of
    where
        not tasks.is_deleted
        and lower(trim(tasks.activity_status)) = 'completed'
        and (tasks.activity_date is null or tasks.activity_date <= as_of.as_of_date)
        and not coalesce(contacts.is_internal, leads.is_internal, true)
    union all
    select
        'event:' || events.event_id as touchpoint_id,
        1 as wanted,
        0 as found
    from staging.stg_crm_events as events
    inner join types
        on types.activity = 'event' and lower(trim(events.activity_type)) = types.activity_type
    left join living as contacts
        on events.contact_id = contacts.record_id
    left join living as leads
        on events.lead_id = leads.record_id
    cross join build.int_as_of as as_of
    where
        not events.is_deleted
        and (events.activity_date is null or events.activity_date <= as_of.as_of_date)
        and not coalesce(contacts.is_internal, leads.is_internal, true)
    union all
    select
        touchpoint_id,
        0 as wanted,
        1 as found
    from build.fct_touchpoints
    where evidence = 'activity'
),

counted as (
    select
        touchpoint_id,
        sum(wanted) as wanted,
        sum(found) as found
    from sides
    group by touchpoint_id
),

wrong as (
    select
        touchpoint_id,
        wanted,
        found
    from counted
    where wanted <> found
)

select * from wrong
