-- Does every credit stand under the person, channel, campaign and instant of its touch, and one
-- without a touch under Unattributed, so that the sums over channels and over campaigns are one?
-- Grain: one row per credit that does not.
with

wrong as (
    select
        credits.opportunity_id,
        credits.model,
        credits.touchpoint_id,
        credits.channel,
        touches.channel as touch_channel,
        credits.campaign_id,
        touches.campaign_id as touch_campaign_id
    from build.fct_attribution as credits
    left join build.fct_touchpoints as touches
        on credits.touchpoint_id = touches.touchpoint_id
    where
        (credits.touchpoint_id <> 'unattributed' and touches.touchpoint_id is null)
        or credits.channel is distinct from coalesce(touches.channel, 'Unattributed')
        or credits.person_id is distinct from touches.person_id
        or credits.platform is distinct from touches.platform
        or credits.account_id is distinct from touches.account_id
        or credits.campaign_id is distinct from touches.campaign_id
        or credits.crm_campaign_id is distinct from touches.crm_campaign_id
        or credits.touched_at is distinct from touches.touched_at
)

select * from wrong
