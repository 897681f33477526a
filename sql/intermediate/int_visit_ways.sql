-- By which ways did visits come in each month, told as a form capture tells its visit?
-- Grain: one row per property, month and way (source, medium, campaign and its id).
-- What web analytics puts in brackets, such as (direct) or (not set), is its own word for nothing
-- known. A way stands at noon of the last day of the month on which it was seen, in the property's
-- zone, so that a campaign's name is looked for when it was borne; of one that is told by month
-- alone, of the month's last day. is_untold: where the visit came from is not told at all.
with

ways as (
    select
        platform,
        account_id,
        way_key,
        cast(date_trunc('month', date_day) as date) as visit_month,
        visit_source,
        visit_medium,
        visit_campaign,
        visit_campaign_id,
        date_day as seen_day
    from staging.stg_visits_daily
    union all
    select
        platform,
        account_id,
        way_key,
        visit_month,
        visit_source,
        visit_medium,
        visit_campaign,
        visit_campaign_id,
        null as seen_day
    from staging.stg_visitors_monthly
),

seen as (
    select
        platform,
        account_id,
        way_key,
        visit_month,
        min(visit_source) as visit_source,
        min(visit_medium) as visit_medium,
        min(visit_campaign) as visit_campaign,
        min(visit_campaign_id) as visit_campaign_id,
        coalesce(
            max(seen_day),
            cast((visit_month + interval '1 month') as date) - 1
        ) as seen_day
    from ways
    group by platform, account_id, way_key, visit_month
),

told as (
    select
        seen.platform || '/' || seen.account_id || '/' || seen.way_key || '/'
        || cast(seen.visit_month as text) as record_id,
        seen.platform,
        seen.account_id,
        seen.way_key,
        seen.visit_month,
        case when seen.visit_source not like '(%)' then nullif(trim(seen.visit_source), '')
        end as utm_source,
        case when seen.visit_medium not like '(%)' then nullif(trim(seen.visit_medium), '')
        end as utm_medium,
        case when seen.visit_campaign not like '(%)' then nullif(trim(seen.visit_campaign), '')
        end as utm_campaign,
        case
            when seen.visit_campaign_id not like '(%)' then nullif(trim(seen.visit_campaign_id), '')
        end as utm_id,
        seen.visit_source in ('(not set)', '(other)', '(data not available)') as has_no_source,
        (cast(seen.seen_day as timestamp) + interval '12 hours')
        at time zone coalesce(properties.time_zone, 'UTC') as touched_at
    from seen
    left join staging.stg_visit_properties as properties
        on
            seen.platform = properties.platform
            and seen.account_id = properties.account_id
),

visit_ways as (
    select
        record_id,
        platform,
        account_id,
        way_key,
        visit_month,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_id,
        has_no_source
        and coalesce(utm_medium, utm_campaign, utm_id) is null as is_untold,
        touched_at
    from told
)

select * from visit_ways
