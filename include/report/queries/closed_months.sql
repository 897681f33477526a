-- What was won in each of the chosen months?
-- Grain: one row per month in which a deal closed.
-- New business, by the month of the close day: no cost may stand beside it, for that was spent in
-- other months. Deals are those the chosen model credits to what was chosen, each with its part.
-- Chosen a currency, revenue is what was booked in it. A sum is NULL where an amount lacks a rate.
with

credited as (
    select
        cast(date_trunc('month', close_date) as date) as close_month,
        weight,
        credited_amount as won_revenue
    from shared.credited
    where
        model = :model
        and basis = 'won'
        and close_date >= cast(:from_month as date)
        and close_date < cast(:to_month as date) + interval '1 month'
),

closed as (
    select
        close_month,
        cast(sum(weight) as numeric(20, 4)) as deals,
        cast(case when count(*) = count(won_revenue) then sum(won_revenue) end as numeric(18, 2))
            as won_revenue
    from credited
    group by close_month
    order by close_month asc
)

select * from closed
