-- What did each changed deal say when it was published, and what does it say now?
-- Grain: one row per deal and side on which it is known: sign is -1 for then, 1 for now.
with

sides as (
    select
        opportunity_id,
        old_platform as platform,
        old_account_id as account_id,
        old_campaign_id as campaign_id,
        old_crm_campaign_id as crm_campaign_id,
        old_channel as channel,
        old_type_group as type_group,
        old_close_date as close_date,
        old_cohort_month as cohort_month,
        -1 as sign,
        old_amount_base as amount_base,
        old_days_touch_to_created as days_touch_to_created,
        old_days_created_to_close as days_created_to_close,
        old_is_closed as is_closed,
        old_is_won as is_won,
        old_is_new_customer as is_new_customer
    from build.change_deals
    where is_old
    union all
    select
        opportunity_id,
        new_platform as platform,
        new_account_id as account_id,
        new_campaign_id as campaign_id,
        new_crm_campaign_id as crm_campaign_id,
        new_channel as channel,
        new_type_group as type_group,
        new_close_date as close_date,
        new_cohort_month as cohort_month,
        1 as sign,
        new_amount_base as amount_base,
        new_days_touch_to_created as days_touch_to_created,
        new_days_created_to_close as days_created_to_close,
        new_is_closed as is_closed,
        new_is_won as is_won,
        new_is_new_customer as is_new_customer
    from build.change_deals
    where is_new
)

select * from sides
