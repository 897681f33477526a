-- What did the chosen place cost and bring in the chosen months, in the currency shown?
-- Grain: as mart_returns_by_model_monthly, of which these are rows.
-- Chosen a currency, money is what was booked in it, as booked, and other_spend and other_revenue
-- what was in another; else money is in the reporting currency, NULL where a rate lacks.
with

returns as (
    select
        model,
        platform,
        account_id,
        campaign_id,
        channel,
        cohort_month,
        spend as booked_spend,
        case
            when cast(:currency_code as text) is null then spend_base
            when currency_code = :currency_code then spend
            else 0
        end as spend,
        case
            when cast(:currency_code as text) is not null and currency_code <> :currency_code
                then abs(spend)
            else 0
        end as other_spend,
        impressions,
        clicks,
        reported_conversions,
        leads,
        mqls,
        sqls,
        opportunities,
        won_deals,
        customers,
        case
            when cast(:currency_code as text) is null then won_revenue_base
            when currency_code = :currency_code then won_revenue
            else 0
        end as won_revenue,
        case
            when cast(:currency_code as text) is not null and currency_code <> :currency_code
                then abs(won_revenue)
            else 0
        end as other_revenue,
        case
            when cast(:currency_code as text) is null then open_pipeline_base
            when currency_code = :currency_code then open_pipeline
            else 0
        end as open_pipeline
    from marts.mart_returns_by_model_monthly
    where
        cohort_month between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or channel = :channel)
        and (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
)

select * from returns
