-- To which campaign does each form capture, and each way of a visit, belong, and what do the
-- channel rules see of it?
-- Grain: one row per record in int_visits.
-- The first rule that holds tells the campaign; match_method names it.
with

campaigns as (
    select
        platform,
        account_id,
        campaign_id,
        campaign_type,
        told_channel
    from build.int_campaigns
),

ruled as (
    select
        visits.record_id,
        visits.record_kind,
        visits.person_id,
        visits.lead_source,
        visits.lead_source_channel,
        visits.lead_source_offer,
        visits.utm_source,
        visits.utm_medium,
        visits.utm_campaign,
        visits.utm_content,
        visits.utm_term,
        visits.utm_id,
        visits.referrer_host,
        visits.source_platform,
        visits.source_kind,
        visits.medium,
        visits.is_medium_paid,
        visits.is_lead_source_vague,
        visits.referrer_kind,
        visits.has_macro,
        matches.click_platform,
        matches.named_platform,
        matches.platform,
        matches.account_id,
        matches.campaign_id,
        matches.ad_group_id,
        matches.ad_id,
        matches.other_campaigns,
        case
            when matches.campaign_id is not null then matches.campaign_method
            when matches.campaign_method = 'ambiguous' then 'ambiguous'
            when matches.click_platform is not null then 'click_id'
            when
                coalesce(visits.medium, visits.source_kind, visits.source_platform) is not null
                then 'utm'
            when
                visits.lead_source_channel is not null and not visits.is_lead_source_vague
                then 'lead_source'
            when visits.referrer_host is not null then 'referrer'
            when visits.lead_source is not null then 'lead_source'
            when coalesce(visits.utm_source, visits.utm_medium) is not null then 'utm'
            else 'direct'
        end as match_method,
        coalesce(
            matches.click_platform is not null
            and visits.utm_source is not null
            and visits.source_platform is distinct from matches.click_platform,
            false
        ) as are_tags_of_another,
        coalesce(matches.has_click_conflict, false) as has_click_conflict,
        visits.touched_at
    from build.int_visits as visits
    left join build.int_visit_campaigns as matches
        on visits.record_id = matches.record_id
),

-- What the channel rules look at. A campaign's own kind says more than the tags of its visitors;
-- without a campaign, tags of another network than the click id's say nothing.
placed as (
    select
        ruled.record_id,
        ruled.record_kind,
        ruled.person_id,
        case
            when ruled.match_method in ('stored_click', 'url_id', 'utm_campaign', 'alias')
                then ruled.platform
            when ruled.match_method in ('ambiguous', 'click_id')
                then coalesce(ruled.click_platform, ruled.named_platform)
            when ruled.match_method = 'utm' and ruled.is_medium_paid then ruled.source_platform
        end as platform,
        ruled.account_id,
        ruled.campaign_id,
        ruled.ad_group_id,
        ruled.ad_id,
        campaigns.campaign_type,
        case
            when ruled.campaign_id is not null or ruled.are_tags_of_another then null
            when ruled.match_method in ('ambiguous', 'click_id', 'utm') then ruled.medium
        end as medium,
        case
            when ruled.campaign_id is not null or ruled.are_tags_of_another then null
            when ruled.match_method in ('ambiguous', 'click_id', 'utm') then ruled.source_kind
            when ruled.match_method = 'referrer' then ruled.referrer_kind
            when ruled.match_method = 'direct' then 'direct'
        end as source_kind,
        case
            when ruled.match_method = 'lead_source'
                then coalesce(ruled.lead_source_channel, 'Other')
            else campaigns.told_channel
        end as told_channel,
        case
            when
                ruled.match_method in (
                    'stored_click', 'url_id', 'utm_campaign', 'alias', 'click_id', 'ambiguous'
                )
                and coalesce(ruled.medium, ruled.source_kind, ruled.source_platform) is not null
                then
                    coalesce(case when ruled.is_medium_paid then ruled.source_platform end, '')
                    || '||' || coalesce(ruled.medium, '') || '|' || coalesce(ruled.source_kind, '')
                    || '|' || cast(coalesce(ruled.is_medium_paid, false) as text)
        end as utm_channel_key,
        case
            when ruled.match_method <> 'lead_source' and not ruled.is_lead_source_vague
                then ruled.lead_source_channel
        end as lead_source_channel,
        case when ruled.match_method <> 'referrer' then ruled.referrer_kind end as referrer_kind,
        coalesce(ruled.lead_source_offer, 'website') as offer_type,
        ruled.match_method,
        ruled.other_campaigns,
        ruled.named_platform,
        ruled.lead_source,
        ruled.utm_source,
        ruled.utm_medium,
        ruled.utm_campaign,
        ruled.utm_content,
        ruled.utm_term,
        ruled.utm_id,
        ruled.referrer_host,
        ruled.match_method in (
            'stored_click', 'url_id', 'utm_campaign', 'alias', 'ambiguous', 'click_id'
        )
        or (ruled.match_method = 'utm' and coalesce(ruled.is_medium_paid, false)) as has_paid_sign,
        ruled.has_macro,
        ruled.are_tags_of_another or ruled.has_click_conflict as has_conflict,
        ruled.touched_at
    from ruled
    left join campaigns
        on
            ruled.platform = campaigns.platform
            and ruled.account_id = campaigns.account_id
            and ruled.campaign_id = campaigns.campaign_id
)

select * from placed
