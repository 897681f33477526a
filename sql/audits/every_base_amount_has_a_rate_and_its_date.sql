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

euro_rates as (
    select
        currency_code,
        rate_date,
        rate
    from staging.seed_currency_rates
    union all
    select distinct
        'EUR' as currency_code,
        rate_date,
        cast(1 as numeric(20, 10)) as rate
    from staging.seed_currency_rates
),

looked_up as (
    select
        amounts.mart,
        amounts.row_key,
        amounts.currency_code,
        amounts.rate_day,
        amounts.fx_rate_date,
        amounts.amount,
        amounts.amount_base,
        amounts.fx_rate,
        case
            when amounts.currency_code = as_of.reporting_currency then 1
            else
                cast(reporting_rates.rate as double precision)
                / cast(own_rates.rate as double precision)
        end as seed_rate
    from amounts
    cross join as_of
    left join euro_rates as own_rates
        on
            amounts.currency_code = own_rates.currency_code
            and amounts.fx_rate_date = own_rates.rate_date
    left join euro_rates as reporting_rates
        on
            as_of.reporting_currency = reporting_rates.currency_code
            and amounts.fx_rate_date = reporting_rates.rate_date
),

wrong as (
    select
        mart,
        row_key,
        currency_code,
        rate_day,
        fx_rate_date,
        amount,
        amount_base,
        fx_rate
    from looked_up
    where
        (amount is null and amount_base is not null)
        or (
            amount is not null
            and (
                amount_base is null
                or fx_rate is null
                or fx_rate_date is null
                or seed_rate is null
                or abs(fx_rate - seed_rate) > 0.000000001
                or abs(amount_base - amount * fx_rate) > 0.01
                or fx_rate_date not between rate_day - 7 and rate_day
            )
        )
)

select * from wrong
