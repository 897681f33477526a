-- Do both ROI marts count every person once, our own people aside?
-- Grain: one row per mart and cohort month that counts otherwise.
with

people as (
    select
        cohort_month,
        count(*) as leads
    from build.fct_people
    where not is_internal
    group by cohort_month
),

counted as (
    select
        'mart_channel_roi_monthly' as mart,
        cohort_month,
        sum(leads) as leads
    from build.mart_channel_roi_monthly
    group by cohort_month
    union all
    select
        'mart_campaign_roi_monthly' as mart,
        cohort_month,
        sum(leads) as leads
    from build.mart_campaign_roi_monthly
    group by cohort_month
),

expected as (
    select
        'mart_channel_roi_monthly' as mart,
        cohort_month,
        leads
    from people
    union all
    select
        'mart_campaign_roi_monthly' as mart,
        cohort_month,
        leads
    from people
),

wrong as (
    select
        coalesce(expected.mart, counted.mart) as mart,
        coalesce(expected.cohort_month, counted.cohort_month) as cohort_month,
        expected.leads as people,
        counted.leads as counted_leads
    from expected
    full outer join counted
        on
            expected.mart = counted.mart
            and expected.cohort_month = counted.cohort_month
    where coalesce(expected.leads, 0) <> coalesce(counted.leads, 0)
)

select * from wrong
