-- Who are the people we know, what touched them first, and how far have they come?
-- Grain: one row per person.
-- Our own people are here, marked is_internal, without a touch. cohort_month is the month of the
-- first touch; without one, the month in which the person was first known.
with

as_of as (
    select reporting_zone
    from build.int_as_of
),

ranked_touches as (
    select
        touchpoint_id,
        person_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        channel,
        offer_type,
        match_method,
        match_confidence,
        row_number() over (
            partition by person_id
            order by touched_at asc, match_confidence desc, touchpoint_id collate "C" asc
        ) as touch_number,
        touched_at
    from build.fct_touchpoints
),

first_touches as (
    select
        touchpoint_id,
        person_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        channel,
        offer_type,
        match_method,
        match_confidence,
        touched_at
    from ranked_touches
    where touch_number = 1
),

deals as (
    select
        people.person_id,
        min(deals.created_at) as opportunity_at,
        max(deals.created_at) as latest_opportunity_at,
        min(
            case when deals.is_won and deals.closed_at_from = 'history' then deals.closed_at end
        ) as customer_by_history_at,
        min(case when deals.is_won then deals.closed_at end) as customer_at,
        max(case when deals.is_won then deals.closed_at end) as latest_customer_at
    from build.int_opportunity_people as people
    inner join build.int_deals as deals
        on people.opportunity_id = deals.opportunity_id
    group by people.person_id
),

people as (
    select
        people.person_id,
        people.crm_account_id,
        first_touches.touchpoint_id as first_touchpoint_id,
        first_touches.platform as first_touch_platform,
        first_touches.account_id as first_touch_account_id,
        first_touches.campaign_id as first_touch_campaign_id,
        first_touches.crm_campaign_id as first_touch_crm_campaign_id,
        coalesce(first_touches.channel, 'Unattributed') as first_touch_channel,
        first_touches.offer_type as first_touch_offer_type,
        first_touches.match_method as first_touch_match_method,
        people.lead_source,
        people.email_domain,
        people.company_name,
        people.industry,
        people.country,
        segments.sector,
        segments.company_size,
        segments.region,
        segments.seniority,
        segments.product_interest,
        segments.pain_point,
        segments.urgency,
        people.mql_at_from,
        people.sql_at_from,
        case
            when deals.customer_at is null then null
            when deals.customer_at = deals.customer_by_history_at then 'history'
            else 'record'
        end as customer_at_from,
        cast(date_trunc(
            'month',
            coalesce(first_touches.touched_at, people.lead_at) at time zone as_of.reporting_zone
        ) as date) as cohort_month,
        first_touches.match_confidence as first_touch_match_confidence,
        people.crm_records,
        people.employee_count,
        people.is_internal,
        people.is_mql,
        people.is_sql,
        first_touches.touched_at as first_touch_at,
        people.lead_at,
        people.latest_lead_at,
        people.mql_at,
        people.latest_mql_at,
        people.sql_at,
        people.latest_sql_at,
        deals.opportunity_at,
        deals.latest_opportunity_at,
        deals.customer_at,
        deals.latest_customer_at
    from build.int_people as people
    cross join as_of
    left join build.int_person_segments as segments
        on people.person_id = segments.person_id
    left join first_touches
        on people.person_id = first_touches.person_id
    left join deals
        on people.person_id = deals.person_id
)

select * from people
