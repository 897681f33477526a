-- Is every staged amount of spend, and all that was entered by hand, in the fact table, on its day,
-- and nothing else?
-- Grain: one row per platform, account, campaign, day and currency that differs.
with

amounts as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        spend
    from staging.stg_campaign_daily
    union all
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        spend
    from build.int_manual_spend
    where not is_to_come
),

staged as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        sum(spend) as spend
    from amounts
    group by platform, account_id, campaign_id, currency_code, date_day
),

shown as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        sum(spend) as spend
    from build.fct_ad_spend_daily
    group by platform, account_id, campaign_id, currency_code, date_day
),

wrong as (
    select
        coalesce(staged.platform, shown.platform) as platform,
        coalesce(staged.account_id, shown.account_id) as account_id,
        coalesce(staged.campaign_id, shown.campaign_id) as campaign_id,
        coalesce(staged.currency_code, shown.currency_code) as currency_code,
        coalesce(staged.date_day, shown.date_day) as date_day,
        staged.spend as staged_spend,
        shown.spend as mart_spend
    from staged
    full outer join shown
        on
            staged.platform = shown.platform
            and staged.account_id = shown.account_id
            and staged.campaign_id = shown.campaign_id
            and staged.currency_code = shown.currency_code
            and staged.date_day = shown.date_day
    where staged.spend is distinct from shown.spend
)

select * from wrong
