-- Which campaigns bring enough to learn by an experiment what their spend causes?
-- Grain: one row per campaign that spent in the 30 days before the as-of day.
-- The experiment: in half of its regions, or for half of its audience, it is paused. If at least
-- half of its leads are its own doing, that half has a quarter of all fewer: seen with 80 % at a
-- significance of 10 % once both halves together would have had n = 75 (a difference of n / 4
-- against a deviation of sqrt(3 n / 4), times 1.645 + 0.842). Leads are those of the last 91 days,
-- by the first touch: of the campaign, where its links tell it.
with

as_of as (
    select
        as_of_date,
        reporting_zone
    from build.int_as_of
),

running as (
    select
        platform,
        account_id,
        campaign_id,
        campaign_name,
        channel
    from build.int_advice
    where level = 'campaign' and is_running
),

came as (
    select
        people.first_touch_platform as platform,
        people.first_touch_account_id as account_id,
        people.first_touch_campaign_id as campaign_id,
        count(*) as leads
    from build.fct_people as people
    cross join as_of
    where
        not people.is_internal
        and cast((people.first_touch_at at time zone as_of.reporting_zone) as date)
        >= as_of.as_of_date - 91
        and cast((people.first_touch_at at time zone as_of.reporting_zone) as date)
        < as_of.as_of_date
    group by
        people.first_touch_platform,
        people.first_touch_account_id,
        people.first_touch_campaign_id
),

counted as (
    select
        running.platform,
        running.account_id,
        running.campaign_id,
        running.campaign_name,
        running.channel,
        response.why_not,
        coalesce(came.leads, 0) as leads
    from running
    left join came
        on
            running.platform = came.platform
            and running.account_id = came.account_id
            and running.campaign_id = came.campaign_id
    left join build.mart_budget_response as response
        on running.channel = response.channel
),

tests as (
    select
        platform,
        account_id,
        campaign_id,
        campaign_name,
        channel,
        cast(leads as bigint) as leads,
        cast(
            ceil(cast(75 * 13 as numeric(20, 6)) / nullif(leads, 0)) as bigint
        ) as weeks_needed,
        why_not is null as is_curve_known,
        coalesce(leads >= 75, false) as is_testable
    from counted
)

select * from tests
