-- How does each model share the chosen deal among its touches?
-- Grain: one row per model and touch credited.
with

credits as (
    select
        credited.model,
        credited.touchpoint_id,
        credited.person_id,
        credited.channel,
        credited.platform,
        credited.account_id,
        coalesce(credited.crm_campaign_id, credited.campaign_id) as campaign_id,
        campaigns.campaign_name,
        credited.basis,
        credited.currency_code,
        credited.weight,
        credited.amount,
        credited.amount_base,
        credited.touched_at
    from marts.fct_attribution as credited
    left join marts.dim_campaign as campaigns
        on
            campaigns.platform
            = case when credited.crm_campaign_id is null then credited.platform else 'crm' end
            and campaigns.account_id
            = case when credited.crm_campaign_id is null then credited.account_id else 'crm' end
            and campaigns.campaign_id
            = coalesce(credited.crm_campaign_id, credited.campaign_id)
    where credited.opportunity_id = cast(:opportunity_id as text)
    order by
        credited.model asc,
        credited.touched_at asc nulls last,
        credited.touchpoint_id asc
)

select * from credits
