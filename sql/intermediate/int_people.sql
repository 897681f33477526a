-- Who are the people, and how far did marketing and sales qualify them?
-- Grain: one row per person.
-- What is said of a person is what their earliest record says that says anything, of what they are
-- and need now the latest; a blank says nothing. Instants of qualification come from the history of
-- the person's leads where it tells of any, else from the records; mql_at_from and sql_at_from say
-- which. Where a record notes no instant of a stage, the lead's present status tells whether it
-- reached it, whatever other records note.
-- Mail domains of our own count with all that lie below them.
with

records as (
    select
        ids.person_id,
        lpad(
            cast(
                row_number() over (
                    partition by ids.person_id
                    order by records.created_at, records.record_id collate "C"
                ) as text
            ),
            9,
            '0'
        ) as place,
        records.crm_account_id,
        records.email_domain,
        case when trim(records.lead_source) <> '' then records.lead_source end as lead_source,
        lower(trim(records.lead_status)) as lead_status,
        case when trim(records.company_name) <> '' then records.company_name end as company_name,
        case when trim(records.industry) <> '' then records.industry end as industry,
        case when trim(records.country) <> '' then records.country end as country,
        nullif(trim(records.job_title), '') as job_title,
        nullif(trim(records.stated_product), '') as stated_product,
        nullif(trim(records.stated_problem), '') as stated_problem,
        nullif(trim(records.stated_timeframe), '') as stated_timeframe,
        records.employee_count,
        records.created_at,
        records.mql_at,
        records.sql_at
    from build.int_person_records as records
    inner join build.int_person_ids as ids
        on records.record_id = ids.record_id
),

domains as (
    select distinct email_domain
    from records
    where email_domain is not null
),

own_domains as (
    select distinct domains.email_domain
    from domains
    inner join staging.seed_internal_domains as internal_domains
        on
            domains.email_domain = internal_domains.email_domain
            or domains.email_domain like '%.' || internal_domains.email_domain
),

marked as (
    select
        records.person_id,
        records.place,
        records.crm_account_id,
        records.email_domain,
        records.lead_source,
        records.company_name,
        records.industry,
        records.country,
        records.job_title,
        records.stated_product,
        records.stated_problem,
        records.stated_timeframe,
        records.employee_count,
        own_domains.email_domain is not null as is_internal,
        records.mql_at is not null
        or coalesce(statuses.funnel_stage in ('mql', 'sql'), false) as is_mql,
        records.sql_at is not null
        or coalesce(statuses.funnel_stage = 'sql', false) as is_sql,
        records.created_at,
        records.mql_at,
        records.sql_at
    from records
    left join staging.seed_lead_statuses as statuses
        on records.lead_status = statuses.lead_status
    left join own_domains
        on records.email_domain = own_domains.email_domain
),

-- The first value that is there: the least of the values that bear their record's place in front.
people as (
    select
        person_id,
        substr(min(place || crm_account_id), 10) as crm_account_id,
        substr(min(place || email_domain), 10) as email_domain,
        substr(min(place || lead_source), 10) as lead_source,
        substr(min(place || company_name), 10) as company_name,
        substr(min(place || industry), 10) as industry,
        substr(min(place || country), 10) as country,
        substr(max(place || job_title), 10) as job_title,
        substr(max(place || stated_product), 10) as stated_product,
        substr(max(place || stated_problem), 10) as stated_problem,
        substr(max(place || stated_timeframe), 10) as stated_timeframe,
        cast(substr(min(place || cast(employee_count as text)), 10) as bigint) as employee_count,
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
),

dated as (
    select
        people.person_id,
        people.crm_account_id,
        people.email_domain,
        people.lead_source,
        people.company_name,
        people.industry,
        people.country,
        people.job_title,
        people.stated_product,
        people.stated_problem,
        people.stated_timeframe,
        case
            when stages.mql_at is not null then 'history'
            when people.mql_at is not null then 'record'
        end as mql_at_from,
        case
            when stages.sql_at is not null then 'history'
            when people.sql_at is not null then 'record'
        end as sql_at_from,
        people.employee_count,
        people.crm_records,
        people.is_internal,
        people.is_mql or coalesce(stages.is_mql, false) as is_mql,
        people.is_sql or coalesce(stages.is_sql, false) as is_sql,
        people.lead_at,
        people.latest_lead_at,
        coalesce(stages.mql_at, people.mql_at) as mql_at,
        coalesce(stages.latest_mql_at, people.latest_mql_at) as latest_mql_at,
        coalesce(stages.sql_at, people.sql_at) as sql_at,
        coalesce(stages.latest_sql_at, people.latest_sql_at) as latest_sql_at
    from people
    left join build.int_lead_stages as stages
        on people.person_id = stages.person_id
)

select * from dated
