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
        case
            when cast(:currency_code as text) is not null and currency_code <> :currency_code then 0
            when amount is null then 0
            when cast(:currency_code as text) is null then amount_base
            else amount
        end as won_revenue
    from marts.fct_attribution
    where
        model = :model
        and basis = 'won'
        and type_group = 'new_business'
        and close_date >= cast(:from_month as date)
        and close_date < cast(:to_month as date) + interval '1 month'
        and (cast(:channel as text) is null or channel = :channel)
        and (
            cast(:platform as text) is null
            or :platform = case
                when touchpoint_id = 'unattributed' then 'unattributed'
                when crm_campaign_id is not null then 'crm'
                else coalesce(platform, 'unmatched')
            end
        )
        and (
            cast(:account_id as text) is null
            or :account_id = case
                when touchpoint_id = 'unattributed' then 'unattributed'
                when crm_campaign_id is not null then 'crm'
                else coalesce(account_id, 'unmatched')
            end
        )
        and (
            cast(:campaign_id as text) is null
            or :campaign_id = case
                when touchpoint_id = 'unattributed' then 'unattributed'
                else coalesce(crm_campaign_id, campaign_id, 'unmatched')
            end
        )
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
