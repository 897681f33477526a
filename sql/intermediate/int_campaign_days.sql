-- What did each campaign cost and bring on each day, whoever tells of it?
-- Grain: one row per platform, account, campaign and day.
with

reported as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        spend,
        impressions,
        clicks,
        reported_conversions,
        reported_conversions_value,
        first_loaded_at,
        last_restated_at
    from staging.stg_campaign_daily
),

entered as (
    select
        platform,
        account_id,
        campaign_id,
        currency_code,
        date_day,
        cast(sum(spend) as numeric(20, 6)) as spend,
        cast(0 as bigint) as impressions,
        cast(0 as bigint) as clicks,
        cast(null as numeric(20, 4)) as reported_conversions,
        cast(null as numeric(20, 6)) as reported_conversions_value,
        cast(null as timestamptz) as first_loaded_at,
        cast(null as timestamptz) as last_restated_at
    from build.int_manual_spend
    where not is_to_come
    group by platform, account_id, campaign_id, currency_code, date_day
),

days as (
    select * from reported
    union all
    select * from entered
)

select * from days
