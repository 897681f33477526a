-- Does every line of the reconciliation agree, within its tolerance?
-- Grain: one row per line that differs.
with

wrong as (
    select
        check_name,
        source,
        model,
        currency_code,
        month,
        source_total,
        mart_total,
        difference
    from build.mart_reconciliation
    where verdict = 'differs' or abs(difference) > tolerance and verdict <> 'unproved'
)

select * from wrong
