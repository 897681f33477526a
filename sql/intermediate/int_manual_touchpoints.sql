-- Whose are the touches that were entered by hand, and when were they?
-- Grain: one row per line of the seed.
-- outcome: touch; unmatched, if no living record of the CRM has the id; internal, if it is one of
-- our own; to_come, if its day is after the as-of day. A line has a day, not an instant: it is the
-- midnight of the reporting zone that begins the day, or the instant of the person's first record
-- where that lies on the same day.
with

as_of as (
    select
        reporting_zone,
        as_of_date
    from build.int_as_of
),

lines as (
    select
        record_id || '/' || cast(touch_date as text) || '/' || content_name as line_id,
        record_id,
        content_name,
        offer_type,
        utm_source,
        utm_medium,
        utm_campaign,
        touch_date
    from staging.seed_manual_touchpoints
),

dated as (
    select
        lines.line_id,
        ids.person_id,
        case
            when ids.person_id is null then 'unmatched'
            when people.is_internal then 'internal'
            when lines.touch_date > as_of.as_of_date then 'to_come'
            else 'touch'
        end as outcome,
        lines.content_name,
        lines.offer_type,
        lines.utm_source,
        lines.utm_medium,
        lines.utm_campaign,
        lines.touch_date,
        case
            when
                lines.touch_date
                = cast((people.lead_at at time zone as_of.reporting_zone) as date)
                then people.lead_at
            else cast(lines.touch_date as timestamp) at time zone as_of.reporting_zone
        end as touched_at
    from lines
    cross join as_of
    left join build.int_person_ids as ids
        on lines.record_id = ids.record_id
    left join build.int_people as people
        on ids.person_id = people.person_id
)

select * from dated
