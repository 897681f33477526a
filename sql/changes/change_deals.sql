-- Which deals count otherwise than when the marts were last published?
-- Grain: one row per deal that differs.
-- has_other_close: the CRM says so. The end of a close day moves with the reporting zone, too.
with

compared as (
    select
        coalesce(new_deals.opportunity_id, old_deals.opportunity_id) as opportunity_id,
        coalesce(
            'account:' || old_deals.crm_account_id,
            'person:' || coalesce(ids.person_id, old_deals.primary_person_id)
        ) as old_customer_id,
        coalesce(
            'account:' || new_deals.crm_account_id, 'person:' || new_deals.primary_person_id
        ) as new_customer_id,
        old_deals.crm_account_id as old_crm_account_id,
        new_deals.crm_account_id as new_crm_account_id,
        old_deals.primary_person_id as old_primary_person_id,
        old_deals.first_touchpoint_id as old_touchpoint_id,
        new_deals.first_touchpoint_id as new_touchpoint_id,
        old_deals.first_touch_platform as old_platform,
        new_deals.first_touch_platform as new_platform,
        old_deals.first_touch_account_id as old_account_id,
        new_deals.first_touch_account_id as new_account_id,
        old_deals.first_touch_campaign_id as old_campaign_id,
        new_deals.first_touch_campaign_id as new_campaign_id,
        old_deals.first_touch_crm_campaign_id as old_crm_campaign_id,
        new_deals.first_touch_crm_campaign_id as new_crm_campaign_id,
        old_deals.first_touch_channel as old_channel,
        new_deals.first_touch_channel as new_channel,
        old_deals.type_group as old_type_group,
        new_deals.type_group as new_type_group,
        old_deals.currency_code as old_currency_code,
        new_deals.currency_code as new_currency_code,
        old_deals.close_date as old_close_date,
        new_deals.close_date as new_close_date,
        old_deals.cohort_month as old_cohort_month,
        new_deals.cohort_month as new_cohort_month,
        old_deals.amount as old_amount,
        new_deals.amount as new_amount,
        old_deals.amount_base as old_amount_base,
        new_deals.amount_base as new_amount_base,
        old_deals.fx_rate as old_fx_rate,
        new_deals.fx_rate as new_fx_rate,
        old_deals.days_touch_to_created as old_days_touch_to_created,
        new_deals.days_touch_to_created as new_days_touch_to_created,
        old_deals.days_created_to_close as old_days_created_to_close,
        new_deals.days_created_to_close as new_days_created_to_close,
        (
            old_deals.close_date is distinct from new_deals.close_date
            or old_deals.closed_at is distinct from new_deals.closed_at
            and not coalesce(
                old_deals.closed_at_from = 'record' and new_deals.closed_at_from = 'record', false
            )
        ) as has_other_close,
        (old_deals.opportunity_type is distinct from new_deals.opportunity_type) as has_other_type,
        (old_deals.type_group is distinct from new_deals.type_group) as has_other_group,
        (
            old_deals.is_won is distinct from new_deals.is_won
            or old_deals.is_closed is distinct from new_deals.is_closed
        ) as has_other_outcome,
        old_deals.opportunity_id is not null as is_old,
        new_deals.opportunity_id is not null as is_new,
        (
            old_deals.crm_account_id is distinct from new_deals.crm_account_id
            and lost_companies.crm_account_id is null
        ) as has_other_company,
        merged_companies.crm_account_id is not null as has_merged_company,
        old_deals.is_closed as old_is_closed,
        new_deals.is_closed as new_is_closed,
        old_deals.is_won as old_is_won,
        new_deals.is_won as new_is_won,
        old_deals.is_new_customer as old_is_new_customer,
        new_deals.is_new_customer as new_is_new_customer,
        old_deals.created_at as old_created_at,
        new_deals.created_at as new_created_at,
        old_deals.closed_at as old_closed_at,
        new_deals.closed_at as new_closed_at
    from build.fct_opportunities as new_deals
    full outer join marts.fct_opportunities as old_deals
        on new_deals.opportunity_id = old_deals.opportunity_id
    left join build.change_merged_companies as merged_companies
        on
            coalesce(new_deals.crm_account_id, old_deals.crm_account_id)
            = merged_companies.crm_account_id
    left join build.int_person_ids as ids
        on old_deals.primary_person_id = ids.record_id
    left join build.change_merged_companies as lost_companies
        on
            old_deals.crm_account_id = lost_companies.crm_account_id
            and lost_companies.is_lost
),

changed as (
    select *
    from compared
    where
        is_old is distinct from is_new
        or old_crm_account_id is distinct from new_crm_account_id
        or old_channel is distinct from new_channel
        or old_platform is distinct from new_platform
        or old_account_id is distinct from new_account_id
        or old_campaign_id is distinct from new_campaign_id
        or old_crm_campaign_id is distinct from new_crm_campaign_id
        or old_type_group is distinct from new_type_group
        or old_close_date is distinct from new_close_date
        or old_cohort_month is distinct from new_cohort_month
        or old_amount is distinct from new_amount
        or old_amount_base is distinct from new_amount_base
        or old_days_touch_to_created is distinct from new_days_touch_to_created
        or old_days_created_to_close is distinct from new_days_created_to_close
        or old_is_closed is distinct from new_is_closed
        or old_is_won is distinct from new_is_won
        or old_is_new_customer is distinct from new_is_new_customer
        or old_created_at is distinct from new_created_at
        or old_closed_at is distinct from new_closed_at
)

select * from changed
