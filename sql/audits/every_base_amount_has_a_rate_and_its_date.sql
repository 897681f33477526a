-- Was every amount converted at a known rate of a known day, and none at 1:1 for want of one?
-- Grain: one row per amount without a rate, or with a rate that the seed does not hold.
-- What to do about a row: add the currency's rates to include/seeds/currency_rates.csv.
with

as_of as (
    select reporting_currency
    from build.int_as_of
),

amounts as (
    select
        'fct_ad_spend_daily' as mart,
        platform || '/' || account_id || '/' || campaign_id as row_key,
        currency_code,
        date_day as rate_day,
        fx_rate_date,
        spend as amount,
        spend_base as amount_base,
        fx_rate
    from build.fct_ad_spend_daily
    union all
    select
        'fct_opportunities' as mart,
        opportunity_id as row_key,
        currency_code,
        null as rate_day,
        fx_rate_date,
        amount,
        amount_base,
        fx_rate
    from build.fct_opportunities
    union all
    select
        'fct_attribution' as mart,
        opportunity_id as row_key,
        currency_code,
        null as rate_day,
        fx_rate_date,
        amount,
        amount_base,
        fx_rate
    from build.fct_attribution
),

rate_days as (
    select distinct rate_date
    from staging.seed_currency_rates
),

wrong as (
    select
        amounts.mart,
        amounts.row_key,
        amounts.currency_code,
        amounts.rate_day,
        amounts.fx_rate_date,
        amounts.amount,
        amounts.amount_base,
        amounts.fx_rate
    from amounts
    cross join as_of
    left join rate_days
        on amounts.fx_rate_date = rate_days.rate_date
    where
        (amounts.amount is null and amounts.amount_base is not null)
        or (
            amounts.amount is not null
            and (
                amounts.amount_base is null
                or amounts.fx_rate is null
                or amounts.fx_rate_date is null
                or abs(amounts.amount_base - amounts.amount * amounts.fx_rate) > 0.01
                or (
                    amounts.currency_code <> as_of.reporting_currency
                    and rate_days.rate_date is null
                )
                or (amounts.currency_code = as_of.reporting_currency and amounts.fx_rate <> 1)
                or amounts.fx_rate_date not between amounts.rate_day - 7 and amounts.rate_day
            )
        )
)

select * from wrong
