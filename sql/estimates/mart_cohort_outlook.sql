-- How much of what each month's people of a channel will bring is still to come?
-- Grain: one row per cohort as the returns count it (kind cohorts), and one per kind, channel,
-- cohort month, days and outcome that people or deals have in common. include/estimates makes of
-- them one row per cohort.
with

told as (
    select
        kind,
        channel,
        outcome,
        cohort_month,
        age_days,
        delay_days,
        open_days,
        people_or_deals,
        customers,
        amount_base
    from build.int_outcomes
    union all
    select
        'cohorts' as kind,
        channel,
        cast(null as text) as outcome,
        cohort_month,
        age_days,
        cast(null as bigint) as delay_days,
        cast(null as bigint) as open_days,
        leads as people_or_deals,
        customers,
        won_revenue_base as amount_base
    from build.mart_channel_roi_monthly
)

select * from told
