-- Which visits came on each day, by which way, to which page, and through which campaign?
-- Grain: one row per property, day, way and landing page.
-- Campaign and channel come from the same rules as those of touches. What the property does not
-- tell apart, or does not tell, stands under Unattributed.
with

visits as (
    select
        visits.platform as source,
        visits.account_id as property_id,
        visits.visit_key,
        coalesce(visitors.told_channel, channels.channel) as channel,
        visitors.platform,
        visitors.account_id,
        visitors.campaign_id,
        visitors.match_method,
        visits.visit_source,
        visits.visit_medium,
        visits.visit_campaign,
        visits.landing_page,
        visits.date_day,
        visits.sessions,
        visits.engaged_sessions,
        visits.users,
        visits.new_users,
        visits.key_events,
        visits.is_thresholded,
        visits.has_other_row,
        visits.is_sampled
    from staging.stg_visits_daily as visits
    left join build.int_visitors as visitors
        on
            visits.platform = visitors.source
            and visits.account_id = visitors.property_id
            and visits.way_key = visitors.way_key
            and cast(date_trunc('month', visits.date_day) as date) = visitors.visit_month
    left join build.int_channels as channels
        on visitors.channel_key = channels.channel_key
)

select * from visits
