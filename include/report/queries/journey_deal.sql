-- What became of the chosen deal, and what touched its people first?
-- Grain: one row, the deal chosen; none if none is.
with

companies as (
    select
        people.crm_account_id,
        min(people.company_name) as company_name
    from marts.fct_people as people
    inner join marts.fct_opportunities as chosen
        on people.crm_account_id = chosen.crm_account_id
    where chosen.opportunity_id = cast(:opportunity_id as text)
    group by people.crm_account_id
),

deal as (
    select
        deals.opportunity_id,
        deals.opportunity_name,
        companies.company_name,
        deals.primary_person_id,
        deals.opportunity_type,
        deals.type_group,
        deals.stage_name,
        deals.stage_group,
        deals.lead_source,
        deals.people_rule,
        deals.closed_at_from,
        deals.first_touchpoint_id,
        deals.first_touch_person_id,
        deals.first_touch_channel,
        deals.first_touch_platform,
        campaigns.account_name as first_touch_account_name,
        campaigns.campaign_name as first_touch_campaign_name,
        deals.first_touch_offer_type,
        deals.first_touch_match_method,
        deals.alternatives,
        deals.currency_code,
        deals.close_date,
        deals.fx_rate_date,
        deals.cohort_month,
        deals.amount,
        deals.amount_base,
        deals.fx_rate,
        deals.first_touch_match_confidence,
        deals.people,
        deals.touches,
        deals.days_touch_to_created,
        deals.days_created_to_close,
        deals.is_closed,
        deals.is_won,
        deals.is_new_customer,
        deals.first_touch_at,
        deals.created_at,
        deals.stage_entered_at,
        deals.closed_at
    from marts.fct_opportunities as deals
    left join companies
        on deals.crm_account_id = companies.crm_account_id
    left join marts.dim_campaign as campaigns
        on
            campaigns.platform = case
                when deals.first_touch_crm_campaign_id is null then deals.first_touch_platform
                else 'crm'
            end
            and campaigns.account_id = case
                when deals.first_touch_crm_campaign_id is null then deals.first_touch_account_id
                else 'crm'
            end
            and campaigns.campaign_id
            = coalesce(deals.first_touch_crm_campaign_id, deals.first_touch_campaign_id)
    where deals.opportunity_id = cast(:opportunity_id as text)
)

select * from deal
