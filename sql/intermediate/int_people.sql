-- Who are the people, and how far did marketing and sales qualify them?
-- Grain: one row per person.
-- What is said of a person is what their earliest record says that says anything. A lead status
-- counts as qualification only where the CRM notes no instants of it at all.
with

records as (
    select
        ids.person_id,
        records.record_id,
        records.crm_account_id,
        records.email_domain,
        records.lead_source,
        lower(trim(records.lead_status)) as lead_status,
        records.company_name,
        records.industry,
        records.country,
        records.employee_count,
        records.created_at,
        records.mql_at,
        records.sql_at
    from build.int_person_records as records
    inner join build.int_person_ids as ids
        on records.record_id = ids.record_id
),

noted as (
    select
        coalesce(bool_or(mql_at is not null), false) as has_mql_instants,
        coalesce(bool_or(sql_at is not null), false) as has_sql_instants
    from records
),

marked as (
    select
        records.person_id,
        records.record_id,
        records.crm_account_id,
        records.email_domain,
        records.lead_source,
        records.company_name,
        records.industry,
        records.country,
        records.employee_count,
        domains.email_domain is not null as is_internal,
        records.mql_at is not null
        or (
            not noted.has_mql_instants
            and coalesce(statuses.funnel_stage in ('mql', 'sql'), false)
        ) as is_mql,
        records.sql_at is not null
        or (
            not noted.has_sql_instants
            and coalesce(statuses.funnel_stage = 'sql', false)
        ) as is_sql,
        records.created_at,
        records.mql_at,
        records.sql_at
    from records
    cross join noted
    left join staging.seed_lead_statuses as statuses
        on records.lead_status = statuses.lead_status
    left join staging.seed_internal_domains as domains
        on records.email_domain = domains.email_domain
),

people as (
    select
        person_id,
        (array_agg(
            crm_account_id order by created_at, record_id collate "C"
        ) filter (where crm_account_id is not null))[1] as crm_account_id,
        (array_agg(
            email_domain order by created_at, record_id collate "C"
        ) filter (where email_domain is not null))[1] as email_domain,
        (array_agg(
            lead_source order by created_at, record_id collate "C"
        ) filter (where lead_source is not null))[1] as lead_source,
        (array_agg(
            company_name order by created_at, record_id collate "C"
        ) filter (where company_name is not null))[1] as company_name,
        (array_agg(
            industry order by created_at, record_id collate "C"
        ) filter (where industry is not null))[1] as industry,
        (array_agg(
            country order by created_at, record_id collate "C"
        ) filter (where country is not null))[1] as country,
        (array_agg(
            employee_count order by created_at, record_id collate "C"
        ) filter (where employee_count is not null))[1] as employee_count,
        count(*) as crm_records,
        bool_or(is_internal) as is_internal,
        bool_or(is_mql) as is_mql,
        bool_or(is_sql) as is_sql,
        min(created_at) as lead_at,
        max(created_at) as latest_lead_at,
        min(mql_at) as mql_at,
        max(mql_at) as latest_mql_at,
        min(sql_at) as sql_at,
        max(sql_at) as latest_sql_at
    from marked
    group by person_id
)

select * from people
