-- Is every deal that the CRM still has in fct_opportunities, once, and no deleted one?
-- Grain: one row per deal that is missing or too much.
with

crm_deals as (
    select opportunity_id
    from staging.stg_crm_opportunities
    where not is_deleted
),

wrong as (
    select
        coalesce(crm_deals.opportunity_id, shown.opportunity_id) as opportunity_id,
        crm_deals.opportunity_id is not null as is_in_crm
    from crm_deals
    full outer join build.fct_opportunities as shown
        on crm_deals.opportunity_id = shown.opportunity_id
    where crm_deals.opportunity_id is null or shown.opportunity_id is null
)

select * from wrong
