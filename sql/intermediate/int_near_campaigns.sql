-- Which campaign may have been meant by a tag that no campaign bears?
-- Grain: one row per network named (empty: none) and utm_campaign that comes near one campaign.
-- Two names are near if they are equal once digits, separators and words that tell nothing are left
-- out; where no campaign's is equal, if one contains the other, which has four letters at least.
-- Names that a campaign bore once count too.
with

tags as (
    select distinct
        coalesce(named_platform, '') as named_platform,
        utm_campaign
    from build.int_touchpoints
    where
        campaign_id is null
        and crm_campaign_id is null
        and utm_campaign is not null
        and not is_internal
),

spaced as (
    select
        name,
        name_key,
        ' ' || replace(regexp_replace(name_key, '[0-9]+', ' ', 'g'), ' ', '  ') || ' ' as words
    from build.int_name_keys
),

keys as (
    select
        name,
        name_key,
        replace(
            regexp_replace(
                words,
                ' (ad|ads|and|anzeige|anzeigen|campaign|campaigns|copy|das|der|die|for|für|fy|h'
                || '|kampagne|kampagnen|kw|new|of|q|the|und|v) ',
                ' ', 'g'
            ),
            ' ', ''
        ) as near_key
    from spaced
),

tag_keys as (
    select
        tags.named_platform,
        tags.utm_campaign,
        keys.name_key,
        keys.near_key
    from tags
    inner join keys
        on tags.utm_campaign = keys.name
    where keys.near_key <> ''
),

sought as (
    select distinct
        named_platform,
        near_key
    from tag_keys
),

campaigns as (
    select distinct
        names.platform,
        names.account_id,
        names.thing_id as campaign_id,
        keys.near_key
    from build.int_names as names
    inner join keys
        on names.thing_name = keys.name
    where names.level = 'campaign' and keys.near_key <> ''
),

equal_names as (
    select
        sought.named_platform,
        sought.near_key,
        campaigns.platform,
        campaigns.account_id,
        campaigns.campaign_id
    from sought
    inner join campaigns
        on sought.near_key = campaigns.near_key
    where sought.named_platform in ('', campaigns.platform)
),

unequal as (
    select
        sought.named_platform,
        sought.near_key
    from sought
    left join equal_names
        on
            sought.named_platform = equal_names.named_platform
            and sought.near_key = equal_names.near_key
    where equal_names.near_key is null
),

containing_names as (
    select
        unequal.named_platform,
        unequal.near_key,
        campaigns.platform,
        campaigns.account_id,
        campaigns.campaign_id
    from unequal
    inner join campaigns
        on
            (length(campaigns.near_key) >= 4 and strpos(unequal.near_key, campaigns.near_key) > 0)
            or (length(unequal.near_key) >= 4 and strpos(campaigns.near_key, unequal.near_key) > 0)
    where unequal.named_platform in ('', campaigns.platform)
),

near as (
    select * from equal_names
    union all
    select * from containing_names
),

single as (
    select
        named_platform,
        near_key,
        min(platform) as platform,
        min(account_id) as account_id,
        min(campaign_id) as campaign_id
    from near
    group by named_platform, near_key
    having count(distinct platform || '/' || account_id || '/' || campaign_id) = 1
),

-- One line mends every spelling that the alias rule takes for one.
suggested as (
    select
        tag_keys.named_platform,
        tag_keys.utm_campaign,
        single.platform,
        single.account_id,
        single.campaign_id,
        single.platform || ',' || single.account_id || ',' || single.campaign_id || ',"'
        || replace(
            min(tag_keys.utm_campaign collate "C") over (
                partition by single.platform, tag_keys.name_key
            ),
            '"', '""'
        ) || '"' as alias_line
    from tag_keys
    inner join single
        on
            tag_keys.named_platform = single.named_platform
            and tag_keys.near_key = single.near_key
)

select * from suggested
