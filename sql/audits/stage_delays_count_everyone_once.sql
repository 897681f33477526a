-- Do the delays count as many people and events as there are, over the channels and in all?
-- Grain: one row per stage whose channels do not sum to all, or to the people and deals known.
-- A channel has rows up to the age of its oldest people, so what was reached is compared at the
-- first touch alone, where everybody counts.
with

counted as (
    select
        stage,
        age_days,
        sum(case when channel = 'All' then 0 else people end) as channel_people,
        sum(case when channel = 'All' then 0 else reached end) as channel_reached,
        sum(case when channel = 'All' then people else 0 end) as all_people,
        sum(case when channel = 'All' then reached else 0 end) as all_reached
    from build.mart_stage_delays
    group by stage, age_days
),

known as (
    select sum(people_or_deals) as people
    from build.int_outcomes
    where kind = 'people' and channel <> 'Unattributed'
),

wrong as (
    select
        counted.stage,
        counted.age_days,
        counted.channel_people,
        counted.all_people,
        counted.channel_reached,
        counted.all_reached,
        known.people
    from counted
    cross join known
    where
        counted.channel_people <> counted.all_people
        or counted.age_days = 0 and counted.channel_reached <> counted.all_reached
        or counted.age_days = 0 and counted.all_people <> known.people
)

select * from wrong
