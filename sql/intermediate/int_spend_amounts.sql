-- What is an amount spent on a day worth in the reporting currency?
-- Grain: one row per currency, day and amount that any campaign or ad spent; none without a rate.
-- spend_base is the quotient of the rates as published to the last of its six places: a quotient as
-- wide as guess is sure to one place only, and what it leaves tells which.
with

amounts as (
    select
        currency_code,
        date_day,
        spend
    from build.int_campaign_days
    union
    select
        currency_code,
        date_day,
        spend
    from staging.stg_ad_daily
),

guessed as (
    select
        amounts.currency_code,
        amounts.date_day,
        rates.fx_rate_date,
        amounts.spend,
        rates.fx_rate,
        rates.own_rate,
        rates.reporting_rate,
        cast(
            abs(cast(amounts.spend as double precision))
            * cast(rates.reporting_rate as double precision)
            / cast(rates.own_rate as double precision) as numeric(20, 6)
        ) as guess
    from amounts
    inner join build.int_fx_rates as rates
        on
            amounts.currency_code = rates.currency_code
            and amounts.date_day = rates.date_day
    where rates.fx_rate is not null
),

left_over as (
    select
        currency_code,
        date_day,
        fx_rate_date,
        spend,
        fx_rate,
        own_rate,
        guess,
        2 * (abs(spend) * reporting_rate - guess * own_rate) as remainder_twice
    from guessed
),

converted as (
    select
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
        fx_rate
    from left_over
)

select * from converted
