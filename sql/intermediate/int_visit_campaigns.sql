-- Which campaign, and which network, do click ids, ids in the URL and names point to?
-- A click id that was harvested when its network still told of it leads to campaign, ad group and
-- ad, however old it is.
-- Grain: one row per record in int_visits that names a network, an id or a campaign.
-- click_platform and named_platform are the networks that the click id, and click id or utm_source,
-- name; matches are looked for within named_platform, where there is one. Names of parameters are
-- the same in any case, what they hold is not. A rule that finds more
-- than one campaign does not hold; it makes the visit ambiguous. has_click_conflict: there are
-- click ids of several networks, or the click harvested is of another campaign than id, name or
-- alias point to. other_campaigns is what the other rules, and the click ids of other networks, say
-- where that is not the campaign that holds.
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
        campaigns.time_zone,
        campaigns.start_date
    from build.int_campaigns as campaigns
),

campaign_names as (
    select
        campaigns.platform,
        campaigns.account_id,
        campaigns.campaign_id,
        keys.name_key,
        names.first_day,
        names.last_day,
        campaigns.time_zone,
        campaigns.start_date
    from campaigns
    inner join build.int_names as names
        on
            campaigns.platform = names.platform
            and campaigns.account_id = names.account_id
            and names.level = 'campaign'
            and campaigns.campaign_id = names.thing_id
    inner join build.int_name_keys as keys
        on names.thing_name = keys.name
),

visits as (
    select
        visits.record_id,
        visits.utm_campaign,
        names.name_key,
        visits.source_platform,
        visits.is_medium_paid,
        '&' || visits.parameters as parameters,
        lower('&' || visits.parameters) as lower_parameters,
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
            substr(
                visits.parameters,
                strpos(visits.lower_parameters, '&' || tags.tag_value || '=')
                + length(tags.tag_value) + 2
            ),
            '&', 1
        ) as tag_text
    from visits
    inner join staging.stg_platform_tags as tags
        on strpos(visits.lower_parameters, '&' || tags.tag_value || '=') > 0
    where tags.tag_kind in ('click_id', 'id_parameter')
),

click_tags as (
    select
        record_id,
        source_platform,
        platform,
        tag_text
    from tag_hits
    where
        tag_kind = 'click_id'
        and tag_text <> ''
        and strpos(tag_text, '{') = 0
        and strpos(lower(tag_text), '%7b') = 0
),

harvested as (
    select
        click_tags.record_id,
        click_tags.platform,
        min(clicks.account_id) as account_id,
        min(clicks.campaign_id) as campaign_id,
        case
            when count(distinct clicks.ad_group_id) = 1 then min(clicks.ad_group_id)
        end as ad_group_id,
        case when count(distinct clicks.ad_id) = 1 then min(clicks.ad_id) end as ad_id,
        count(distinct clicks.account_id || '/' || clicks.campaign_id) as campaigns_found
    from click_tags
    inner join staging.stg_clicks as clicks
        on
            click_tags.platform = clicks.platform
            and click_tags.tag_text = clicks.click_id
    where clicks.campaign_id is not null
    group by click_tags.record_id, click_tags.platform
),

clicked_networks as (
    select distinct
        record_id,
        source_platform,
        platform
    from click_tags
),

-- Of click ids of several networks the one speaks that the utm_source bears out, else one that was
-- harvested of one campaign; the alphabet sees to it that the answer is always the same.
clicks as (
    select
        networks.record_id,
        networks.platform,
        harvested.account_id,
        harvested.campaign_id,
        harvested.ad_group_id,
        harvested.ad_id,
        harvested.campaigns_found,
        row_number() over (
            partition by networks.record_id
            order by
                case when networks.platform = networks.source_platform then 0 else 1 end,
                case when harvested.campaigns_found = 1 then 0 else 1 end,
                networks.platform collate "C"
        ) as click_rank
    from clicked_networks as networks
    left join harvested
        on
            networks.record_id = harvested.record_id
            and networks.platform = harvested.platform
),

other_clicks as (
    select
        record_id,
        string_agg(
            case
                when campaigns_found = 1
                    then 'stored_click: ' || platform || '/' || account_id || '/' || campaign_id
            end,
            '; ' order by click_rank
        ) as stored_clicks,
        string_agg(
            case when campaigns_found is distinct from 1 then 'click_id: ' || platform end,
            '; ' order by click_rank
        ) as click_ids
    from clicks
    where click_rank > 1
    group by record_id
),

named as (
    select
        visits.record_id,
        visits.utm_campaign,
        visits.name_key,
        clicks.platform as click_platform,
        coalesce(clicks.platform, visits.source_platform) as named_platform,
        visits.is_medium_paid,
        visits.touched_at
    from visits
    left join clicks
        on
            visits.record_id = clicks.record_id
            and clicks.click_rank = 1
),

