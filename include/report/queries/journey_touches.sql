-- What is each touch known from, which rule told its campaign, and what did the other rules say?
-- Grain: one row per touch of the chosen deal's people (credited, primary, of the first touch), or
-- of the chosen person.
with

people as (
    select person_id
    from marts.fct_attribution
    where opportunity_id = cast(:opportunity_id as text)
    union
    select primary_person_id as person_id
    from marts.fct_opportunities
    where opportunity_id = cast(:opportunity_id as text)
    union
    select cast(:person_id as text) as person_id
    where cast(:opportunity_id as text) is null
),

touches as (
    select
        touchpoints.touched_at,
        touchpoints.touchpoint_id,
        touchpoints.person_id,
        touchpoints.evidence,
        touchpoints.channel,
        touchpoints.platform,
        touchpoints.account_id,
        coalesce(touchpoints.crm_campaign_id, touchpoints.campaign_id) as campaign_id,
        campaigns.campaign_name,
        touchpoints.ad_group_id,
        touchpoints.ad_id,
        touchpoints.offer_type,
        touchpoints.sales_stage,
        touchpoints.match_method,
        touchpoints.match_confidence,
        touchpoints.other_matches,
        touchpoints.has_conflict,
        touchpoints.lead_source,
        touchpoints.utm_source,
        touchpoints.utm_medium,
        touchpoints.utm_campaign,
        touchpoints.utm_content,
        touchpoints.utm_term,
        touchpoints.utm_id,
        touchpoints.referrer_host,
        touchpoints.is_paid,
        touchpoints.date_day
    from marts.fct_touchpoints as touchpoints
    inner join people
        on touchpoints.person_id = people.person_id
    inner join marts.fct_people as known
        on touchpoints.person_id = known.person_id and not known.is_internal
    left join marts.dim_campaign as campaigns
        on
            campaigns.platform
            = case
                when touchpoints.crm_campaign_id is null then touchpoints.platform else 'crm'
            end
            and campaigns.account_id
            = case
                when touchpoints.crm_campaign_id is null then touchpoints.account_id else 'crm'
            end
            and campaigns.campaign_id
            = coalesce(touchpoints.crm_campaign_id, touchpoints.campaign_id)
    order by touchpoints.touched_at asc, touchpoints.touchpoint_id asc
)

select * from touches
