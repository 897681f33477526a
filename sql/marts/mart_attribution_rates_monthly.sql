-- What share of the deals can each model credit to a touch?
-- Grain: one row per model, basis, type group and close month.
-- Deals open stand in the month they are expected to close.
-- Ratios take two roundings, to ten places first: one engine divides decimals as doubles, and a
-- tie at the seventh place must fall the same way on all.
with

credits as (
    select
        model,
        basis,
        type_group,
        cast(date_trunc('month', close_date) as date) as close_month,
        touchpoint_id <> 'unattributed' as is_attributed,
        weight,
        amount_base,
        amount is not null and amount_base is null as is_unpriced
    from build.fct_attribution
),

summed as (
    select
        model,
        basis,
        type_group,
        close_month,
        cast(sum(weight) as bigint) as deals,
        cast(coalesce(sum(weight) filter (where is_attributed), 0) as bigint) as attributed_deals,
        cast(
            case when not bool_or(is_unpriced) then coalesce(sum(amount_base), 0) end
            as numeric(18, 2)
        ) as amount_base,
        cast(
            case
                when not bool_or(is_unpriced)
                    then coalesce(sum(amount_base) filter (where is_attributed), 0)
            end as numeric(18, 2)
        ) as attributed_amount_base
    from credits
    group by model, basis, type_group, close_month
),

rated as (
    select
        model,
        basis,
        type_group,
        close_month,
        deals,
        attributed_deals,
        amount_base,
        attributed_amount_base,
        cast(
            cast(
                cast(attributed_deals as numeric(20, 6))
                / nullif(deals, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as attribution_rate,
        cast(
            cast(
                cast(attributed_amount_base as numeric(20, 6))
                / nullif(amount_base, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as attribution_rate_by_amount
    from summed
)

select * from rated
