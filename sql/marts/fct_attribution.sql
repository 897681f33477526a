-- Which touch gets which credit for each deal?
-- Grain: one row per deal, touch and model.
-- Deals won and deals open bear credit, apart; deals lost bear none. A deal without an eligible
-- touch is credited to touchpoint unattributed. Renewals and expansions are credited like new
-- business, and told apart by type_group.
with

first_touch as (
    select
        opportunity_id,
        coalesce(first_touchpoint_id, 'unattributed') as touchpoint_id,
        first_touch_person_id as person_id,
        first_touch_platform as platform,
        first_touch_account_id as account_id,
        first_touch_campaign_id as campaign_id,
        first_touch_crm_campaign_id as crm_campaign_id,
        'first_touch' as model,
        case when is_won then 'won' else 'open' end as basis,
        first_touch_channel as channel,
        type_group,
        currency_code,
        close_date,
        fx_rate_date,
        cohort_month,
        amount,
        amount_base,
        fx_rate,
        cast(1 as numeric(12, 10)) as weight,
        first_touch_at as touched_at
    from build.fct_opportunities
    where is_won or not is_closed
)

select * from first_touch
