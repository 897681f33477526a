-- Which touches are known, and what brought each of them about?
-- Grain: one row per touch: a form capture, a lead form filled on a network, a response to a CRM
-- campaign, an activity of sales of a type that the seed calls a touch, or a line entered by hand.
-- A network's own lead form and the lead that its sync made of it in the CRM are two touches of one
-- person: the form's comes first, for it was sent before the lead was made.
-- The first rule that holds tells the campaign and the channel. A campaign response has a day, not
-- an instant: it is the midnight of the reporting zone that begins the day, or the instant of the
-- person's first record where that lies on the same day, in UTC or in the reporting zone. An
-- activity has a day as well: it is the instant it was noted, if that was on its day or its day is
-- that of the person's first record, else the midnight. A task counts once it is completed, and no
-- activity before its day has come.
-- touched_at is a whole second, fractions cut off: so boundaries and ties are to the second
-- wherever a touch is held against an instant.
-- channel_key leads to the touch's channel in int_channels, utm_channel_key to the one that medium
-- and source alone would have told, where a stronger rule speaks.
with

as_of as (
    select
        reporting_zone,
        as_of_date
    from build.int_as_of
),

people as (
    select
        people.person_id,
        cast((people.lead_at at time zone 'UTC') as date) as lead_day,
        cast((people.lead_at at time zone as_of.reporting_zone) as date) as reported_lead_day,
        people.is_internal,
        people.lead_at
    from build.int_people as people
    cross join as_of
),

campaigns as (
    select
        platform,
        account_id,
        campaign_id,
        campaign_type,
        told_channel
    from build.int_campaigns
),

crm_campaigns as (
    select
        campaigns.crm_campaign_id,
        coalesce(types.channel, 'Other') as channel,
        coalesce(types.offer_type, 'other') as offer_type
    from staging.stg_crm_campaigns as campaigns
    left join staging.seed_crm_campaign_types as types
        on lower(trim(campaigns.crm_campaign_type)) = types.crm_campaign_type
),

forms as (
    select
        places.record_kind || ':' || places.record_id as touchpoint_id,
        places.person_id,
        case when places.record_kind = 'manual' then 'manual' else 'form' end as evidence,
        null as crm_campaign_id,
        places.platform,
        places.account_id,
        places.campaign_id,
        places.ad_group_id,
        places.ad_id,
        places.campaign_type,
        places.medium,
        places.source_kind,
        places.told_channel,
        places.utm_channel_key,
        places.lead_source_channel,
        places.referrer_kind,
        coalesce(by_hand.offer_type, places.offer_type) as offer_type,
        places.match_method,
        places.other_campaigns,
        places.named_platform,
        places.lead_source,
        places.utm_source,
        places.utm_medium,
        places.utm_campaign,
        places.utm_content,
        places.utm_term,
        places.utm_id,
        places.referrer_host,
        places.has_paid_sign,
        places.has_macro,
        places.has_conflict,
        people.is_internal,
        places.touched_at
    from build.int_visit_places as places
    inner join people
        on places.person_id = people.person_id
    left join build.int_manual_touchpoints as by_hand
        on places.record_kind = 'manual' and places.record_id = by_hand.line_id
),

