-- What does each form capture, each way of a visit, and each touch entered by hand, say in words
-- that can be compared?
-- Grain: one row per record in int_captures, in int_visit_ways (record_kind visit), or per touch in
-- int_manual_touchpoints (record_kind manual).
-- Values are decoded; a value that holds an unexpanded macro says nothing; has_macro, where it is
-- the campaign that one hides. source_platform is the
-- network that the utm_source names. A referrer of our own site is none; fbclid without another
-- referrer is a visit from Facebook, and no sign of payment.
with

captures as (
    select
        record_id,
        record_kind,
        person_id,
        lead_source,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        utm_id,
        gclid,
        fbclid,
        li_fat_id,
        landing_page_url,
        lower(regexp_replace(referrer_url, '^[A-Za-z][A-Za-z0-9+.-]*://', '')) as referrer,
        lower(regexp_replace(landing_page_url, '^[A-Za-z][A-Za-z0-9+.-]*://', '')) as landing,
        parameters,
        touched_at
    from build.int_captures
    union all
    select
        record_id,
        'visit' as record_kind,
        null as person_id,
        null as lead_source,
        utm_source,
        utm_medium,
        utm_campaign,
        null as utm_content,
        null as utm_term,
        utm_id,
        null as gclid,
        null as fbclid,
        null as li_fat_id,
        null as landing_page_url,
        null as referrer,
        null as landing,
        '&utm_id=' || utm_id as parameters,
        touched_at
    from build.int_visit_ways
    union all
    select
        line_id as record_id,
        'manual' as record_kind,
        person_id,
        null as lead_source,
        utm_source,
        utm_medium,
        utm_campaign,
        null as utm_content,
        null as utm_term,
        null as utm_id,
        null as gclid,
        null as fbclid,
        null as li_fat_id,
        null as landing_page_url,
        null as referrer,
        null as landing,
        null as parameters,
        touched_at
    from build.int_manual_touchpoints
    where outcome = 'touch'
),

decoded as (
    select
        captures.record_id,
        captures.record_kind,
        captures.person_id,
        captures.lead_source,
        case
            when strpos(captures.utm_source, '%') > 0 then sources.decoded_value
            when strpos(captures.utm_source, ' ') > 0 then captures.utm_source
            else replace(captures.utm_source, '+', ' ')
        end as utm_source,
        case
            when strpos(captures.utm_medium, '%') > 0 then mediums.decoded_value
            when strpos(captures.utm_medium, ' ') > 0 then captures.utm_medium
            else replace(captures.utm_medium, '+', ' ')
        end as utm_medium,
        case
            when strpos(captures.utm_campaign, '%') > 0 then campaigns.decoded_value
            when strpos(captures.utm_campaign, ' ') > 0 then captures.utm_campaign
            else replace(captures.utm_campaign, '+', ' ')
        end as utm_campaign,
        case
            when strpos(captures.utm_content, '%') > 0 then contents.decoded_value
            when strpos(captures.utm_content, ' ') > 0 then captures.utm_content
            else replace(captures.utm_content, '+', ' ')
        end as utm_content,
        case
            when strpos(captures.utm_term, '%') > 0 then terms.decoded_value
            when strpos(captures.utm_term, ' ') > 0 then captures.utm_term
            else replace(captures.utm_term, '+', ' ')
        end as utm_term,
        captures.utm_id,
        captures.gclid,
        captures.fbclid,
        captures.li_fat_id,
        captures.landing_page_url,
        regexp_replace(
            split_part(split_part(split_part(captures.referrer, '/', 1), '?', 1), ':', 1),
            '^www\.', ''
        ) as referrer_host,
        regexp_replace(
            split_part(split_part(split_part(captures.landing, '/', 1), '?', 1), ':', 1),
            '^www\.', ''
        ) as landing_host,
        captures.parameters,
        captures.touched_at
    from captures
    left join build.int_decoded_values as sources
        on captures.utm_source = sources.raw_value
    left join build.int_decoded_values as mediums
        on captures.utm_medium = mediums.raw_value
    left join build.int_decoded_values as campaigns
        on captures.utm_campaign = campaigns.raw_value
    left join build.int_decoded_values as contents
        on captures.utm_content = contents.raw_value
    left join build.int_decoded_values as terms
        on captures.utm_term = terms.raw_value
),

