-- Is every deal that is won or open, and no other, credited in every model with its own amount, in
-- its currency and in the reporting currency?
-- Grain: one row per deal and model that is missing, too much, or credited another amount.
with

models as (
    select model
    from build.int_attribution_models
),

deals as (
    select
        opportunities.opportunity_id,
        models.model,
        case when opportunities.is_won then 'won' else 'open' end as basis,
        opportunities.amount,
        priced.amount_base
    from staging.stg_crm_opportunities as opportunities
    cross join models
    left join build.int_deals as priced
        on opportunities.opportunity_id = priced.opportunity_id
    where
        not opportunities.is_deleted
        and (opportunities.is_won or not opportunities.is_closed)
),

credited as (
    select
        opportunity_id,
        model,
        basis,
        sum(amount) as amount,
        sum(amount_base) as amount_base
    from build.fct_attribution
    group by opportunity_id, model, basis
),

wrong as (
    select
        coalesce(deals.opportunity_id, credited.opportunity_id) as opportunity_id,
        coalesce(deals.model, credited.model) as model,
        deals.basis as crm_basis,
        credited.basis as credited_basis,
        deals.amount as crm_amount,
        credited.amount as credited_amount
    from deals
    full outer join credited
        on
            deals.opportunity_id = credited.opportunity_id
            and deals.model = credited.model
            and deals.basis = credited.basis
    where
        deals.opportunity_id is null
        or credited.opportunity_id is null
        or deals.amount is distinct from credited.amount
        or deals.amount_base is distinct from credited.amount_base
)

select * from wrong