click_matches as (
    select
        record_id,
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        campaigns_found
    from clicks
    where click_rank = 1 and campaigns_found is not null
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

spelled_ids as (
    select
        record_id,
        platform,
        replace(replace(lower(tag_text), '%253a', ':'), '%3a', ':') as id_text
    from id_texts
),

-- A URN tells of which level its id is. LinkedIn's campaign groups are our campaigns, its campaigns
-- our ad groups, its creatives our ads; a URN of anything else is none of them.
ids as (
    select distinct
        record_id,
        platform,
        case
            when id_text like 'urn:li:%'
                then
                    case split_part(id_text, ':', 3)
                        when 'sponsoredcampaigngroup' then 1
                        when 'sponsoredcampaign' then 2
                        when 'sponsoredcreative' then 3
                        else 0
                    end
        end as told_level,
        regexp_replace(
            regexp_replace(id_text, '^urn:li:[a-z]+:', ''), '\.0+$', ''
        ) as id_key
    from spelled_ids
),

-- A plain id may be that of a campaign, of an ad group or of an ad: what is highest and tells of
-- one campaign alone speaks.
id_targets as (
    select
        platform,
        account_id,
        campaign_id,
        null as ad_group_id,
        null as ad_id,
        1 as id_level,
        campaign_key as id_key
    from campaigns
    union all
    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        null as ad_id,
        2 as id_level,
        regexp_replace(
            regexp_replace(lower(ad_group_id), '^urn:li:[a-z]+:', ''), '\.0+$', ''
        ) as id_key
    from build.int_ad_groups
    where campaign_id is not null
    union all
    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        3 as id_level,
        regexp_replace(
            regexp_replace(lower(ad_id), '^urn:li:[a-z]+:', ''), '\.0+$', ''
        ) as id_key
    from build.int_ads
    where campaign_id is not null
),

id_hits as (
    select
        named.record_id,
        targets.platform,
        targets.account_id,
        targets.campaign_id,
        targets.ad_group_id,
        targets.ad_id,
        targets.id_level
    from ids
    inner join named
        on ids.record_id = named.record_id
    inner join id_targets as targets
        on
            ids.platform = targets.platform
            and ids.id_key = targets.id_key
            and coalesce(ids.told_level, targets.id_level) = targets.id_level
    where named.named_platform is null or named.named_platform = targets.platform
),

-- What all of a visit's ids say of the ad within a campaign: an ad group, an ad, or several.
id_ads as (
    select
        record_id,
        platform,
        account_id,
        campaign_id,
        id_level,
        min(ad_group_id) over (
            partition by record_id, platform, account_id, campaign_id
        ) as least_ad_group,
        max(ad_group_id) over (
            partition by record_id, platform, account_id, campaign_id
        ) as greatest_ad_group,
        min(ad_id) over (
            partition by record_id, platform, account_id, campaign_id
        ) as least_ad,
        max(ad_id) over (
            partition by record_id, platform, account_id, campaign_id
        ) as greatest_ad
    from id_hits
),

id_levels as (
    select
        record_id,
        id_level,
        min(platform) as platform,
        min(account_id) as account_id,
        min(campaign_id) as campaign_id,
        min(case when least_ad_group = greatest_ad_group then least_ad_group end) as ad_group_id,
        min(case when least_ad = greatest_ad then least_ad end) as ad_id,
        count(distinct platform || '/' || account_id || '/' || campaign_id) as campaigns_found
    from id_ads
    group by record_id, id_level
),

id_choices as (
    select
        record_id,
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        campaigns_found,
        row_number() over (
            partition by record_id
            order by case when campaigns_found = 1 then 0 else 1 end, id_level
        ) as choice_number
    from id_levels
),

id_matches as (
    select
        record_id,
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        campaigns_found
    from id_choices
    where choice_number = 1
),

-- A campaign that begins later, or was called otherwise, did not bear the name that day. A tag that
-- says the visit was not paid for names no advertisement.
name_matches as (
    select
        named.record_id,
        min(campaign_names.platform) as platform,
        min(campaign_names.account_id) as account_id,
        min(campaign_names.campaign_id) as campaign_id,
        count(*) as campaigns_found
    from named
    cross join as_of
    inner join campaign_names
        on
            named.named_platform = campaign_names.platform
            and named.name_key = campaign_names.name_key
    where
        (named.is_medium_paid is distinct from false or named.click_platform is not null)
        and cast((
            named.touched_at at time zone coalesce(campaign_names.time_zone, as_of.reporting_zone)
        ) as date)
        between
        greatest(
            coalesce(campaign_names.start_date, campaign_names.first_day), campaign_names.first_day
        )
        and campaign_names.last_day
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
                regexp_replace(
                    lower(aliases.campaign_id), '^urn:li:sponsoredcampaigngroup:', ''
                ),
                '\.0+$', ''
            ) = campaigns.campaign_key
),

