-- Does every lead whose click id was harvested stand under the click's campaign?
-- Grain: one row per lead whose touch stands elsewhere.
-- Leads that bear click ids of several networks are left out: another network's may speak.
with

clicks as (
    select
        clicks.click_id,
        min(clicks.platform) as platform,
        min(clicks.account_id) as account_id,
        min(clicks.campaign_id) as campaign_id
    from staging.stg_clicks as clicks
    inner join staging.stg_platform_tags as tags
        on
            clicks.platform = tags.platform
            and tags.tag_kind = 'click_id'
            and tags.tag_value = 'gclid'
    where clicks.campaign_id is not null
    group by clicks.click_id
    having count(distinct clicks.account_id || '/' || clicks.campaign_id) = 1
),

captured as (
    select
        'lead:' || leads.lead_id as touchpoint_id,
        clicks.platform,
        clicks.account_id,
        clicks.campaign_id
    from staging.stg_crm_leads as leads
    inner join clicks
        on trim(leads.gclid) = clicks.click_id
    where
        leads.li_fat_id is null
        and (leads.landing_page_url is null or strpos(lower(leads.landing_page_url), 'clid=') = 0)
        and (
            leads.landing_page_url is null
            or strpos(lower(leads.landing_page_url), 'li_fat_id=') = 0
        )
),

wrong as (
    select
        touches.touchpoint_id,
        captured.platform,
        captured.account_id,
        captured.campaign_id,
        touches.campaign_id as shown_campaign_id,
        touches.match_method
    from captured
    inner join build.fct_touchpoints as touches
        on captured.touchpoint_id = touches.touchpoint_id
    where
        touches.platform is distinct from captured.platform
        or touches.account_id is distinct from captured.account_id
        or touches.campaign_id is distinct from captured.campaign_id
        or touches.match_method <> 'stored_click'
)

select * from wrong
