-- Which calendar does a day belong to?
-- Grain: one row per day, from the first of January of the first year with spend, people or deals
-- to the end of the last year with any, or of the as-of day's year.
-- The fiscal year is the calendar year.
with

as_of as (
    select
        reporting_zone,
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

calendar as (
    select
        date_day,
        cast(date_trunc('month', date_day) as date) as month_start,
        cast(date_trunc('quarter', date_day) as date) as quarter_start,
        cast(date_trunc('year', date_day) as date) as year_start,
        cast(extract(year from date_day) as bigint) as year_number,
        cast(extract(quarter from date_day) as bigint) as quarter_number,
        cast(extract(month from date_day) as bigint) as month_number,
        cast(extract(isoyear from date_day) as bigint) as iso_year,
        cast(extract(week from date_day) as bigint) as iso_week,
        cast(extract(isodow from date_day) as bigint) as iso_weekday,
        cast(extract(year from date_day) as bigint) as fiscal_year,
        cast(extract(quarter from date_day) as bigint) as fiscal_quarter
    from days
)

select * from calendar
