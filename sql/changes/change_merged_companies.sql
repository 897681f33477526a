-- Which companies' records were merged in the CRM?
-- Grain: one row per company that lost or won a merge. One that was merged has the deals and the
-- contacts of each; is_lost: it is no more.
with

told as (
    select
        crm_account_id,
        true as is_lost
    from staging.stg_crm_accounts
    where is_deleted and master_record_id is not null
    union all
    select
        master_record_id as crm_account_id,
        false as is_lost
    from staging.stg_crm_accounts
    where is_deleted and master_record_id is not null
),

merged as (
    select
        crm_account_id,
        bool_or(is_lost) as is_lost
    from told
    group by crm_account_id
)

select * from merged
