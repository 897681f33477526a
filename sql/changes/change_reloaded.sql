-- Which records were loaded anew since the marts were last published?
-- Grain: one row per record, named as its touch would be, a deal by deal: and its id.
-- What a record says beyond the published facts may be other than it was if the record is here, and
-- only then. A history tells of the record whose it is.
with

loaded as (
    select
        'lead:' || lead_id as record_key,
        loaded_at
    from staging.stg_crm_leads
    union all
    select
        'lead:' || lead_id as record_key,
        loaded_at
    from staging.stg_crm_lead_history
    union all
    select
        'contact:' || contact_id as record_key,
        loaded_at
    from staging.stg_crm_contacts
    union all
    select
        'lead_form:' || platform || '/' || account_id || '/' || response_id as record_key,
        loaded_at
    from staging.stg_lead_form_responses
    union all
    select
        'member:' || campaign_member_id as record_key,
        loaded_at
    from staging.stg_crm_campaign_members
    union all
    select
        'task:' || task_id as record_key,
        loaded_at
    from staging.stg_crm_tasks
    union all
    select
        'event:' || event_id as record_key,
        loaded_at
    from staging.stg_crm_events
    union all
    select
        'deal:' || opportunity_id as record_key,
        loaded_at
    from staging.stg_crm_opportunities
    union all
    select
        'deal:' || opportunities.opportunity_id as record_key,
        record_types.loaded_at
    from staging.stg_crm_opportunities as opportunities
    inner join staging.stg_crm_record_types as record_types
        on opportunities.record_type_id = record_types.record_type_id
),

reloaded as (
    select distinct loaded.record_key
    from loaded
    cross join build.change_publish as last_publish
    where loaded.loaded_at > last_publish.published_at
)

select * from reloaded
