-- Which months are there to choose from?
-- Grain: one row: the first month that cost or brought anything, and the month of the as-of day.
-- No row where nothing ever did. A cohort's age tells the as-of day.
with

known as (
    select
        min(cohort_month) as first_month,
        max(cohort_month + cast(age_days as integer)) as as_of_date
    from marts.mart_channel_roi_monthly
),

months as (
    select
        first_month,
        cast(date_trunc('month', as_of_date) as date) as last_month
    from known
    where first_month is not null
)

select * from months
