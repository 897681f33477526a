-- Which people count otherwise than when the marts were last published?
-- Grain: one row per person now known that differs, and per person who is no more.
-- A person whose earliest record changed bears another id and is the same person. Of several who
-- became one, the one whose id stays (else the earliest) goes on; the others are merged into them.
with

old_people as (
    select
        people.person_id as old_person_id,
        coalesce(ids.person_id, people.person_id) as person_id,
        people.first_touchpoint_id,
        people.first_touch_platform,
        people.first_touch_account_id,
        people.first_touch_campaign_id,
        people.first_touch_crm_campaign_id,
        people.first_touch_channel,
        people.email_domain,
        people.cohort_month,
        row_number() over (
            partition by coalesce(ids.person_id, people.person_id)
            order by
                case when people.person_id = ids.person_id then 0 else 1 end,
                people.lead_at,
                people.person_id collate "C"
        ) as place,
        people.is_internal,
        people.is_mql,
        people.is_sql,
        people.lead_at,
        people.mql_at,
        people.sql_at,
        people.opportunity_at,
        people.customer_at
    from marts.fct_people as people
    left join build.int_person_ids as ids
        on people.person_id = ids.record_id
),

going_on as (
    select *
    from old_people
    where place = 1
),

compared as (
    select
        coalesce(new_people.person_id, old_people.person_id) as person_id,
        old_people.old_person_id,
        old_people.first_touchpoint_id as old_touchpoint_id,
        new_people.first_touchpoint_id as new_touchpoint_id,
        old_people.first_touch_platform as old_platform,
        new_people.first_touch_platform as new_platform,
        old_people.first_touch_account_id as old_account_id,
        new_people.first_touch_account_id as new_account_id,
        old_people.first_touch_campaign_id as old_campaign_id,
        new_people.first_touch_campaign_id as new_campaign_id,
        old_people.first_touch_crm_campaign_id as old_crm_campaign_id,
        new_people.first_touch_crm_campaign_id as new_crm_campaign_id,
        old_people.first_touch_channel as old_channel,
        new_people.first_touch_channel as new_channel,
        old_people.email_domain as old_email_domain,
        new_people.email_domain as new_email_domain,
        cast(null as text) as merged_into,
        old_people.cohort_month as old_cohort_month,
        new_people.cohort_month as new_cohort_month,
        old_people.old_person_id is not null as is_old,
        new_people.person_id is not null as is_new,
        coalesce(old_people.is_internal, false) as old_is_internal,
        coalesce(new_people.is_internal, false) as new_is_internal,
        old_people.is_mql as old_is_mql,
        new_people.is_mql as new_is_mql,
        old_people.is_sql as old_is_sql,
        new_people.is_sql as new_is_sql,
        old_people.lead_at as old_lead_at,
        new_people.lead_at as new_lead_at,
        old_people.mql_at as old_mql_at,
        new_people.mql_at as new_mql_at,
        old_people.sql_at as old_sql_at,
        new_people.sql_at as new_sql_at,
        old_people.opportunity_at as old_opportunity_at,
        new_people.opportunity_at as new_opportunity_at,
        old_people.customer_at as old_customer_at,
        new_people.customer_at as new_customer_at
    from build.fct_people as new_people
    full outer join going_on as old_people
        on new_people.person_id = old_people.person_id
    union all
    select
        old_person_id as person_id,
        old_person_id,
        first_touchpoint_id as old_touchpoint_id,
        null as new_touchpoint_id,
        first_touch_platform as old_platform,
        null as new_platform,
        first_touch_account_id as old_account_id,
        null as new_account_id,
        first_touch_campaign_id as old_campaign_id,
        null as new_campaign_id,
        first_touch_crm_campaign_id as old_crm_campaign_id,
        null as new_crm_campaign_id,
        first_touch_channel as old_channel,
        null as new_channel,
        email_domain as old_email_domain,
        null as new_email_domain,
        person_id as merged_into,
        cohort_month as old_cohort_month,
        null as new_cohort_month,
        true as is_old,
        false as is_new,
        is_internal as old_is_internal,
        false as new_is_internal,
        is_mql as old_is_mql,
        null as new_is_mql,
        is_sql as old_is_sql,
        null as new_is_sql,
        lead_at as old_lead_at,
        null as new_lead_at,
        mql_at as old_mql_at,
        null as new_mql_at,
        sql_at as old_sql_at,
        null as new_sql_at,
        opportunity_at as old_opportunity_at,
        null as new_opportunity_at,
        customer_at as old_customer_at,
        null as new_customer_at
    from old_people
    where place > 1
),

changed as (
    select *
    from compared
    where
        is_old is distinct from is_new
        or old_channel is distinct from new_channel
        or old_platform is distinct from new_platform
        or old_account_id is distinct from new_account_id
        or old_campaign_id is distinct from new_campaign_id
        or old_crm_campaign_id is distinct from new_crm_campaign_id
        or old_cohort_month is distinct from new_cohort_month
        or old_is_internal is distinct from new_is_internal
        or old_is_mql is distinct from new_is_mql
        or old_is_sql is distinct from new_is_sql
        or old_lead_at is distinct from new_lead_at
        or old_mql_at is distinct from new_mql_at
        or old_sql_at is distinct from new_sql_at
        or old_opportunity_at is distinct from new_opportunity_at
        or old_customer_at is distinct from new_customer_at
)

select * from changed
