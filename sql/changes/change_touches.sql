-- Why do the touches that decide changed people and deals say something else than they did?
-- Grain: one row per touch that was or is the first of a changed person or deal, and differs.
-- cause tells why channel, campaign, person or instant changed; may_reorder marks those changes
-- that can make another touch the first. What a form says beyond what is published (click ids,
-- landing page) is taken to be edited where its record was loaded since and nothing else explains.
-- A response or an activity has a day, whose midnight moves with the reporting zone.
with

looked_at as (
    select old_touchpoint_id as touchpoint_id
    from build.change_people
    where old_touchpoint_id is not null
    union
    select new_touchpoint_id as touchpoint_id
    from build.change_people
    where new_touchpoint_id is not null
    union
    select old_touchpoint_id as touchpoint_id
    from build.change_deals
    where old_touchpoint_id is not null
    union
    select new_touchpoint_id as touchpoint_id
    from build.change_deals
    where new_touchpoint_id is not null
    union
    select touchpoint_id
    from build.change_credits
    where touchpoint_id <> 'unattributed'
),

late_ads as (
    select
        new_ads.platform,
        new_ads.account_id,
        new_ads.ad_group_id,
        new_ads.ad_id
    from build.dim_ad as new_ads
    left join marts.dim_ad as old_ads
        on
            new_ads.platform = old_ads.platform
            and new_ads.account_id = old_ads.account_id
            and new_ads.ad_group_id = old_ads.ad_group_id
            and new_ads.ad_id = old_ads.ad_id
            and new_ads.campaign_id = old_ads.campaign_id
    where new_ads.campaign_id is not null and old_ads.platform is null
    union all
    select
        new_groups.platform,
        new_groups.account_id,
        new_groups.ad_group_id,
        'none' as ad_id
    from build.dim_ad_group as new_groups
    left join marts.dim_ad_group as old_groups
        on
            new_groups.platform = old_groups.platform
            and new_groups.account_id = old_groups.account_id
            and new_groups.ad_group_id = old_groups.ad_group_id
            and new_groups.campaign_id = old_groups.campaign_id
    where new_groups.campaign_id is not null and old_groups.platform is null
),

-- Of a tag that fits several campaigns no more is known than the network.
changed_platforms as (
    select
        platform,
        max(naming_cause) as naming_cause
    from (
        select
            platform,
            naming_cause
        from build.change_campaigns
        union all
        select
            platform,
            'late_ad' as naming_cause
        from late_ads
    ) as changes
    group by platform
),

merged as (
    select old_person_id
    from build.change_people
    where merged_into is not null
),

compared as (
    select
        looked_at.touchpoint_id,
        (old_touches.touchpoint_id is not null) as is_old,
        (new_touches.touchpoint_id is not null) as is_new,
        coalesce(new_touches.evidence, old_touches.evidence) in ('form', 'lead_form') as is_form,
        coalesce(new_touches.evidence, old_touches.evidence) = 'manual' as is_manual,
        coalesce(
            new_touches.evidence = 'form' and old_owners.crm_records >= owners.crm_records, false
        ) as is_of_known_record,
        (
            merged.old_person_id is not null
            or new_touches.person_id
            is distinct from coalesce(ids.person_id, old_touches.person_id)
        ) as is_of_another,
        coalesce(old_owners.is_internal, false) as was_internal,
        coalesce(new_owners.is_internal, false) as is_internal,
        (
            old_touches.crm_campaign_id is distinct from new_touches.crm_campaign_id
            or old_touches.lead_source is distinct from new_touches.lead_source
            or old_touches.utm_source is distinct from new_touches.utm_source
            or old_touches.utm_medium is distinct from new_touches.utm_medium
            or old_touches.utm_campaign is distinct from new_touches.utm_campaign
            or old_touches.utm_id is distinct from new_touches.utm_id
            or old_touches.referrer_host is distinct from new_touches.referrer_host
        ) as is_edited,
        (old_touches.touched_at is distinct from new_touches.touched_at) as has_moved,
        coalesce(
            old_touches.touched_at
            between new_touches.touched_at - interval '48 hours'
            and new_touches.touched_at + interval '48 hours',
            false
        ) as is_near,
        (
            old_touches.channel is distinct from new_touches.channel
            or old_touches.match_method is distinct from new_touches.match_method
            or old_touches.platform is distinct from new_touches.platform
            or old_touches.account_id is distinct from new_touches.account_id
            or old_touches.campaign_id is distinct from new_touches.campaign_id
        ) as is_placed_anew,
        (
            old_touches.match_method is distinct from new_touches.match_method
            or old_touches.account_id is distinct from new_touches.account_id
            or old_touches.campaign_id is distinct from new_touches.campaign_id
        ) as is_matched_anew,
        (
            old_touches.touched_at is distinct from new_touches.touched_at
            or old_touches.match_confidence is distinct from new_touches.match_confidence
        ) as has_other_place,
        coalesce(old_touches.match_method, '') as old_method,
        coalesce(new_touches.match_method, '') as new_method,
        case
            when new_touches.match_method = 'ambiguous' then changed_platforms.naming_cause
            when new_campaigns.is_late then 'late_campaign'
            when new_touches.match_method = 'url_id' and late_ads.platform is not null
                then 'late_ad'
            when new_touches.match_method = 'utm_campaign' then new_campaigns.naming_cause
            when old_touches.match_method = 'ambiguous' then changed_platforms.naming_cause
            when old_touches.match_method = 'utm_campaign' then old_campaigns.naming_cause
        end as naming_cause,
        coalesce(crm_campaigns.is_late, false) as is_of_late_campaign,
        coalesce(new_campaigns.is_retyped, crm_campaigns.is_retyped, false) as is_retyped,
        (reloaded.record_key is not null) as is_reloaded
    from looked_at
    left join marts.fct_touchpoints as old_touches
        on looked_at.touchpoint_id = old_touches.touchpoint_id
    left join build.fct_touchpoints as new_touches
        on looked_at.touchpoint_id = new_touches.touchpoint_id
    left join build.int_person_ids as ids
        on old_touches.person_id = ids.record_id
    left join merged
        on old_touches.person_id = merged.old_person_id
    left join marts.fct_people as old_owners
        on new_touches.person_id = old_owners.person_id
    left join build.fct_people as owners
        on new_touches.person_id = owners.person_id
    left join build.fct_people as new_owners
        on old_touches.person_id = new_owners.person_id
    left join build.change_campaigns as old_campaigns
        on
            old_touches.platform = old_campaigns.platform
            and old_touches.account_id = old_campaigns.account_id
            and old_touches.campaign_id = old_campaigns.campaign_id
    left join build.change_campaigns as new_campaigns
        on
            new_touches.platform = new_campaigns.platform
            and new_touches.account_id = new_campaigns.account_id
            and new_touches.campaign_id = new_campaigns.campaign_id
    left join build.change_campaigns as crm_campaigns
        on
            crm_campaigns.platform = 'crm'
            and new_touches.crm_campaign_id = crm_campaigns.campaign_id
    left join late_ads
        on
            new_touches.platform = late_ads.platform
            and new_touches.account_id = late_ads.account_id
            and new_touches.ad_group_id = late_ads.ad_group_id
            and coalesce(new_touches.ad_id, 'none') = late_ads.ad_id
    left join changed_platforms
        on coalesce(new_touches.platform, old_touches.platform) = changed_platforms.platform
    left join build.change_reloaded as reloaded
        on looked_at.touchpoint_id = reloaded.record_key
),

