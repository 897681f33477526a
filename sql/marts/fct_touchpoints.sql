-- When and how did marketing touch each person?
-- Grain: one row per touch of a person who is none of our own.
-- date_day is the day in the ad account's zone where an ad campaign is known, else in the reporting
-- zone. A touch at the very instant of a stage counts as before it.
-- is_paid goes by the channel, whichever rule gave it; a rule's is_paid asks for a sign of payment.
-- other_matches: the campaigns and channels that the rules which did not hold would have told,
-- where they are others.
with

as_of as (
    select reporting_zone
    from build.int_as_of
),

touches as (
    select
        touches.touchpoint_id,
        touches.person_id,
        touches.platform,
        touches.account_id,
        touches.campaign_id,
        touches.ad_group_id,
        touches.ad_id,
        touches.crm_campaign_id,
        touches.evidence,
        coalesce(touches.told_channel, channels.channel) as channel,
        touches.offer_type,
        touches.match_method,
        touches.other_campaigns,
        utm_channels.channel as utm_channel,
        touches.lead_source_channel,
        referrer_channels.channel as referrer_channel,
        touches.lead_source,
        touches.utm_source,
        touches.utm_medium,
        touches.utm_campaign,
        touches.utm_content,
        touches.utm_term,
        touches.utm_id,
        touches.referrer_host,
        touches.match_confidence,
        touches.has_conflict,
        touches.touched_at
    from build.int_touchpoints as touches
    left join build.int_channels as channels
        on touches.channel_key = channels.channel_key
    left join build.int_channels as utm_channels
        on touches.utm_channel_key = utm_channels.channel_key
    left join build.int_channels as referrer_channels
        on '|||' || touches.referrer_kind || '|false' = referrer_channels.channel_key
    where not touches.is_internal
),

person_deals as (
    select
        people.person_id,
        deals.created_at,
        deals.closed_at
    from build.int_opportunity_people as people
    inner join build.int_deals as deals
        on people.opportunity_id = deals.opportunity_id
),

first_deals as (
    select
        person_id,
        min(created_at) as opportunity_at
    from person_deals
    group by person_id
),

late_touches as (
    select
        touches.touchpoint_id,
        bool_or(
            person_deals.created_at < touches.touched_at
            and (person_deals.closed_at is null or touches.touched_at <= person_deals.closed_at)
        ) as has_open_deal
    from touches
    inner join first_deals
        on
            touches.person_id = first_deals.person_id
            and touches.touched_at > first_deals.opportunity_at
    inner join person_deals
        on touches.person_id = person_deals.person_id
    group by touches.touchpoint_id
),

staged as (
    select
        touches.touchpoint_id,
        touches.person_id,
        touches.platform,
        touches.account_id,
        touches.campaign_id,
        touches.ad_group_id,
        touches.ad_id,
        touches.crm_campaign_id,
        touches.evidence,
        touches.channel,
        touches.offer_type,
        case
            when touches.touched_at <= people.lead_at then 'before_lead'
            when late_touches.has_open_deal then 'during_opportunity'
            when late_touches.touchpoint_id is not null then 'after_close'
            else 'before_opportunity'
        end as sales_stage,
        touches.match_method,
        nullif(
            concat_ws(
                '; ',
                touches.other_campaigns,
                case
                    when touches.utm_channel <> touches.channel then 'utm: ' || touches.utm_channel
                end,
                case
                    when touches.lead_source_channel <> touches.channel
                        then 'lead_source: ' || touches.lead_source_channel
                end,
                case
                    when touches.referrer_channel <> touches.channel
                        then 'referrer: ' || touches.referrer_channel
                end
            ),
            ''
        ) as other_matches,
        touches.lead_source,
        touches.utm_source,
        touches.utm_medium,
        touches.utm_campaign,
        touches.utm_content,
        touches.utm_term,
        touches.utm_id,
        touches.referrer_host,
        cast((
            touches.touched_at at time zone coalesce(campaigns.time_zone, as_of.reporting_zone)
        ) as date) as date_day,
        touches.match_confidence,
        touches.channel in ('Paid Search', 'Paid Social', 'Display', 'Paid Other') as is_paid,
        touches.has_conflict,
        touches.touched_at
    from touches
    cross join as_of
    inner join build.int_people as people
        on touches.person_id = people.person_id
    left join late_touches
        on touches.touchpoint_id = late_touches.touchpoint_id
    left join build.int_campaigns as campaigns
        on
            touches.platform = campaigns.platform
            and touches.account_id = campaigns.account_id
            and touches.campaign_id = campaigns.campaign_id
)

select * from staged