alias_matches as (
    select
        named.record_id,
        min(aliases.platform) as platform,
        min(aliases.account_id) as account_id,
        min(aliases.campaign_id) as campaign_id,
        count(distinct aliases.platform || '/' || aliases.account_id || '/' || aliases.campaign_id)
            as campaigns_found
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
            when click_matches.campaigns_found = 1 then 'stored_click'
            when id_matches.campaigns_found = 1 then 'url_id'
            when name_matches.campaigns_found = 1 then 'utm_campaign'
            when alias_matches.campaigns_found = 1 then 'alias'
            when
                coalesce(
                    click_matches.campaigns_found,
                    id_matches.campaigns_found,
                    name_matches.campaigns_found,
                    alias_matches.campaigns_found
                ) > 1
                then 'ambiguous'
        end as campaign_method,
        named.click_platform,
        named.named_platform,
        click_matches.platform as stored_platform,
        click_matches.account_id as stored_account,
        click_matches.campaign_id as stored_campaign,
        click_matches.ad_group_id as stored_ad_group,
        click_matches.ad_id as stored_ad,
        id_matches.platform as id_platform,
        id_matches.account_id as id_account,
        id_matches.campaign_id as id_campaign,
        id_matches.ad_group_id as id_ad_group,
        id_matches.ad_id as id_ad,
        name_matches.platform as name_platform,
        name_matches.account_id as name_account,
        name_matches.campaign_id as name_campaign,
        alias_matches.platform as alias_platform,
        alias_matches.account_id as alias_account,
        alias_matches.campaign_id as alias_campaign,
        case
            when click_matches.campaigns_found = 1
                then
                    click_matches.platform || '/' || click_matches.account_id || '/'
                    || click_matches.campaign_id
            else click_matches.campaigns_found || ' campaigns'
        end as stored_says,
        case
            when id_matches.campaigns_found = 1
                then
                    id_matches.platform || '/' || id_matches.account_id || '/'
                    || id_matches.campaign_id
            else id_matches.campaigns_found || ' campaigns'
        end as id_says,
        case
            when name_matches.campaigns_found = 1
                then
                    name_matches.platform || '/' || name_matches.account_id || '/'
                    || name_matches.campaign_id
            else name_matches.campaigns_found || ' campaigns'
        end as name_says,
        case
            when alias_matches.campaigns_found = 1
                then
                    alias_matches.platform || '/' || alias_matches.account_id || '/'
                    || alias_matches.campaign_id
            else alias_matches.campaigns_found || ' campaigns'
        end as alias_says,
        other_clicks.stored_clicks,
        other_clicks.click_ids,
        other_clicks.record_id is not null
        or coalesce(
            click_matches.campaigns_found = 1
            and (
                (
                    id_matches.campaigns_found = 1
                    and id_matches.account_id || '/' || id_matches.campaign_id
                    <> click_matches.account_id || '/' || click_matches.campaign_id
                )
                or (
                    name_matches.campaigns_found = 1
                    and name_matches.account_id || '/' || name_matches.campaign_id
                    <> click_matches.account_id || '/' || click_matches.campaign_id
                )
                or (
                    alias_matches.campaigns_found = 1
                    and alias_matches.account_id || '/' || alias_matches.campaign_id
                    <> click_matches.account_id || '/' || click_matches.campaign_id
                )
            ),
            false
        ) as has_click_conflict
    from named
    left join click_matches
        on named.record_id = click_matches.record_id
    left join id_matches
        on named.record_id = id_matches.record_id
    left join name_matches
        on named.record_id = name_matches.record_id
    left join alias_matches
        on named.record_id = alias_matches.record_id
    left join other_clicks
        on named.record_id = other_clicks.record_id
    where
        named.named_platform is not null
        or id_matches.record_id is not null
        or alias_matches.record_id is not null
),

held as (
    select
        record_id,
        click_platform,
        named_platform,
        campaign_method,
        case campaign_method
            when 'stored_click' then stored_platform
            when 'url_id' then id_platform
            when 'utm_campaign' then name_platform
            when 'alias' then alias_platform
        end as platform,
        case campaign_method
            when 'stored_click' then stored_account
            when 'url_id' then id_account
            when 'utm_campaign' then name_account
            when 'alias' then alias_account
        end as account_id,
        case campaign_method
            when 'stored_click' then stored_campaign
            when 'url_id' then id_campaign
            when 'utm_campaign' then name_campaign
            when 'alias' then alias_campaign
        end as campaign_id,
        case campaign_method
            when 'stored_click' then stored_ad_group
            when 'url_id' then id_ad_group
        end as ad_group_id,
        case campaign_method
            when 'stored_click' then stored_ad
            when 'url_id' then id_ad
        end as ad_id,
        case campaign_method
            when 'stored_click' then stored_says
            when 'url_id' then id_says
            when 'utm_campaign' then name_says
            when 'alias' then alias_says
        end as says,
        stored_says,
        id_says,
        name_says,
        alias_says,
        stored_clicks,
        click_ids,
        has_click_conflict
    from chosen
),

matched as (
    select
        record_id,
        click_platform,
        named_platform,
        campaign_method,
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        nullif(
            concat_ws(
                '; ',
                case
                    when stored_says is distinct from says then 'stored_click: ' || stored_says
                end,
                stored_clicks,
                case when id_says is distinct from says then 'url_id: ' || id_says end,
                case when name_says is distinct from says then 'utm_campaign: ' || name_says end,
                case when alias_says is distinct from says then 'alias: ' || alias_says end,
                click_ids
            ),
            ''
        ) as other_campaigns,
        has_click_conflict
    from held
)

select * from matched
