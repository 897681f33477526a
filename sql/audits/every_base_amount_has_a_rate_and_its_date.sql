-- Was every amount converted at a known rate of a known day, and none at 1:1 for want of one?
-- Grain: one row per amount without a rate, or with another rate than the seed's (or the
-- CRM's, where the settings say so) for its day.
-- A row without a rate says in what_to_do which currency lacks it, and where it belongs.
-- Base amounts are held against the published rates, looked up anew and divided as doubles: half of
-- their last place may be lost in rounding, and what doubles lose themselves.
-- A share of a deal is a share to the cent of either amount, so that each may be off by one.
with

as_of as (
    select
        reporting_currency,
        rates
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
        fx_rate,
        0.0000005 as tolerance
    from build.fct_ad_spend_daily
    union all
    select
        'fct_ad_performance_daily' as mart,
        platform || '/' || account_id || '/' || ad_group_id || '/' || ad_id as row_key,
        currency_code,
        date_day as rate_day,
        fx_rate_date,
        spend as amount,
        spend_base as amount_base,
        fx_rate,
        0.0000005 as tolerance
    from build.fct_ad_performance_daily
    union all
    select
        'fct_opportunities' as mart,
        opportunity_id as row_key,
        currency_code,
        null as rate_day,
        fx_rate_date,
        amount,
        amount_base,
        fx_rate,
        0.005 as tolerance
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
        fx_rate,
        0.01 * (2 + fx_rate) as tolerance
    from build.fct_attribution
),

-- A rate of the seed may serve its day and seven more, a rate of the CRM the days it holds.
known_rates as (
    select
        currency_code,
        rate_date as first_date,
        rate_date as last_date,
        rate_date + 7 as served_until,
        rate
    from staging.seed_currency_rates
    where 'seed' in (select as_of.rates from as_of)
    union all
    select distinct
        'EUR' as currency_code,
        rate_date as first_date,
        rate_date as last_date,
        rate_date + 7 as served_until,
        cast(1 as numeric(20, 10)) as rate
    from staging.seed_currency_rates
    where 'seed' in (select as_of.rates from as_of)
    union all
    select
        currency_code,
        valid_from_date as first_date,
        coalesce(valid_to_date, date '9999-12-31') - 1 as last_date,
        coalesce(valid_to_date, date '9999-12-31') - 1 as served_until,
        conversion_rate as rate
    from staging.stg_crm_exchange_rates
    where not is_deleted and 'crm' in (select as_of.rates from as_of)
    union all
    select
        currency_code,
        date '0001-01-01' as first_date,
        date '9999-12-31' as last_date,
        date '9999-12-31' as served_until,
        cast(1 as numeric(20, 10)) as rate
    from staging.stg_crm_currencies
    where is_corporate and 'crm' in (select as_of.rates from as_of)
),

-- Amounts are many, the days they can be converted at few: what holds is looked up by day.
rate_days as (
    select distinct
        currency_code,
        fx_rate_date
    from build.int_fx_rates
),

conversion_days as (
    select distinct fx_rate_date
    from rate_days
),

own_rates as (
    select
        rate_days.currency_code,
        rate_days.fx_rate_date,
        known_rates.rate,
        known_rates.served_until
    from rate_days
    inner join known_rates
        on
            rate_days.currency_code = known_rates.currency_code
            and rate_days.fx_rate_date between known_rates.first_date and known_rates.last_date
),

reporting_rates as (
    select
        conversion_days.fx_rate_date,
        known_rates.rate,
        known_rates.served_until
    from conversion_days
    cross join as_of
    inner join known_rates
        on
            as_of.reporting_currency = known_rates.currency_code
            and conversion_days.fx_rate_date
            between known_rates.first_date and known_rates.last_date
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
        amounts.tolerance,
        case
            when amounts.currency_code = as_of.reporting_currency then 1
            else
                cast(reporting_rates.rate as double precision)
                / cast(own_rates.rate as double precision)
        end as known_rate,
        case
            when amounts.currency_code = as_of.reporting_currency
                then cast(amounts.amount as double precision)
            else
                cast(amounts.amount as double precision)
                * cast(reporting_rates.rate as double precision)
                / cast(own_rates.rate as double precision)
        end as converted,
        case
            when amounts.currency_code = as_of.reporting_currency then amounts.fx_rate_date
            else least(own_rates.served_until, reporting_rates.served_until)
        end as served_until,
        as_of.rates,
        case
            when
                as_of.reporting_currency not in (
                    select known_rates.currency_code
                    from known_rates
                    where known_rates.currency_code is not null
                )
                then as_of.reporting_currency
            else amounts.currency_code
        end as lacking_currency
    from amounts
    cross join as_of
    left join own_rates
        on
            amounts.currency_code = own_rates.currency_code
            and amounts.fx_rate_date = own_rates.fx_rate_date
    left join reporting_rates
        on amounts.fx_rate_date = reporting_rates.fx_rate_date
),

wrong as (
    select
        mart,
        row_key,
        currency_code,
        case
            when amount is null or fx_rate is not null then null
            when currency_code is null then 'Find out why the amount has no currency'
            when rates = 'crm'
                then
                    'CLOSED_LOOP_RATES is crm, and the CRM has no dated exchange rate of '
                    || lacking_currency || ' for that day: enter it in the CRM under Manage '
                    || 'Currencies, or set CLOSED_LOOP_RATES=seed to take currency_rates.csv'
            else
                'Add rates of ' || lacking_currency || ' to currency_rates.csv, of that day or of '
                || 'the seven days before'
        end as what_to_do,
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
                or known_rate is null
                or abs(fx_rate - known_rate) > 0.000000001
                or abs(cast(amount_base as double precision) - converted)
                > cast(tolerance as double precision) + 0.000000001 + abs(converted) / 1e14
                or rate_day not between fx_rate_date and served_until
            )
        )
)

select * from wrong
