-- Which campaign, and which network, do click ids, ids in the URL and names point to?
-- Grain: one row per record in int_visits that names a network, an id or a campaign.
-- click_platform and named_platform are the networks that the click id, and click id or utm_source,
-- name; matches are looked for within named_platform, where there is one. A rule that finds more
-- than one campaign does not hold; it makes the visit ambiguous.
with

as_of as (
    select reporting_zone
    from build.int_as_of
),

campaigns as (
    select
        campaigns.platform,
        campaigns.account_id,
        campaigns.campaign_id,
        campaigns.campaign_key,
        names.name_key,
        campaigns.time_zone,
        campaigns.start_date
    from build.int_campaigns as campaigns
    left join build.int_name_keys as names
        on campaigns.campaign_name = names.name
),

visits as (
    select
        visits.record_id,
        visits.utm_campaign,
        names.name_key,
        visits.source_platform,
        visits.is_medium_paid,
        visits.parameters,
        visits.touched_at
    from build.int_visits as visits
    left join build.int_name_keys as names
        on visits.utm_campaign = names.name
),

tag_hits as (
    select
        visits.record_id,
        visits.source_platform,
        tags.platform,
        tags.tag_kind,
        split_part(
            split_part('&' || visits.parameters, '&' || tags.tag_value || '=', 2), '&', 1
        ) as tag_text
    from visits
    inner join staging.stg_platform_tags as tags
        on strpos('&' || visits.parameters, '&' || tags.tag_value || '=') > 0
    where tags.tag_kind in ('click_id', 'id_parameter')
),

-- Of two click ids the one speaks that agrees with the utm_source.
clicks as (
    select
        record_id,
        coalesce(
            min(case when platform = source_platform then platform end), min(platform)
        ) as click_platform
    from tag_hits
    where
        tag_kind = 'click_id'
        and tag_text <> ''
        and strpos(tag_text, '{') = 0
        and strpos(lower(tag_text), '%7b') = 0
    group by record_id
),

named as (
    select
        visits.record_id,
        visits.utm_campaign,
        visits.name_key,
        clicks.click_platform,
        coalesce(clicks.click_platform, visits.source_platform) as named_platform,
        visits.is_medium_paid,
        visits.touched_at
    from visits
    left join clicks
        on visits.record_id = clicks.record_id
),

-- Some write the id where the name belongs.
id_texts as (
    select
        record_id,
        platform,
        tag_text
    from tag_hits
    where tag_kind = 'id_parameter' and tag_text <> ''
    union all
    select
        record_id,
        named_platform as platform,
        utm_campaign as tag_text
    from named
    where named_platform is not null and utm_campaign is not null
),

ids as (
    select distinct
        record_id,
        platform,
        regexp_replace(
            regexp_replace(
                lower(tag_text), '^urn(:|%3a|%253a)li(:|%3a|%253a)[a-z]+(:|%3a|%253a)', ''
            ),
            '\.0+$', ''
        ) as campaign_key
    from id_texts
),

id_matches as (
    select
        named.record_id,
        min(campaigns.platform) as platform,
        min(campaigns.account_id) as account_id,
        min(campaigns.campaign_id) as campaign_id,
        count(
            distinct
            campaigns.platform || '/' || campaigns.account_id || '/' || campaigns.campaign_id
        ) as campaigns_found
    from ids
    inner join named
        on ids.record_id = named.record_id
    inner join campaigns
        on
            ids.platform = campaigns.platform
            and ids.campaign_key = campaigns.campaign_key
    where named.named_platform is null or named.named_platform = campaigns.platform
    group by named.record_id
),

-- A campaign that begins later did not bear the name that day. A tag that says the visit was not
-- paid for names no advertisement.
name_matches as (
    select
        named.record_id,
        min(campaigns.platform) as platform,
        min(campaigns.account_id) as account_id,
        min(campaigns.campaign_id) as campaign_id,
        count(*) as campaigns_found
    from named
    cross join as_of
    inner join campaigns
        on
            named.named_platform = campaigns.platform
            and named.name_key = campaigns.name_key
    where
        (named.is_medium_paid is distinct from false or named.click_platform is not null)
        and (
            campaigns.start_date is null
            or campaigns.start_date <= cast((
                named.touched_at at time zone coalesce(campaigns.time_zone, as_of.reporting_zone)
            ) as date)
        )
    group by named.record_id
),

aliases as (
    select
        aliases.platform,
        campaigns.account_id,
        campaigns.campaign_id,
        names.name_key
    from staging.seed_campaign_aliases as aliases
    left join build.int_decoded_values as decoded
        on aliases.utm_campaign = decoded.raw_value
    inner join build.int_name_keys as names
        on coalesce(decoded.decoded_value, aliases.utm_campaign) = names.name
    inner join campaigns
        on
            aliases.platform = campaigns.platform
            and aliases.account_id = campaigns.account_id
            and regexp_replace(
                regexp_replace(lower(aliases.campaign_id), '^urn:li:[a-z]+:', ''), '\.0+$', ''
            ) = campaigns.campaign_key
),

alias_matches as (
    select
        named.record_id,
        min(aliases.platform) as platform,
        min(aliases.account_id) as account_id,
        min(aliases.campaign_id) as campaign_id,
        count(*) as campaigns_found
    from named
    inner join aliases
        on named.name_key = aliases.name_key
    where named.named_platform is null or named.named_platform = aliases.platform
    group by named.record_id
),

chosen as (
    select
        named.record_id,
        case
            when id_matches.campaigns_found = 1 then 'url_id'
            when name_matches.campaigns_found = 1 then 'utm_campaign'
            when alias_matches.campaigns_found = 1 then 'alias'
            when
                coalesce(id_matches.campaigns_found, name_matches.campaigns_found) > 1
                then 'ambiguous'
        end as campaign_method,
        named.click_platform,
        named.named_platform,
        id_matches.platform as id_platform,
        id_matches.account_id as id_account,
        id_matches.campaign_id as id_campaign,
        name_matches.platform as name_platform,
        name_matches.account_id as name_account,
        name_matches.campaign_id as name_campaign,
        alias_matches.platform as alias_platform,
        alias_matches.account_id as alias_account,
        alias_matches.campaign_id as alias_campaign
    from named
    left join id_matches
        on named.record_id = id_matches.record_id
    left join name_matches
        on named.record_id = name_matches.record_id
    left join alias_matches
        on named.record_id = alias_matches.record_id
    where
        named.named_platform is not null
        or id_matches.record_id is not null
        or alias_matches.record_id is not null
),

matched as (
    select
        record_id,
        click_platform,
        named_platform,
        campaign_method,
        case campaign_method
            when 'url_id' then id_platform
            when 'utm_campaign' then name_platform
            when 'alias' then alias_platform
        end as platform,
        case campaign_method
            when 'url_id' then id_account
            when 'utm_campaign' then name_account
            when 'alias' then alias_account
        end as account_id,
        case campaign_method
            when 'url_id' then id_campaign
            when 'utm_campaign' then name_campaign
            when 'alias' then alias_campaign
        end as campaign_id
    from chosen
)

select * from matched
