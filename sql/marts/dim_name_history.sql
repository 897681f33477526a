-- Which names and states did accounts, campaigns, ad groups and ads go through?
-- Grain: one row per platform, account, level, thing and state.
with

states as (
    select
        platform,
        account_id,
        'account' as level,
        account_id as thing_id,
        account_name as thing_name,
        account_status as thing_status,
        valid_from_at,
        valid_to_at
    from staging.stg_ad_account_history
    union all
    select
        platform,
        account_id,
        'campaign' as level,
        campaign_id as thing_id,
        campaign_name as thing_name,
        campaign_status as thing_status,
        valid_from_at,
        valid_to_at
    from staging.stg_campaign_history
    union all
    select
        platform,
        account_id,
        'ad_group' as level,
        ad_group_id as thing_id,
        ad_group_name as thing_name,
        ad_group_status as thing_status,
        valid_from_at,
        valid_to_at
    from staging.stg_ad_group_history
    union all
    select
        platform,
        account_id,
        'ad' as level,
        ad_group_id || '/' || ad_id as thing_id,
        ad_name as thing_name,
        ad_status as thing_status,
        valid_from_at,
        valid_to_at
    from staging.stg_ad_history
)

select * from states
