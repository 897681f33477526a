-- Does the funnel count every person once at each stage they reached, as the ROI marts do?
-- Grain: one row per channel and cohort month that counts otherwise.
with

people as (
    select
        first_touch_channel as channel,
        cohort_month,
        count(*) as leads,
        count(*) filter (where is_mql) as mqls,
        count(*) filter (where is_sql) as sqls,
        count(opportunity_at) as opportunities,
        count(customer_at) as customers
    from build.fct_people
    where not is_internal
    group by first_touch_channel, cohort_month
),

cohorts as (
    select
        channel,
        cohort_month,
        leads,
        mqls,
        sqls
    from build.mart_channel_roi_monthly
    where leads > 0
),

-- A row of visitors alone counts nobody.
funnels as (
    select
        channel,
        cohort_month,
        leads,
        mqls,
        sqls,
        opportunities,
        customers
    from build.mart_funnel_monthly
    where leads + mqls + sqls + opportunities + customers > 0
),

wrong as (
    select
        coalesce(people.channel, funnels.channel, cohorts.channel) as channel,
        coalesce(people.cohort_month, funnels.cohort_month, cohorts.cohort_month) as cohort_month,
        people.leads as people,
        funnels.leads as funnel_leads,
        cohorts.leads as roi_leads
    from people
    full outer join funnels
        on
            people.channel = funnels.channel
            and people.cohort_month = funnels.cohort_month
    full outer join cohorts
        on
            coalesce(people.channel, funnels.channel) = cohorts.channel
            and coalesce(people.cohort_month, funnels.cohort_month) = cohorts.cohort_month
    where
        people.leads is distinct from funnels.leads
        or people.mqls is distinct from funnels.mqls
        or people.sqls is distinct from funnels.sqls
        or people.opportunities is distinct from funnels.opportunities
        or people.customers is distinct from funnels.customers
        or cohorts.leads is distinct from funnels.leads
        or cohorts.mqls is distinct from funnels.mqls
        or cohorts.sqls is distinct from funnels.sqls
)

select * from wrong
