-- Does the model first_touch credit each deal to the first touch that fct_opportunities names,
-- whole, and in the same month?
-- Grain: one row per deal won or open of which it does not.
with

credits as (
    select
        opportunity_id,
        touchpoint_id,
        cohort_month,
        weight
    from build.fct_attribution
    where model = 'first_touch'
),

deals as (
    select
        opportunity_id,
        coalesce(first_touchpoint_id, 'unattributed') as touchpoint_id,
        cohort_month
    from build.fct_opportunities
    where is_won or not is_closed
),

wrong as (
    select
        coalesce(deals.opportunity_id, credits.opportunity_id) as opportunity_id,
        deals.touchpoint_id,
        credits.touchpoint_id as credited_touchpoint_id
    from deals
    full outer join credits
        on deals.opportunity_id = credits.opportunity_id
    where
        deals.touchpoint_id is distinct from credits.touchpoint_id
        or deals.cohort_month is distinct from credits.cohort_month
        or credits.weight is distinct from 1
)

select * from wrong
