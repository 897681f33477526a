-- How many people came in each month by each way, and where does the way belong?
-- Grain: one row per property, month and way in int_visit_ways.
-- Where a campaign and a channel come from the same rules as those of touches. Figures are those of
-- the month as a whole, NULL for a way that the property tells by day alone; users are NULL where
-- they are withheld.
with

visitors as (
    select
        ways.record_id,
        ways.platform as source,
        ways.account_id as property_id,
        ways.way_key,
        ways.visit_month,
        places.platform,
        places.account_id,
        places.campaign_id,
        places.match_method,
        case
            when not ways.is_untold and places.told_channel is null
                then
                    coalesce(places.platform, '') || '|' || coalesce(places.campaign_type, '')
                    || '|' || coalesce(places.medium, '') || '|'
                    || coalesce(places.source_kind, '') || '|'
                    || cast(places.has_paid_sign as text)
        end as channel_key,
        case when ways.is_untold then 'Unattributed' else places.told_channel end as told_channel,
        months.sessions,
        months.engaged_sessions,
        months.users,
        months.new_users,
        months.key_events,
        months.is_thresholded,
        months.has_other_row,
        months.is_sampled
    from build.int_visit_ways as ways
    inner join build.int_visit_places as places
        on
            places.record_kind = 'visit'
            and ways.record_id = places.record_id
    left join staging.stg_visitors_monthly as months
        on
            ways.platform = months.platform
            and ways.account_id = months.account_id
            and ways.way_key = months.way_key
            and ways.visit_month = months.visit_month
)

select * from visitors
