-- For which instant do the marts speak, and in which currency and zone?
-- Grain: one row per installation.
-- The instant is that of the latest load, so the marts are a function of staging alone.
with

loads as (
    select max(as_of_at) as as_of_at
    from ops.load_ledger
),

settings as (
    select
        reporting_currency,
        reporting_zone,
        rates,
        attribution_look_back_days,
        fiscal_year_start_month
    from staging.stg_settings
),

as_of as (
    select
        settings.reporting_currency,
        settings.reporting_zone,
        settings.rates,
        cast((loads.as_of_at at time zone settings.reporting_zone) as date) as as_of_date,
        settings.attribution_look_back_days,
        settings.fiscal_year_start_month,
        loads.as_of_at
    from settings
    cross join loads
)

select * from as_of
