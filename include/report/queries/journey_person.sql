-- Who is the person chosen, as far as we know, and how far have they come?
-- Grain: one row, the person chosen; none if a deal is chosen, or neither.
with

person as (
    select
        person_id,
        company_name,
        email_domain,
        industry,
        country,
        lead_source,
        first_touchpoint_id,
        first_touch_channel,
        first_touch_platform,
        first_touch_offer_type,
        first_touch_match_method,
        cohort_month,
        crm_records,
        employee_count,
        is_mql,
        is_sql,
        first_touch_at,
        lead_at,
        mql_at,
        sql_at,
        opportunity_at,
        customer_at
    from marts.fct_people
    where
        person_id = cast(:person_id as text)
        and cast(:opportunity_id as text) is null
        and not is_internal
)

select * from person
