-- What did each network and each channel cost and bring in the last twelve months that are old
-- enough to judge, whatever months are chosen?
-- Grain: one row per level (network, channel) and what the level tells apart; none while no month
-- is old enough.
-- New business, by the month of the first touch and by the chosen model. Chosen a currency, money
-- is what was booked in it, and ROI is NULL where some was booked in another; a sum is NULL where
-- one of its amounts lacks a rate. from_month is when the books begin, where that is later.
-- paid_won_revenue is what came by channels with spend: of no known campaign, what ads brought that
-- no network's ROI holds.
with

judged as (
    select
        greatest(
            cast(judged.judged_month - interval '11 months' as date), begun.first_month
        ) as from_month,
        judged.judged_month as to_month
    from shared.judged as judged
    cross join shared.begun as begun
    where judged.judged_month is not null
),

placed as (
    select
        judged.from_month,
        judged.to_month,
        returns.platform,
        returns.channel,
        returns.customers,
        returns.spend <> 0 as is_spent,
        case
            when cast(:currency_code as text) is null then returns.spend_base
            when returns.currency_code = :currency_code then returns.spend
            else 0
        end as spend,
        case
            when cast(:currency_code as text) is null then returns.won_revenue_base
            when returns.currency_code = :currency_code then returns.won_revenue
            else 0
        end as won_revenue,
        case
            when
                cast(:currency_code as text) is not null
                and returns.currency_code <> :currency_code
                then abs(returns.spend) + abs(returns.won_revenue)
            else 0
        end as other_money
    from marts.mart_returns_by_model_monthly as returns
    inner join judged
        on returns.cohort_month between judged.from_month and judged.to_month
    where
        returns.model = :model
        and (cast(:channel as text) is null or returns.channel = :channel)
        and (cast(:platform as text) is null or returns.platform = :platform)
        and (cast(:account_id as text) is null or returns.account_id = :account_id)
        and (cast(:campaign_id as text) is null or returns.campaign_id = :campaign_id)
),

paid_channels as (
    select channel
    from placed
    group by channel
    having bool_or(is_spent)
),

summed as (
    select
        case when grouping(placed.channel) = 0 then 'channel' else 'network' end as level,
        placed.channel,
        placed.platform,
        min(placed.from_month) as from_month,
        min(placed.to_month) as to_month,
        cast(
            case when count(*) = count(placed.spend) then sum(placed.spend) end as numeric(20, 6)
        ) as spend,
        cast(sum(placed.customers) as numeric(20, 4)) as customers,
        cast(
            case when count(*) = count(placed.won_revenue) then sum(placed.won_revenue) end
            as numeric(18, 2)
        ) as won_revenue,
        cast(
            case
                when count(*) = count(placed.won_revenue)
                    then coalesce(
                        sum(placed.won_revenue) filter (where paid_channels.channel is not null), 0
                    )
            end as numeric(18, 2)
        ) as paid_won_revenue,
        sum(placed.other_money) as other_money
    from placed
    left join paid_channels
        on placed.channel = paid_channels.channel
    group by grouping sets ((placed.channel), (placed.platform))
),

returns as (
    select
        level,
        channel,
        platform,
        from_month,
        to_month,
        spend,
        customers,
        won_revenue,
        paid_won_revenue,
        cast(
            cast(
                cast(won_revenue - spend as numeric(20, 6))
                / case when other_money = 0 then nullif(spend, 0) end as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roi
    from summed
    order by level asc, won_revenue desc nulls last, channel asc nulls first, platform asc
)

select * from returns
