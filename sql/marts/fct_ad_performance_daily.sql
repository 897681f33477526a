-- What did each ad cost and bring on each day?
-- Grain: one row per platform, account, ad group, ad and day in the account's zone.
-- spend_base is the quotient of the rates as published to the last of its six places: a quotient as
-- wide as guess is sure to one place only, and what it leaves tells which.
with

performance as (
    select
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        daily.ad_group_id,
        daily.ad_id,
        ads.account_name,
        coalesce(campaign_names.thing_name, ads.campaign_name) as campaign_name,
        coalesce(ad_group_names.thing_name, ads.ad_group_name) as ad_group_name,
        coalesce(ad_names.thing_name, ads.ad_name) as ad_name,
        daily.currency_code,
        daily.date_day,
        rates.fx_rate_date,
        daily.spend,
        rates.fx_rate,
        rates.own_rate,
        rates.reporting_rate,
        cast(
            abs(cast(daily.spend as double precision))
            * cast(rates.reporting_rate as double precision)
            / cast(rates.own_rate as double precision) as numeric(20, 6)
        ) as guess,
        daily.impressions,
        daily.clicks,
        daily.reported_conversions,
        daily.reported_conversions_value,
        daily.first_loaded_at,
        daily.last_restated_at
    from staging.stg_ad_daily as daily
    left join build.dim_ad as ads
        on
            daily.platform = ads.platform
            and daily.account_id = ads.account_id
            and daily.ad_group_id = ads.ad_group_id
            and daily.ad_id = ads.ad_id
    left join build.int_names as campaign_names
        on
            daily.platform = campaign_names.platform
            and daily.account_id = campaign_names.account_id
            and campaign_names.level = 'campaign'
            and daily.campaign_id = campaign_names.thing_id
            and daily.date_day between campaign_names.first_day and campaign_names.last_day
    left join build.int_names as ad_group_names
        on
            daily.platform = ad_group_names.platform
            and daily.account_id = ad_group_names.account_id
            and ad_group_names.level = 'ad_group'
            and daily.ad_group_id = ad_group_names.thing_id
            and daily.date_day between ad_group_names.first_day and ad_group_names.last_day
    left join build.int_names as ad_names
        on
            daily.platform = ad_names.platform
            and daily.account_id = ad_names.account_id
            and ad_names.level = 'ad'
            and daily.ad_group_id || '/' || daily.ad_id = ad_names.thing_id
            and daily.date_day between ad_names.first_day and ad_names.last_day
    left join build.int_fx_rates as rates
        on
            daily.currency_code = rates.currency_code
            and daily.date_day = rates.date_day
),

left_over as (
    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        account_name,
        campaign_name,
        ad_group_name,
        ad_name,
        currency_code,
        date_day,
        fx_rate_date,
        spend,
        fx_rate,
        own_rate,
        guess,
        2 * (abs(spend) * reporting_rate - guess * own_rate) as remainder_twice,
        impressions,
        clicks,
        reported_conversions,
        reported_conversions_value,
        first_loaded_at,
        last_restated_at
    from performance
),

converted as (
    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        account_name,
        campaign_name,
        ad_group_name,
        ad_name,
        currency_code,
        date_day,
        fx_rate_date,
        spend,
        cast(
            case when spend < 0 then -1 else 1 end * (
                guess
                + case
                    when remainder_twice >= 0.000001 * own_rate then 0.000001
                    when remainder_twice < -0.000001 * own_rate then -0.000001
                    else 0
                end
            ) as numeric(20, 6)
        ) as spend_base,
        fx_rate,
        impressions,
        clicks,
        reported_conversions,
        reported_conversions_value,
        first_loaded_at,
        last_restated_at
    from left_over
)

select * from converted
