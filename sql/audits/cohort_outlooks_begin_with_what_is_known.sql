-- Does every cohort's outlook begin with what the returns know of it, and lie within its bounds?
-- Grain: one row per channel and cohort month whose outlook differs, or which has none.
with

wrong as (
    select
        coalesce(outlooks.channel, cohorts.channel) as channel,
        coalesce(outlooks.cohort_month, cohorts.cohort_month) as cohort_month,
        cohorts.customers as known_customers,
        outlooks.customers as outlook_customers,
        outlooks.customers_projected,
        cohorts.won_revenue_base as known_revenue_base,
        outlooks.won_revenue_base as outlook_revenue_base
    from build.mart_channel_roi_monthly as cohorts
    full outer join build.mart_cohort_outlook as outlooks
        on
            cohorts.channel = outlooks.channel
            and cohorts.cohort_month = outlooks.cohort_month
    where
        cohorts.leads is distinct from outlooks.leads
        or cohorts.customers is distinct from outlooks.customers
        or cohorts.won_revenue_base is distinct from outlooks.won_revenue_base
        or cohorts.age_days is distinct from outlooks.age_days
        or outlooks.customers_projected < outlooks.customers
        or outlooks.customers_low < outlooks.customers
        or outlooks.customers_high < outlooks.customers_low
        or outlooks.revenue_low_base < least(outlooks.won_revenue_base, outlooks.revenue_high_base)
        or (outlooks.why_not is null) <> (outlooks.customers_projected is not null)
)

select * from wrong
