-- Where do a touch's people, deals and credit stand in the marts of returns?
-- Grain: one row per touch, and one, unattributed, for whatever no touch is known of.
-- Under its campaign; under the CRM's where it answers one; else under unmatched, with what is
-- known of network and account.
with

places as (
    select
        touchpoint_id,
        channel,
        case
            when crm_campaign_id is not null then 'crm'
            else coalesce(platform, 'unmatched')
        end as platform,
        case
            when crm_campaign_id is not null then 'crm'
            else coalesce(account_id, 'unmatched')
        end as account_id,
        coalesce(crm_campaign_id, campaign_id, 'unmatched') as campaign_id
    from build.fct_touchpoints
    union all
    select
        'unattributed' as touchpoint_id,
        'Unattributed' as channel,
        'unattributed' as platform,
        'unattributed' as account_id,
        'unattributed' as campaign_id
)

select * from places
