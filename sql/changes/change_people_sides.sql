-- What was said of each changed person when it was published, and what is said now?
-- Grain: one row per person and side on which they count: sign is -1 for then, 1 for now.
-- Our own people never count.
with

sides as (
    select
        person_id,
        old_platform as platform,
        old_account_id as account_id,
        old_campaign_id as campaign_id,
        old_crm_campaign_id as crm_campaign_id,
        old_channel as channel,
        old_cohort_month as cohort_month,
        -1 as sign,
        old_is_mql as is_mql,
        old_is_sql as is_sql,
        old_lead_at as lead_at,
        old_mql_at as mql_at,
        old_sql_at as sql_at,
        old_opportunity_at as opportunity_at,
        old_customer_at as customer_at
    from build.change_people
    where is_old and not old_is_internal
    union all
    select
        person_id,
        new_platform as platform,
        new_account_id as account_id,
        new_campaign_id as campaign_id,
        new_crm_campaign_id as crm_campaign_id,
        new_channel as channel,
        new_cohort_month as cohort_month,
        1 as sign,
        new_is_mql as is_mql,
        new_is_sql as is_sql,
        new_lead_at as lead_at,
        new_mql_at as mql_at,
        new_sql_at as sql_at,
        new_opportunity_at as opportunity_at,
        new_customer_at as customer_at
    from build.change_people
    where is_new and not new_is_internal
)

select * from sides
