-- Does every stage instant of people and deals stand in the history, or on the record, that it is
-- said to come from, and does none come first after it came last?
-- Grain: one row per person or deal with an instant that does not.
with

people as (
    select
        person_id,
        mql_at_from,
        sql_at_from,
        mql_at,
        latest_mql_at,
        sql_at,
        latest_sql_at,
        customer_at,
        latest_customer_at
    from build.fct_people
),

record_instants as (
    select
        ids.person_id,
        leads.mql_at,
        leads.sql_at
    from staging.stg_crm_leads as leads
    inner join build.int_person_ids as ids
        on leads.lead_id = ids.record_id
    union all
    select
        ids.person_id,
        contacts.mql_at,
        contacts.sql_at
    from staging.stg_crm_contacts as contacts
    inner join build.int_person_ids as ids
        on contacts.contact_id = ids.record_id
),

told as (
    select
        ids.person_id,
        'history' as told_by,
        'mql' as stage,
        history.created_at as told_at
    from staging.stg_crm_lead_history as history
    inner join build.int_person_ids as ids
        on history.lead_id = ids.record_id
    where not history.is_deleted
    union all
    select
        ids.person_id,
        'history' as told_by,
        'sql' as stage,
        history.created_at as told_at
    from staging.stg_crm_lead_history as history
    inner join build.int_person_ids as ids
        on history.lead_id = ids.record_id
    where not history.is_deleted
    union all
    select
        person_id,
        'record' as told_by,
        'mql' as stage,
        mql_at as told_at
    from record_instants
    where mql_at is not null
    union all
    select
        person_id,
        'record' as told_by,
        'sql' as stage,
        sql_at as told_at
    from record_instants
    where sql_at is not null
),

said as (
    select
        person_id,
        'mql' as stage,
        mql_at_from as said_from,
        mql_at as said_at
    from people
    union all
    select
        person_id,
        'mql' as stage,
        mql_at_from as said_from,
        latest_mql_at as said_at
    from people
    union all
    select
        person_id,
        'sql' as stage,
        sql_at_from as said_from,
        sql_at as said_at
    from people
    union all
    select
        person_id,
        'sql' as stage,
        sql_at_from as said_from,
        latest_sql_at as said_at
    from people
),

unfounded as (
    select
        said.person_id as row_key,
        said.stage,
        said.said_from,
        said.said_at
    from said
    left join told
        on
            said.person_id = told.person_id
            and said.stage = told.stage
            and said.said_from = told.told_by
            and said.said_at = told.told_at
    where
        (said.said_at is not null and told.told_at is null)
        or (said.said_at is null) <> (said.said_from is null)
),

reversed as (
    select
        person_id as row_key,
        'any' as stage,
        cast(null as text) as said_from,
        cast(null as timestamptz) as said_at
    from people
    where
        mql_at > latest_mql_at
        or sql_at > latest_sql_at
        or customer_at > latest_customer_at
),

unfounded_deals as (
    select
        deals.opportunity_id as row_key,
        'closed' as stage,
        deals.closed_at_from as said_from,
        deals.closed_at as said_at
    from build.fct_opportunities as deals
    left join staging.stg_crm_opportunity_history as history
        on
            deals.opportunity_id = history.opportunity_id
            and deals.closed_at = history.created_at
            and not history.is_deleted
    where
        (deals.closed_at_from = 'history' and history.opportunity_id is null)
        or deals.is_closed <> (deals.closed_at is not null)
        or deals.is_closed <> (deals.closed_at_from is not null)
),

wrong as (
    select * from unfounded
    union all
    select * from reversed
    union all
    select * from unfounded_deals
)

select * from wrong
