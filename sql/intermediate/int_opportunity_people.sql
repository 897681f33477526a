-- Whose deal is it?
-- Grain: one row per deal and person.
-- The first rule that names anyone speaks: contact roles (one added after the deal closed makes no
-- history); else the contact the deal names and the leads converted into it; else the contacts of
-- the account. The contact it names is the CRM's copy of the primary role: where that role came
-- after the close, so did the name, and it makes no history either. person_rank 1 is the deal's
-- main person: the primary role, else the earliest.
with

deals as (
    select
        opportunity_id,
        crm_account_id,
        contact_id,
        closed_at
    from build.int_deals
),

deal_roles as (
    select
        deals.opportunity_id,
        roles.contact_id,
        roles.contact_role_id,
        roles.is_primary,
        coalesce(date_trunc('second', roles.created_at) > deals.closed_at, false) as is_late,
        roles.created_at
    from staging.stg_crm_contact_roles as roles
    inner join deals
        on roles.opportunity_id = deals.opportunity_id
    where not roles.is_deleted
),

roles as (
    select
        deal_roles.opportunity_id,
        ids.person_id,
        1 as rule_order,
        'contact_role' as people_rule,
        deal_roles.is_primary,
        deal_roles.created_at as known_at,
        deal_roles.contact_role_id as record_id
    from deal_roles
    inner join build.int_person_ids as ids
        on deal_roles.contact_id = ids.record_id
    where not deal_roles.is_late
),

late_roles as (
    select distinct
        opportunity_id,
        contact_id
    from deal_roles
    where is_late
),

named_contacts as (
    select
        deals.opportunity_id,
        ids.person_id,
        2 as rule_order,
        'converted_from' as people_rule,
        true as is_primary,
        records.created_at as known_at,
        records.record_id
    from deals
    inner join build.int_person_ids as ids
        on deals.contact_id = ids.record_id
    inner join build.int_person_records as records
        on deals.contact_id = records.record_id
    left join late_roles
        on
            deals.opportunity_id = late_roles.opportunity_id
            and deals.contact_id = late_roles.contact_id
    where late_roles.opportunity_id is null
),

converted_leads as (
    select
        deals.opportunity_id,
        ids.person_id,
        2 as rule_order,
        'converted_from' as people_rule,
        false as is_primary,
        records.created_at as known_at,
        records.record_id
    from build.int_person_records as records
    inner join deals
        on records.converted_opportunity_id = deals.opportunity_id
    inner join build.int_person_ids as ids
        on records.record_id = ids.record_id
),

account_people as (
    select
        deals.opportunity_id,
        ids.person_id,
        3 as rule_order,
        'account_contacts' as people_rule,
        false as is_primary,
        records.created_at as known_at,
        records.record_id
    from deals
    inner join build.int_person_records as records
        on deals.crm_account_id = records.crm_account_id
    inner join build.int_person_ids as ids
        on records.record_id = ids.record_id
),

candidates as (
    select * from roles
    union all
    select * from named_contacts
    union all
    select * from converted_leads
    union all
    select * from account_people
),

ruled as (
    select
        opportunity_id,
        person_id,
        rule_order,
        people_rule,
        is_primary,
        known_at,
        record_id,
        min(rule_order) over (partition by opportunity_id) as first_rule
    from candidates
),

people as (
    select
        opportunity_id,
        person_id,
        people_rule,
        bool_or(is_primary) as is_primary,
        min(known_at) as known_at,
        min(record_id collate "C") as record_id
    from ruled
    where rule_order = first_rule
    group by opportunity_id, person_id, people_rule
),

ranked as (
    select
        opportunity_id,
        person_id,
        people_rule,
        row_number() over (
            partition by opportunity_id
            order by is_primary desc, known_at asc, record_id collate "C" asc
        ) as person_rank,
        is_primary
    from people
)

select * from ranked
