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
        amount_base,
        cast(null as boolean) as is_too_early
    from build.int_outcomes
    union all
    select
        'cohorts' as kind,
        returns.channel,
        cast(null as text) as outcome,
        returns.cohort_month,
        returns.age_days,
        cast(null as bigint) as delay_days,
        cast(null as bigint) as open_days,
        returns.leads as people_or_deals,
        returns.customers,
        returns.won_revenue_base as amount_base,
        maturity.mature_before_month is null
        or returns.cohort_month >= maturity.mature_before_month as is_too_early
    from build.mart_channel_roi_monthly as returns
    cross join build.int_maturity as maturity
)

select * from told