-- A form that no ad led to is a visit to the network's own pages.
lead_forms as (
    select
        lead_forms.touchpoint_id,
        lead_forms.person_id,
        'lead_form' as evidence,
        null as crm_campaign_id,
        case when lead_forms.campaign_id is not null then lead_forms.platform end as platform,
        case when lead_forms.campaign_id is not null then lead_forms.account_id end as account_id,
        lead_forms.campaign_id,
        lead_forms.ad_group_id,
        lead_forms.ad_id,
        campaigns.campaign_type,
        null as medium,
        case when lead_forms.campaign_id is null then 'social' end as source_kind,
        null as told_channel,
        null as utm_channel_key,
        null as lead_source_channel,
        null as referrer_kind,
        'other' as offer_type,
        'lead_form' as match_method,
        null as other_campaigns,
        lead_forms.platform as named_platform,
        null as lead_source,
        lead_forms.utm_source,
        lead_forms.utm_medium,
        lead_forms.utm_campaign,
        lead_forms.utm_content,
        lead_forms.utm_term,
        lead_forms.utm_id,
        null as referrer_host,
        lead_forms.campaign_id is not null as has_paid_sign,
        false as has_macro,
        false as has_conflict,
        people.is_internal,
        lead_forms.submitted_at as touched_at
    from build.int_lead_forms as lead_forms
    inner join people
        on lead_forms.person_id = people.person_id
    left join campaigns
        on
            lead_forms.platform = campaigns.platform
            and lead_forms.account_id = campaigns.account_id
            and lead_forms.campaign_id = campaigns.campaign_id
    where lead_forms.outcome in ('touch', 'internal')
),

responses as (
    select
        'member:' || members.campaign_member_id as touchpoint_id,
        coalesce(contact_ids.person_id, lead_ids.person_id) as person_id,
        members.crm_campaign_id,
        members.first_responded_date,
        cast(members.first_responded_date as timestamp) at time zone as_of.reporting_zone
            as day_began_at,
        members.created_at
    from staging.stg_crm_campaign_members as members
    cross join as_of
    left join build.int_person_ids as contact_ids
        on members.contact_id = contact_ids.record_id
    left join build.int_person_ids as lead_ids
        on members.lead_id = lead_ids.record_id
    where members.has_responded and not members.is_deleted
),

noted_activities as (
    select
        'task' as activity,
        task_id as activity_id,
        contact_id,
        lead_id,
        activity_type,
        activity_date,
        created_at
    from staging.stg_crm_tasks
    where not is_deleted and lower(trim(activity_status)) = 'completed'
    union all
    select
        'event' as activity,
        event_id as activity_id,
        contact_id,
        lead_id,
        activity_type,
        activity_date,
        created_at
    from staging.stg_crm_events
    where not is_deleted
),

activities as (
    select
        activities.activity || ':' || activities.activity_id as touchpoint_id,
        coalesce(contact_ids.person_id, lead_ids.person_id) as person_id,
        types.channel,
        types.offer_type,
        activities.activity_date,
        cast((activities.created_at at time zone 'UTC') as date) as noted_day,
        cast((activities.created_at at time zone as_of.reporting_zone) as date)
            as reported_noted_day,
        cast(activities.activity_date as timestamp) at time zone as_of.reporting_zone
            as day_began_at,
        activities.created_at
    from noted_activities as activities
    cross join as_of
    inner join staging.seed_activity_types as types
        on
            activities.activity = types.activity
            and lower(trim(activities.activity_type)) = types.activity_type
    left join build.int_person_ids as contact_ids
        on activities.contact_id = contact_ids.record_id
    left join build.int_person_ids as lead_ids
        on activities.lead_id = lead_ids.record_id
    where coalesce(activities.activity_date <= as_of.as_of_date, true)
),

