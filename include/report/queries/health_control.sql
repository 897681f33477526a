-- Do the marts agree with the ad accounts and the CRM, month by month?
-- Grain: one row per check, source, month, currency and model; what does not agree first.
-- What agrees is shown for the chosen model alone, what does not for every model, and what differs
-- whatever its month.
with

comparisons as (
    select
        check_name,
        source,
        month,
        model,
        currency_code,
        source_total,
        mart_total,
        difference,
        tolerance,
        verdict
    from marts.mart_reconciliation
    where
        (
            month between cast(:from_month as date) and cast(:to_month as date)
            or verdict = 'differs'
        )
        and (cast(:source as text) is null or source = :source)
        and (cast(:platform as text) is null or source = :platform)
        and (verdict <> 'agrees' or model in ('none', cast(:model as text)))
    order by
        case verdict when 'differs' then 1 when 'unproved' then 2 else 3 end asc,
        month desc,
        check_name asc,
        source asc,
        currency_code asc,
        model asc
)

select * from comparisons
