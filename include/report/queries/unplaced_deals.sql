-- Which deals, won or open, has no touch been found for, and why?
-- Grain: one row per deal of the chosen cohort months (of its creation, for it has no touch); of
-- the largest so many as are asked for, else all; matches is how many there are.
with

deals as (
    select
        opportunities.opportunity_id,
        opportunities.opportunity_name,
        opportunities.crm_account_id,
        opportunities.type_group,
        opportunities.stage_name,
        opportunities.people_rule,
        case
            when opportunities.people_rule = 'none' then 'no_person'
            when opportunities.alternatives is null then 'no_touch'
            when position('before the look-back' in opportunities.alternatives) > 0
                then 'touches_before_look_back'
            else 'touches_after_creation'
        end as finding,
        opportunities.alternatives,
        opportunities.lead_source,
        opportunities.currency_code,
        opportunities.close_date,
        opportunities.cohort_month,
        opportunities.amount,
        opportunities.amount_base,
        opportunities.people,
        opportunities.is_won,
        opportunities.created_at,
        count(*) over () as matches
    from marts.fct_opportunities as opportunities
    where
        opportunities.first_touchpoint_id is null
        and (opportunities.is_won or not opportunities.is_closed)
        and opportunities.cohort_month
        between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or :channel = 'Unattributed')
        and (cast(:platform as text) is null or :platform = 'unattributed')
        and (cast(:account_id as text) is null or :account_id = 'unattributed')
        and (cast(:campaign_id as text) is null or :campaign_id = 'unattributed')
),

largest as (
    select *
    from deals
    order by amount_base desc nulls last, amount desc nulls last, opportunity_id asc
    limit cast(:at_most as bigint)
),

companies as (
    select
        crm_account_id,
        min(company_name) as company_name
    from marts.fct_people
    where crm_account_id in (select largest.crm_account_id from largest)
    group by crm_account_id
),

named as (
    select
        largest.opportunity_id,
        largest.opportunity_name,
        companies.company_name,
        largest.type_group,
        largest.stage_name,
        largest.people_rule,
        largest.finding,
        largest.alternatives,
        largest.lead_source,
        largest.currency_code,
        largest.close_date,
        largest.cohort_month,
        largest.amount,
        largest.amount_base,
        largest.people,
        largest.is_won,
        largest.created_at,
        largest.matches
    from largest
    left join companies
        on largest.crm_account_id = companies.crm_account_id
    order by
        largest.amount_base desc nulls last,
        largest.amount desc nulls last,
        largest.opportunity_id asc
)

select * from named