told as (
    select
        compared.touchpoint_id,
        case
            when not compared.is_old and compared.was_internal and inputs.domains is not null
                then 'seed_edited'
            when
                compared.is_manual and inputs.manual_touches is not null
                and (not compared.is_old or not compared.is_new or compared.is_edited)
                then 'seed_edited'
            when not compared.is_old and compared.is_of_known_record then 'lead_edited'
            when not compared.is_old and compared.is_form then 'late_lead'
            when not compared.is_old then 'late_touch'
            when not compared.is_new and compared.is_internal and inputs.domains is not null
                then 'seed_edited'
            when not compared.is_new then 'touch_removed'
            when compared.is_of_another then 'merge'
            when (compared.is_edited or compared.has_moved) and compared.is_form then 'lead_edited'
            when compared.is_edited then 'touch_edited'
            when
                compared.has_moved and compared.is_near and inputs.reporting_zone is not null
                then 'setting_edited'
            when compared.has_moved then 'touch_edited'
            when not compared.is_placed_anew then null
            when
                'alias' in (compared.old_method, compared.new_method)
                and inputs.aliases is not null
                then 'alias'
            when compared.is_matched_anew and compared.new_method = 'stored_click' then 'late_click'
            when compared.is_matched_anew and compared.naming_cause is not null
                then compared.naming_cause
            when compared.is_of_late_campaign then 'late_campaign'
            when compared.is_retyped then 'campaign_edited'
            when inputs.rules is not null then 'seed_edited'
            when inputs.reporting_zone is not null then 'setting_edited'
            when inputs.code is not null then 'code_version'
            when compared.is_reloaded and compared.is_form then 'lead_edited'
            when compared.is_reloaded then 'touch_edited'
        end as cause,
        case
            when
                compared.is_manual and inputs.manual_touches is not null
                and (not compared.is_old or not compared.is_new or compared.is_edited)
                then inputs.manual_touches
            when compared.is_old and compared.is_new then inputs.rules
            else inputs.domains
        end as seeds,
        not compared.is_old
        or not compared.is_new
        or compared.is_of_another
        or compared.has_other_place as may_reorder,
        inputs.reporting_zone
    from compared
    cross join build.change_named_inputs as inputs
),

changed as (
    select
        touchpoint_id,
        cause,
        case
            when cause = 'seed_edited' then seeds || ' (' || touchpoint_id || ')'
            when cause = 'setting_edited' then reporting_zone || ' (' || touchpoint_id || ')'
            else touchpoint_id
        end as evidence,
        may_reorder
    from told
    where cause is not null
)

select * from changed
