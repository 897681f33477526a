-- What would each goal of revenue take at the rates measured?
-- Grain: one row per goal of revenue, channel and figure.
-- int_goal_plan holds it: include/estimates/goal_plan.py says how.
with

plan as (
    select
        channel,
        planned_channel,
        period,
        currency_code,
        metric,
        verdict,
        sentence,
        first_day,
        value,
        needed,
        needed_low,
        needed_high,
        observed,
        median_days,
        per_customer,
        rate,
        rate_low,
        rate_high
    from build.int_goal_plan
)

select * from plan
