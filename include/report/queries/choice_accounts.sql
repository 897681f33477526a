-- Which accounts can be chosen?
-- Grain: one row per platform and account that has cost or brought anything.
with

accounts as (
    select
        platform,
        account_id,
        max(account_name) as account_name
    from marts.mart_campaign_roi_monthly
    group by platform, account_id
    order by platform asc, account_id asc
)

select * from accounts
