-- What is known of each ad account?
-- Grain: one row per platform and account.
-- An account that has campaigns but no description is here all the same, without a name, and so is
-- the account manual of each platform under which spend was entered by hand.
with

described as (
    select
        platform,
        account_id,
        account_name,
        account_status,
        currency_code,
        time_zone
    from staging.stg_ad_accounts
),

gathered as (
    select
        platform,
        account_id,
        min(account_name) as account_name,
        case when count(distinct currency_code) = 1 then min(currency_code) end as currency_code,
        min(first_day) as first_day,
        max(last_day) as last_day
    from build.int_campaigns
    group by platform, account_id
),

accounts as (
    select
        coalesce(described.platform, gathered.platform) as platform,
        coalesce(described.account_id, gathered.account_id) as account_id,
        coalesce(described.account_name, gathered.account_name) as account_name,
        described.account_status,
        coalesce(described.currency_code, gathered.currency_code) as currency_code,
        described.time_zone,
        gathered.first_day,
        gathered.last_day
    from described
    full outer join gathered
        on
            described.platform = gathered.platform
            and described.account_id = gathered.account_id
)

select * from accounts
