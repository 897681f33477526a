-- When did marketing and sales qualify each person, as the history of their leads' statuses tells?
-- Grain: one row per person whose leads have a history.
-- What a status means stands in lead_statuses. The status a lead was created with counts from its
-- creation, if the history reaches back to it: it is the first change's old value, or the present
-- status of a lead that never changed. Who was qualified by sales has been by marketing, too.
with

statuses as (
    select
        lead_status,
        funnel_stage
    from staging.seed_lead_statuses
),

history as (
    select
        history.lead_id,
        ids.person_id,
        history.field_name,
        lower(trim(history.old_value)) as old_status,
        lower(trim(history.new_value)) as new_status,
        row_number() over (
            partition by history.lead_id, history.field_name
            order by history.created_at, history.field_history_id collate "C"
        ) as change_number,
        history.created_at
    from staging.stg_crm_lead_history as history
    inner join build.int_person_ids as ids
        on history.lead_id = ids.record_id
    where history.field_name in ('Status', 'created') and not history.is_deleted
),

first_statuses as (
    select
        births.lead_id,
        births.person_id,
        coalesce(changes.old_status, lower(trim(leads.lead_status))) as lead_status,
        births.created_at
    from history as births
    left join history as changes
        on
            births.lead_id = changes.lead_id
            and changes.field_name = 'Status'
            and changes.change_number = 1
    left join staging.stg_crm_leads as leads
        on births.lead_id = leads.lead_id
    where births.field_name = 'created' and births.change_number = 1
),

entries as (
    select
        history.person_id,
        statuses.funnel_stage,
        history.created_at as entered_at
    from history
    inner join statuses
        on history.new_status = statuses.lead_status
    where history.field_name = 'Status'
    union all
    select
        first_statuses.person_id,
        statuses.funnel_stage,
        first_statuses.created_at as entered_at
    from first_statuses
    inner join statuses
        on first_statuses.lead_status = statuses.lead_status
    union all
    select
        history.person_id,
        statuses.funnel_stage,
        cast(null as timestamptz) as entered_at
    from history
    inner join statuses
        on history.old_status = statuses.lead_status
    where history.field_name = 'Status'
),

people as (
    select
        person_id,
        bool_or(funnel_stage in ('mql', 'sql')) as is_mql,
        bool_or(funnel_stage = 'sql') as is_sql,
        min(case when funnel_stage in ('mql', 'sql') then entered_at end) as mql_at,
        coalesce(
            max(case when funnel_stage = 'mql' then entered_at end),
            max(case when funnel_stage = 'sql' then entered_at end)
        ) as latest_mql_at,
        min(case when funnel_stage = 'sql' then entered_at end) as sql_at,
        max(case when funnel_stage = 'sql' then entered_at end) as latest_sql_at
    from entries
    group by person_id
)

select * from people
