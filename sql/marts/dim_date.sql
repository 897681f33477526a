-- Which calendar does a day belong to?
-- Grain: one row per day, from the first of January of the first year with spend, visits, people or
-- deals to the end of the last year with any, or of the as-of day's year. The fiscal year begins
-- with the month the owner sets and is named for the year in which it ends.
with

as_of as (
    select
        reporting_zone,
        fiscal_year_start_month,
        as_of_date
    from build.int_as_of
),

days_seen as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from build.int_campaign_days
    union all
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from staging.stg_ad_daily
    union all
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from staging.stg_conversion_daily
    union all
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from staging.stg_visits_daily
    union all
    select
        min(cast((people.lead_at at time zone as_of.reporting_zone) as date)) as first_day,
        max(cast((people.lead_at at time zone as_of.reporting_zone) as date)) as last_day
    from build.int_people as people
    cross join as_of
    union all
    select
        cast(min(touched_at) as date) - 1 as first_day,
        cast(max(touched_at) as date) + 1 as last_day
    from (
        select (touches.touched_at at time zone as_of.reporting_zone) as touched_at
        from build.int_touchpoints as touches
        cross join as_of
    ) as local_touches
    union all
    select
        least(min(created_date), min(close_date)) as first_day,
        greatest(max(created_date), max(close_date)) as last_day
    from build.int_deals
    union all
    select
        as_of_date as first_day,
        as_of_date as last_day
    from as_of
),

span as (
    select
        cast(date_trunc('year', min(first_day)) as date) as first_day,
        cast((date_trunc('year', max(last_day)) + interval '1 year') as date) - 1 as last_day
    from days_seen
),

days as (
    select span.first_day + cast(offsets.day_offset as integer) as date_day
    from span
    cross join generate_series(0, 73049) as offsets (day_offset)
    where span.first_day + cast(offsets.day_offset as integer) <= span.last_day
),

-- As many months later as the fiscal year begins before the calendar year it is named for.
placed as (
    select
        days.date_day,
        cast(
            days.date_day
            + ((13 - as_of.fiscal_year_start_month) % 12) * interval '1 month' as date
        ) as fiscal_day,
        cast(
            (extract(month from days.date_day) - as_of.fiscal_year_start_month + 12) % 12 as bigint
        ) as months_into_fiscal_year
    from days
    cross join as_of
),

calendar as (
    select
        date_day,
        cast(date_trunc('month', date_day) as date) as month_start,
        cast(date_trunc('quarter', date_day) as date) as quarter_start,
        cast(date_trunc('year', date_day) as date) as year_start,
        cast(
            date_trunc('month', date_day) - months_into_fiscal_year * interval '1 month' as date
        ) as fiscal_year_start,
        cast(extract(year from date_day) as bigint) as year_number,
        cast(extract(quarter from date_day) as bigint) as quarter_number,
        cast(extract(month from date_day) as bigint) as month_number,
        cast(extract(isoyear from date_day) as bigint) as iso_year,
        cast(extract(week from date_day) as bigint) as iso_week,
        cast(extract(isodow from date_day) as bigint) as iso_weekday,
        cast(extract(year from fiscal_day) as bigint) as fiscal_year,
        cast((months_into_fiscal_year - months_into_fiscal_year % 3) / 3 as bigint) + 1
            as fiscal_quarter,
        months_into_fiscal_year + 1 as fiscal_period
    from placed
)

select * from calendar