touches as (
    select
        touchpoint_id,
        person_id,
        evidence,
        crm_campaign_id,
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        campaign_type,
        medium,
        source_kind,
        told_channel,
        utm_channel_key,
        lead_source_channel,
        referrer_kind,
        offer_type,
        match_method,
        other_campaigns,
        named_platform,
        lead_source,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        utm_id,
        referrer_host,
        has_paid_sign,
        has_macro,
        has_conflict,
        is_internal,
        touched_at
    from forms
    union all
    select * from lead_forms
    union all
    select
        responses.touchpoint_id,
        responses.person_id,
        'campaign_response' as evidence,
        responses.crm_campaign_id,
        null as platform,
        null as account_id,
        null as campaign_id,
        null as ad_group_id,
        null as ad_id,
        null as campaign_type,
        null as medium,
        null as source_kind,
        coalesce(crm_campaigns.channel, 'Other') as told_channel,
        null as utm_channel_key,
        null as lead_source_channel,
        null as referrer_kind,
        coalesce(crm_campaigns.offer_type, 'other') as offer_type,
        'crm_campaign' as match_method,
        null as other_campaigns,
        null as named_platform,
        null as lead_source,
        null as utm_source,
        null as utm_medium,
        null as utm_campaign,
        null as utm_content,
        null as utm_term,
        null as utm_id,
        null as referrer_host,
        false as has_paid_sign,
        false as has_macro,
        false as has_conflict,
        people.is_internal,
        case
            when responses.first_responded_date is null then responses.created_at
            when responses.first_responded_date in (people.lead_day, people.reported_lead_day)
                then people.lead_at
            else responses.day_began_at
        end as touched_at
    from responses
    inner join people
        on responses.person_id = people.person_id
    left join crm_campaigns
        on responses.crm_campaign_id = crm_campaigns.crm_campaign_id
    union all
    select
        activities.touchpoint_id,
        activities.person_id,
        'activity' as evidence,
        null as crm_campaign_id,
        null as platform,
        null as account_id,
        null as campaign_id,
        null as ad_group_id,
        null as ad_id,
        null as campaign_type,
        null as medium,
        null as source_kind,
        activities.channel as told_channel,
        null as utm_channel_key,
        null as lead_source_channel,
        null as referrer_kind,
        activities.offer_type,
        'activity' as match_method,
        null as other_campaigns,
        null as named_platform,
        null as lead_source,
        null as utm_source,
        null as utm_medium,
        null as utm_campaign,
        null as utm_content,
        null as utm_term,
        null as utm_id,
        null as referrer_host,
        false as has_paid_sign,
        false as has_macro,
        false as has_conflict,
        people.is_internal,
        case
            when
                activities.activity_date is null
                or activities.activity_date in (
                    activities.noted_day,
                    activities.reported_noted_day,
                    people.lead_day,
                    people.reported_lead_day
                )
                then activities.created_at
            else activities.day_began_at
        end as touched_at
    from activities
    inner join people
        on activities.person_id = people.person_id
),

weighed as (
    select
        touches.touchpoint_id,
        touches.person_id,
        touches.evidence,
        touches.crm_campaign_id,
        touches.platform,
        touches.account_id,
        touches.campaign_id,
        touches.ad_group_id,
        touches.ad_id,
        touches.campaign_type,
        touches.medium,
        touches.source_kind,
        case
            when touches.told_channel is null
                then
                    coalesce(touches.platform, '') || '|' || coalesce(touches.campaign_type, '')
                    || '|' || coalesce(touches.medium, '') || '|'
                    || coalesce(touches.source_kind, '') || '|'
                    || cast(touches.has_paid_sign as text)
        end as channel_key,
        touches.told_channel,
        touches.utm_channel_key,
        touches.lead_source_channel,
        touches.referrer_kind,
        touches.offer_type,
        touches.match_method,
        touches.other_campaigns,
        touches.named_platform,
        touches.lead_source,
        touches.utm_source,
        touches.utm_medium,
        touches.utm_campaign,
        touches.utm_content,
        touches.utm_term,
        touches.utm_id,
        touches.referrer_host,
        cast(
            case touches.match_method
                when 'lead_form' then 0.99
                when 'stored_click' then 0.99
                when 'url_id' then 0.95
                when 'utm_campaign' then 0.85
                when 'alias' then 0.8
                when 'click_id' then 0.75
                when 'ambiguous' then 0.65
                when 'utm' then 0.6
                when 'crm_campaign' then 0.5
                when 'activity' then 0.5
                when 'lead_source' then 0.4
                when 'referrer' then 0.3
                else 0.1
            end as numeric(7, 6)
        ) as match_confidence,
        touches.has_paid_sign,
        touches.has_macro,
        touches.has_conflict,
        touches.is_internal,
        date_trunc('second', touches.touched_at) as touched_at
    from touches
)

select * from weighed
