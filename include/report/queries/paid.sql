-- What did the spend of the chosen months bring: what did a customer of the channels with spend
-- cost, and what came back?
-- Grain: one row; none where nothing was spent.
-- New business, by the month of the first touch and by the chosen model, of the channels in which
-- anything was spent in these months: what came by others no spend bought. Chosen a currency, money
-- is what was booked in it, and a ratio is NULL where some was booked in another; so is a sum where
-- one of its amounts lacks a rate.
with

channels as (
    select
        channel,
        sum(spend) as spend,
        count(*) - count(spend) as unpriced_spend,
        sum(other_spend) as other_spend,
        sum(other_revenue) as other_revenue,
        sum(customers) as customers,
        sum(won_revenue) as won_revenue,
        count(*) - count(won_revenue) as unpriced_won
    from shared.returns
    where model = :model
    group by channel
    having sum(abs(booked_spend)) > 0
),

summed as (
    select
        cast(case when sum(unpriced_spend) = 0 then sum(spend) end as numeric(20, 6)) as spend,
        sum(other_spend) as other_spend,
        sum(other_revenue) as other_revenue,
        cast(sum(customers) as numeric(20, 4)) as customers,
        cast(case when sum(unpriced_won) = 0 then sum(won_revenue) end as numeric(18, 2))
            as won_revenue
    from channels
    having count(*) > 0
),

paid as (
    select
        spend,
        customers,
        won_revenue,
        cast(
            cast(
                case when other_spend = 0 then nullif(spend, 0) end
                / nullif(customers, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as cac,
        cast(
            cast(
                cast(won_revenue - spend as numeric(20, 6))
                / nullif(case when other_spend = 0 and other_revenue = 0 then spend end, 0)
                as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roi
    from summed
)

select * from paid
