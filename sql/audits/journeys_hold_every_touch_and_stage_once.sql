-- Is every touch and every stage of each person a step of their journey, once and in its place?
-- Grain: one row per person whose journey differs, or touch that is no step.
-- Where a person has as many steps of touches as touches, and none is missing, none is there twice.
with

journeys as (
    select
        person_id,
        count(*) as steps,
        count(touchpoint_id) as touches,
        min(step_number) as first_number,
        max(step_number) as last_number,
        min(occurred_at) as earliest_at,
        max(occurred_at) as latest_at,
        max(case when step_number = 1 then occurred_at end) as first_step_at,
        min(days_since_first) as fewest_days,
        max(case when label = 'lead' then occurred_at end) as lead_at,
        max(case when label = 'latest_lead' then occurred_at end) as latest_lead_at,
        max(case when label = 'mql' then occurred_at end) as mql_at,
        max(case when label = 'latest_mql' then occurred_at end) as latest_mql_at,
        max(case when label = 'sql' then occurred_at end) as sql_at,
        max(case when label = 'latest_sql' then occurred_at end) as latest_sql_at,
        max(case when label = 'opportunity' then occurred_at end) as opportunity_at,
        max(case when label = 'latest_opportunity' then occurred_at end) as latest_opportunity_at,
        max(case when label = 'customer' then occurred_at end) as customer_at,
        max(case when label = 'latest_customer' then occurred_at end) as latest_customer_at
    from build.mart_person_journeys
    group by person_id
),

touched as (
    select
        person_id,
        count(*) as touches
    from build.fct_touchpoints
    group by person_id
),

-- Stages whose latest instant is also their first are one step.
people as (
    select
        people.person_id,
        people.is_internal,
        coalesce(touched.touches, 0) as touches,
        people.lead_at,
        nullif(people.latest_lead_at, people.lead_at) as latest_lead_at,
        people.mql_at,
        nullif(people.latest_mql_at, people.mql_at) as latest_mql_at,
        people.sql_at,
        nullif(people.latest_sql_at, people.sql_at) as latest_sql_at,
        people.opportunity_at,
        nullif(people.latest_opportunity_at, people.opportunity_at) as latest_opportunity_at,
        people.customer_at,
        nullif(people.latest_customer_at, people.customer_at) as latest_customer_at
    from build.fct_people as people
    left join touched
        on people.person_id = touched.person_id
),

wrong_journeys as (
    select
        coalesce(people.person_id, journeys.person_id) as row_key,
        people.touches,
        journeys.touches as steps_of_touches,
        journeys.steps
    from people
    full outer join journeys
        on people.person_id = journeys.person_id
    where
        people.person_id is null
        or (people.is_internal and journeys.person_id is not null)
        or (
            not people.is_internal
            and (
                people.touches is distinct from journeys.touches
                or people.lead_at is distinct from journeys.lead_at
                or people.latest_lead_at is distinct from journeys.latest_lead_at
                or people.mql_at is distinct from journeys.mql_at
                or people.latest_mql_at is distinct from journeys.latest_mql_at
                or people.sql_at is distinct from journeys.sql_at
                or people.latest_sql_at is distinct from journeys.latest_sql_at
                or people.opportunity_at is distinct from journeys.opportunity_at
                or people.latest_opportunity_at is distinct from journeys.latest_opportunity_at
                or people.customer_at is distinct from journeys.customer_at
                or people.latest_customer_at is distinct from journeys.latest_customer_at
                or journeys.steps <> people.touches
                + case when people.lead_at is null then 0 else 1 end
                + case when people.latest_lead_at is null then 0 else 1 end
                + case when people.mql_at is null then 0 else 1 end
                + case when people.latest_mql_at is null then 0 else 1 end
                + case when people.sql_at is null then 0 else 1 end
                + case when people.latest_sql_at is null then 0 else 1 end
                + case when people.opportunity_at is null then 0 else 1 end
                + case when people.latest_opportunity_at is null then 0 else 1 end
                + case when people.customer_at is null then 0 else 1 end
                + case when people.latest_customer_at is null then 0 else 1 end
                or journeys.first_number <> 1
                or journeys.last_number <> journeys.steps
                or journeys.first_step_at <> journeys.earliest_at
                or journeys.fewest_days <> 0
            )
        )
),

missing_touches as (
    select
        touches.touchpoint_id as row_key,
        1 as touches,
        0 as steps_of_touches,
        cast(null as bigint) as steps
    from build.fct_touchpoints as touches
    left join build.mart_person_journeys as journeys
        on
            touches.touchpoint_id = journeys.touchpoint_id
            and touches.person_id = journeys.person_id
            and touches.touched_at = journeys.occurred_at
            and touches.channel = journeys.channel
    where journeys.touchpoint_id is null
),

wrong as (
    select * from wrong_journeys
    union all
    select * from missing_touches
)

select * from wrong
