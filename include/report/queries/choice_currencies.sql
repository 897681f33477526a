-- In which currencies was anything booked?
-- Grain: one row per currency of spend or of new-business deals.
with

currencies as (
    select distinct currency_code
    from marts.mart_returns_by_model_monthly
    where currency_code <> 'XXX'
    order by currency_code asc
)

select * from currencies
