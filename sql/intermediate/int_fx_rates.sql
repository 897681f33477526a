-- At which rate does a currency become the reporting currency on a day?
-- Grain: one row per currency and day that ad spend or a deal needs.
-- Rates cross over the euro. A day without rates takes the last business day, at most seven days
-- back; without one the rate is NULL, never 1. The reporting currency itself has rate 1.
with

as_of as (
    select
        reporting_currency,
        as_of_date
    from build.int_as_of
),

spend_days as (
    select distinct
        currency_code,
        date_day
    from staging.stg_campaign_daily
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
        cast(
            cast(reporting_rates.rate / euro_rates.rate as numeric(26, 14)) as numeric(20, 10)
        ) as fx_rate,
        lead(euro_rates.rate_date) over (
            partition by euro_rates.currency_code order by euro_rates.rate_date
        ) as next_rate_date
    from euro_rates
    inner join reporting_rates
        on euro_rates.rate_date = reporting_rates.rate_date
),

spans as (
    select
        currency_code,
        rate_date,
        least(rate_date + 7, next_rate_date - 1) as last_date,
        fx_rate
    from crossed
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
            else spans.fx_rate
        end as fx_rate
    from needed
    cross join as_of
    left join spans
        on
            needed.currency_code = spans.currency_code
            and needed.date_day between spans.rate_date and spans.last_date
)

select * from rated