cleaned as (
    select
        record_id,
        record_kind,
        person_id,
        lead_source,
        case when strpos(utm_source, '{') = 0 then nullif(trim(utm_source), '') end as utm_source,
        case when strpos(utm_medium, '{') = 0 then nullif(trim(utm_medium), '') end as utm_medium,
        case when strpos(utm_campaign, '{') = 0 then nullif(trim(utm_campaign), '')
        end as utm_campaign,
        case when strpos(utm_content, '{') = 0 then nullif(trim(utm_content), '')
        end as utm_content,
        case when strpos(utm_term, '{') = 0 then nullif(trim(utm_term), '') end as utm_term,
        case when strpos(utm_id, '{') = 0 then utm_id end as utm_id,
        case when strpos(gclid, '{') = 0 then gclid end as gclid,
        case when strpos(fbclid, '{') = 0 then fbclid end as fbclid,
        case when strpos(li_fat_id, '{') = 0 then li_fat_id end as li_fat_id,
        landing_page_url,
        nullif(referrer_host, '') as referrer_host,
        landing_host,
        parameters,
        strpos(coalesce(utm_campaign, '') || coalesce(utm_id, ''), '{') > 0 as has_macro,
        touched_at
    from decoded
),

keyed as (
    select
        record_id,
        record_kind,
        person_id,
        lead_source,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        utm_id,
        gclid,
        fbclid,
        li_fat_id,
        landing_page_url,
        regexp_replace(
            regexp_replace(lower(utm_source), '^(www|m|l|lm)\.', ''), '\.com$', ''
        ) as source_key,
        regexp_replace(lower(utm_medium), '[^a-z0-9]+', '', 'g') as medium_key,
        case
            when (referrer_host is distinct from landing_host) then referrer_host
        end as referrer_host,
        parameters,
        has_macro,
        touched_at
    from cleaned
),

places as (
    select distinct source_key as place
    from keyed
    where source_key is not null
    union
    select distinct referrer_host as place
    from keyed
    where referrer_host is not null
    union
    select 'facebook.com' as place
),

own_places as (
    select distinct places.place
    from places
    inner join staging.seed_internal_domains as domains
        on
            places.place = domains.email_domain
            or places.place like '%.' || domains.email_domain
),

-- Of several patterns the longest says most.
known_places as (
    select
        places.place,
        patterns.source_kind,
        row_number() over (
            partition by places.place
            order by
                length(patterns.source_pattern) desc, patterns.source_pattern collate "C" asc
        ) as pattern_rank
    from places
    inner join staging.seed_traffic_sources as patterns
        on places.place like patterns.source_pattern
),

place_kinds as (
    select
        place,
        source_kind
    from known_places
    where pattern_rank = 1
),

tagged as (
    select
        tag_value,
        min(platform) as platform
    from staging.stg_platform_tags
    where tag_kind = 'utm_source'
    group by tag_value
),

referred as (
    select
        keyed.record_id,
        keyed.record_kind,
        keyed.person_id,
        keyed.lead_source,
        keyed.utm_source,
        keyed.utm_medium,
        keyed.utm_campaign,
        keyed.utm_content,
        keyed.utm_term,
        keyed.utm_id,
        keyed.gclid,
        keyed.fbclid,
        keyed.li_fat_id,
        keyed.landing_page_url,
        keyed.source_key,
        keyed.medium_key,
        coalesce(
            case when own_places.place is null then keyed.referrer_host end,
            case when keyed.fbclid is not null then 'facebook.com' end
        ) as referrer_host,
        keyed.parameters,
        keyed.has_macro,
        keyed.touched_at
    from keyed
    left join own_places
        on keyed.referrer_host = own_places.place
),

visits as (
    select
        referred.record_id,
        referred.record_kind,
        referred.person_id,
        referred.lead_source,
        lead_sources.channel as lead_source_channel,
        lead_sources.offer_type as lead_source_offer,
        coalesce(lead_sources.is_vague, false) as is_lead_source_vague,
        referred.utm_source,
        referred.utm_medium,
        referred.utm_campaign,
        referred.utm_content,
        referred.utm_term,
        referred.utm_id,
        referred.gclid,
        referred.fbclid,
        referred.li_fat_id,
        referred.landing_page_url,
        coalesce(whole_tags.platform, short_tags.platform) as source_platform,
        source_kinds.source_kind,
        mediums.medium,
        mediums.is_paid as is_medium_paid,
        referred.referrer_host,
        coalesce(
            referrer_kinds.source_kind,
            case when referred.referrer_host is not null then 'website' end
        ) as referrer_kind,
        referred.parameters,
        referred.has_macro,
        referred.touched_at
    from referred
    left join staging.seed_lead_sources as lead_sources
        on lower(referred.lead_source) = lead_sources.lead_source
    left join tagged as whole_tags
        on lower(referred.utm_source) = whole_tags.tag_value
    left join tagged as short_tags
        on referred.source_key = short_tags.tag_value
    left join place_kinds as source_kinds
        on referred.source_key = source_kinds.place
    left join staging.seed_utm_mediums as mediums
        on referred.medium_key = mediums.utm_medium
    left join place_kinds as referrer_kinds
        on referred.referrer_host = referrer_kinds.place
)

select * from visits
