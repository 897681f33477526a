-- When do the books begin?
-- Grain: one row: the first month that cost anything, or, where nothing ever did, the first that
-- brought anything; NULL where none did either.
with

begun as (
    select
        coalesce(
            min(case when spend_base is null or spend_base <> 0 then cohort_month end),
            min(cohort_month)
        ) as first_month
    from marts.mart_channel_roi_monthly
)

select * from begun
