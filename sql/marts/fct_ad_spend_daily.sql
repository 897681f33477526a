-- What did each campaign cost on each day?
-- Grain: one row per platform, account, campaign and day in the account's zone.
-- spend_base is the quotient of the rates as published to the last of its six places: a quotient as
-- wide as guess is sure to one place only, and what it leaves tells which.
with

spend as (
    select
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        campaigns.account_name,
        coalesce(names.thing_name, campaigns.campaign_name) as campaign_name,
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
    from build.int_campaign_days as daily
    left join build.int_campaigns as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    left join build.int_names as names
        on
            daily.platform = names.platform
            and daily.account_id = names.account_id
            and names.level = 'campaign'
            and daily.campaign_id = names.thing_id
            and daily.date_day between names.first_day and names.last_day
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
        account_name,
        campaign_name,
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
    from spend
),

converted as (
    select
        platform,
        account_id,
        campaign_id,
        account_name,
        campaign_name,
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
