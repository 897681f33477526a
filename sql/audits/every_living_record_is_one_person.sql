-- Does every lead and contact that the CRM still has belong to exactly one person in fct_people?
-- Grain: one row per record that belongs to none or to several.
with

living as (
    select lead_id as record_id
    from staging.stg_crm_leads
    where not is_deleted
    union all
    select contact_id as record_id
    from staging.stg_crm_contacts
    where not is_deleted
),

wrong as (
    select
        living.record_id,
        count(people.person_id) as people
    from living
    left join build.int_person_ids as ids
        on living.record_id = ids.record_id
    left join build.fct_people as people
        on ids.person_id = people.person_id
    group by living.record_id
    having count(people.person_id) <> 1
)

select * from wrong
