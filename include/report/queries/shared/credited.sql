-- What of new business does each model credit to the touches of the chosen place?
-- Grain: one row per deal, touch and model.
-- A touch stands under its campaign; under the CRM's where it answers one; else under unmatched,
-- with what is known of network and account; what no touch is known of under unattributed. Chosen a
-- currency, credited_amount is what was booked in it and other_amount what was in another. An
-- amount that is unknown adds nothing; one that lacks a rate is NULL.
with

placed as (
    select
        opportunity_id,
        touchpoint_id,
        case
            when touchpoint_id = 'unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(platform, 'unmatched')
        end as platform,
        case
            when touchpoint_id = 'unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(account_id, 'unmatched')
        end as account_id,
        case
            when touchpoint_id = 'unattributed' then 'unattributed'
            else coalesce(crm_campaign_id, campaign_id, 'unmatched')
        end as campaign_id,
        model,
        basis,
        close_date,
        cohort_month,
        weight,
        match_confidence,
        case
            when amount is null then 0
            when cast(:currency_code as text) is null then amount_base
            when currency_code = :currency_code then amount
            else 0
        end as credited_amount,
        case
            when cast(:currency_code as text) is not null and currency_code <> :currency_code
                then abs(coalesce(amount, 0))
            else 0
        end as other_amount
    from marts.fct_attribution
    where
        type_group = 'new_business'
        and (cast(:channel as text) is null or channel = :channel)
),

credited as (
    select *
    from placed
    where
        (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
)

select * from credited
