-- Is every staged figure of ads and of conversions in its fact table, on its day, and nothing else?
-- Grain: one row per mart, platform, account, campaign, day and currency that differs.
with

staged as (
    select
        'fct_ad_performance_daily' as mart,
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        count(*) as staged_rows,
        sum(spend) as amount,
        sum(impressions + clicks) as counted,
        sum(reported_conversions) as reported_conversions
    from staging.stg_ad_daily
    group by platform, account_id, campaign_id, currency_code, date_day
    union all
    select
        'fct_conversions_daily' as mart,
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        count(*) as staged_rows,
        sum(reported_conversions_value) as amount,
        0 as counted,
        sum(reported_conversions) as reported_conversions
    from staging.stg_conversion_daily
    group by platform, account_id, campaign_id, currency_code, date_day
),

shown as (
    select
        'fct_ad_performance_daily' as mart,
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        count(*) as mart_rows,
        sum(spend) as amount,
        sum(impressions + clicks) as counted,
        sum(reported_conversions) as reported_conversions
    from build.fct_ad_performance_daily
    group by platform, account_id, campaign_id, currency_code, date_day
    union all
    select
        'fct_conversions_daily' as mart,
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        count(*) as mart_rows,
        sum(reported_conversions_value) as amount,
        0 as counted,
        sum(reported_conversions) as reported_conversions
    from build.fct_conversions_daily
    group by platform, account_id, campaign_id, currency_code, date_day
),

wrong as (
    select
        coalesce(staged.mart, shown.mart) as mart,
        coalesce(staged.platform, shown.platform) as platform,
        coalesce(staged.account_id, shown.account_id) as account_id,
        coalesce(staged.campaign_id, shown.campaign_id) as campaign_id,
        coalesce(staged.currency_code, shown.currency_code) as currency_code,
        coalesce(staged.date_day, shown.date_day) as date_day,
        staged.amount as staged_amount,
        shown.amount as mart_amount
    from staged
    full outer join shown
        on
            staged.mart = shown.mart
            and staged.platform = shown.platform
            and staged.account_id = shown.account_id
            and staged.campaign_id = shown.campaign_id
            and staged.currency_code = shown.currency_code
            and staged.date_day = shown.date_day
    where
        staged.staged_rows is distinct from shown.mart_rows
        or staged.amount is distinct from shown.amount
        or staged.counted is distinct from shown.counted
        or staged.reported_conversions is distinct from shown.reported_conversions
)

select * from wrong
