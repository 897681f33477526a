-- How long is it from the first touch to each stage, and what share comes that far in the end?
-- Grain: one row per kind, channel, age, delay and outcome that people or deals have in common.
-- include/estimates makes of them one row per channel, stage and age.
select
    kind,
    channel,
    outcome,
    age_days,
    delay_days,
    open_days,
    people_or_deals,
    customers,
    amount_base
from build.int_outcomes
where channel <> 'Unattributed'
