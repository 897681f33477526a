-- At which rate does a currency become the reporting currency on a day?
-- Grain: one row per currency and day that ad spend or a deal needs.
-- Rates of the seed cross over the euro; a day without rates takes the last business day, at most
-- seven days back. The CRM's dated rates cross over its corporate currency and hold for their
-- spans; fx_rate_date is then the first day on which both rates held. Without a rate it is NULL,
-- never 1. The reporting currency itself has rate 1.
-- fx_rate, to ten places, is for readers, and too short for a billion rupiah: amounts are converted
-- by reporting_rate over own_rate, both as they were published.
with

as_of as (
    select
        reporting_currency,
        rates,
        as_of_date
    from build.int_as_of
),

spend_days as (
    select distinct
        currency_code,
        date_day
    from build.int_campaign_days
    union
    select distinct
        currency_code,
        date_day
    from staging.stg_ad_daily
),

deal_days as (
    select distinct
        opportunities.currency_code,
        case
            when opportunities.is_closed or opportunities.is_won
                then least(opportunities.close_date, as_of.as_of_date)
            else as_of.as_of_date
        end as date_day
    from staging.stg_crm_opportunities as opportunities
    cross join as_of
    where not opportunities.is_deleted
),

needed as (
    select
        currency_code,
        date_day
    from spend_days
    union
    select
        currency_code,
        date_day
    from deal_days
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

reporting_rates as (
    select
        euro_rates.rate_date,
        euro_rates.rate
    from euro_rates
    inner join as_of
        on euro_rates.currency_code = as_of.reporting_currency
),

crossed as (
    select
        euro_rates.currency_code,
        euro_rates.rate_date,
        euro_rates.rate as own_rate,
        reporting_rates.rate as reporting_rate,
        lead(euro_rates.rate_date) over (
            partition by euro_rates.currency_code order by euro_rates.rate_date
        ) as next_rate_date
    from euro_rates
    inner join reporting_rates
        on euro_rates.rate_date = reporting_rates.rate_date
),

crm_rates as (
    select
        currency_code,
        valid_from_date as first_date,
        least(
            coalesce(valid_to_date, date '9999-12-31'),
            coalesce(
                lead(valid_from_date) over (
                    partition by currency_code order by valid_from_date, exchange_rate_id
                ),
                date '9999-12-31'
            )
        ) as next_date,
        conversion_rate
    from staging.stg_crm_exchange_rates
    where not is_deleted
    union all
    select
        currency_code,
        date '0001-01-01' as first_date,
        date '9999-12-31' as next_date,
        cast(1 as numeric(20, 10)) as conversion_rate
    from staging.stg_crm_currencies
    where
        is_corporate
        and currency_code not in (
            select rates.currency_code
            from staging.stg_crm_exchange_rates as rates
            where not rates.is_deleted
        )
),

crm_crossed as (
    select
        own_rates.currency_code,
        greatest(own_rates.first_date, reporting_rates.first_date) as rate_date,
        least(own_rates.next_date, reporting_rates.next_date) - 1 as last_date,
        own_rates.conversion_rate as own_rate,
        reporting_rates.conversion_rate as reporting_rate
    from crm_rates as own_rates
    cross join as_of
    inner join crm_rates as reporting_rates
        on as_of.reporting_currency = reporting_rates.currency_code
    where
        own_rates.first_date < reporting_rates.next_date
        and reporting_rates.first_date < own_rates.next_date
),

spans as (
    select
        crossed.currency_code,
        crossed.rate_date,
        least(crossed.rate_date + 7, crossed.next_rate_date - 1) as last_date,
        crossed.own_rate,
        crossed.reporting_rate
    from crossed
    cross join as_of
    where as_of.rates = 'seed'
    union all
    select
        crm_crossed.currency_code,
        crm_crossed.rate_date,
        crm_crossed.last_date,
        crm_crossed.own_rate,
        crm_crossed.reporting_rate
    from crm_crossed
    cross join as_of
    where as_of.rates = 'crm'
),

rated as (
    select
        needed.currency_code,
        needed.date_day,
        case
            when needed.currency_code = as_of.reporting_currency then needed.date_day
            else spans.rate_date
        end as fx_rate_date,
        case
            when needed.currency_code = as_of.reporting_currency then cast(1 as numeric(20, 10))
            else spans.own_rate
        end as own_rate,
        case
            when needed.currency_code = as_of.reporting_currency then cast(1 as numeric(20, 10))
            else spans.reporting_rate
        end as reporting_rate
    from needed
    cross join as_of
    left join spans
        on
            needed.currency_code = spans.currency_code
            and needed.date_day between spans.rate_date and spans.last_date
),

quoted as (
    select
        currency_code,
        date_day,
        fx_rate_date,
        own_rate,
        reporting_rate,
        cast(
            cast(reporting_rate / own_rate as numeric(26, 14)) as numeric(20, 10)
        ) as fx_rate
    from rated
)

select * from quoted
