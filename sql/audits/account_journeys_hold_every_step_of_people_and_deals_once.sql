-- Does every company's journey hold each step of its people, and each of its deals from the opening
-- to the outcome, once and in its place?
-- Grain: one row per company whose journey differs.
with

people as (
    select
        crm_account_id,
        person_id
    from build.fct_people
    where crm_account_id is not null and not is_internal
),

people_steps as (
    select
        people.crm_account_id,
        count(*) as steps,
        count(distinct people.person_id) as buying_group
    from people
    inner join build.mart_person_journeys as journeys
        on people.person_id = journeys.person_id
    group by people.crm_account_id
),

deals as (
    select
        crm_account_id,
        count(*) as opened,
        count(*) filter (where is_won) as won,
        count(*) filter (where is_closed and not is_won) as lost
    from build.fct_opportunities
    where crm_account_id is not null
    group by crm_account_id
),

expected as (
    select
        coalesce(people_steps.crm_account_id, deals.crm_account_id) as crm_account_id,
        coalesce(people_steps.steps, 0) as people_steps,
        coalesce(people_steps.buying_group, 0) as buying_group,
        coalesce(deals.opened, 0) as opened,
        coalesce(deals.won, 0) as won,
        coalesce(deals.lost, 0) as lost
    from people_steps
    full outer join deals
        on people_steps.crm_account_id = deals.crm_account_id
),

shown as (
    select
        crm_account_id,
        count(person_id) as people_steps,
        min(buying_group) as buying_group,
        max(buying_group) as largest_buying_group,
        count(*) filter (where kind = 'deal' and label = 'opened') as opened,
        count(*) filter (where kind = 'deal' and label = 'won') as won,
        count(*) filter (where kind = 'deal' and label = 'lost') as lost,
        count(*) as steps,
        min(step_number) as first_number,
        max(step_number) as last_number,
        min(occurred_at) as earliest_at,
        max(case when step_number = 1 then occurred_at end) as first_step_at,
        min(days_since_first) as fewest_days
    from build.mart_account_journeys
    group by crm_account_id
),

wrong as (
    select
        coalesce(expected.crm_account_id, shown.crm_account_id) as crm_account_id,
        expected.people_steps,
        shown.people_steps as shown_people_steps,
        expected.opened,
        shown.opened as shown_opened,
        shown.steps
    from expected
    full outer join shown
        on expected.crm_account_id = shown.crm_account_id
    where
        expected.people_steps is distinct from shown.people_steps
        or expected.buying_group is distinct from shown.buying_group
        or shown.buying_group <> shown.largest_buying_group
        or expected.opened is distinct from shown.opened
        or expected.won is distinct from shown.won
        or expected.lost is distinct from shown.lost
        or shown.first_number <> 1
        or shown.last_number <> shown.steps
        or shown.first_step_at <> shown.earliest_at
        or shown.fewest_days <> 0
)

select * from wrong
