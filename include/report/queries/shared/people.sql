-- Which people, first touched in the chosen months and place, count as leads?
-- Grain: one row per person, our own left out.
-- Where a person stands is where the first touch does, as in shared/credited.sql.
with

placed as (
    select
        person_id,
        first_touchpoint_id,
        first_touch_channel as channel,
        case
            when first_touchpoint_id is null then 'unattributed'
            when first_touch_crm_campaign_id is not null then 'crm'
            else coalesce(first_touch_platform, 'unmatched')
        end as platform,
        case
            when first_touchpoint_id is null then 'unattributed'
            when first_touch_crm_campaign_id is not null then 'crm'
            else coalesce(first_touch_account_id, 'unmatched')
        end as account_id,
        case
            when first_touchpoint_id is null then 'unattributed'
            else coalesce(first_touch_crm_campaign_id, first_touch_campaign_id, 'unmatched')
        end as campaign_id,
        first_touch_match_confidence,
        sector,
        company_size,
        region,
        seniority,
        product_interest,
        pain_point,
        urgency,
        cohort_month,
        is_mql,
        is_sql,
        lead_at,
        mql_at,
        sql_at,
        opportunity_at,
        customer_at
    from marts.fct_people
    where
        not is_internal
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or first_touch_channel = :channel)
),

people as (
    select *
    from placed
    where
        (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
)

select * from people
