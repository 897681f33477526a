-- How did the won revenue of each cohort month add up, month by month since the first touch?
-- Grain: one row per cohort month and month since, up to that of the as-of day.
-- New business, by the month of the close. What the CRM dates before the cohort's month stands in
-- it. share_of_spend is the revenue so far against all of the cohort's spend: 1 is break-even.
-- earlier_share_of_spend is what the earlier cohorts of the choice that have such a share had
-- brought back, together, at the same number of months: a young cohort is held against older ones
-- at its own age. NULL in the month of the as-of day, which is not over.
-- Chosen a currency, money is what was booked in it, and the share is NULL where some was booked in
-- another. A sum is NULL where one of its amounts lacks a rate.
with

spent as (
    select
        cohort_month,
        cast(sum(spend) as numeric(20, 6)) as spend,
        sum(case when spend is null then 1 else other_spend + other_revenue end) as other_money
    from shared.returns
    where model = :model
    group by cohort_month
),

by_close as (
    select
        cohort_month,
        greatest(cast(date_trunc('month', close_date) as date), cohort_month) as close_month,
        sum(credited_amount) as won_revenue,
        count(*) - count(credited_amount) as unpriced
    from shared.credited
    where
        model = :model
        and basis = 'won'
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
    group by
        cohort_month,
        greatest(cast(date_trunc('month', close_date) as date), cohort_month)
),

known as (
    select max(cohort_month + cast(age_days as integer)) as as_of_date
    from marts.mart_channel_roi_monthly
),

months as (
    select distinct
        dates.month_start as close_month,
        dates.month_start + interval '1 month' <= known.as_of_date as is_over
    from marts.dim_date as dates
    inner join known
        on dates.date_day <= known.as_of_date
    where dates.month_start >= cast(:from_month as date)
),

grid as (
    select
        spent.cohort_month,
        months.close_month,
        months.is_over,
        spent.spend,
        spent.other_money,
        coalesce(by_close.won_revenue, 0) as won_revenue,
        coalesce(by_close.unpriced, 0) as unpriced
    from spent
    inner join months
        on spent.cohort_month <= months.close_month
    left join by_close
        on
            spent.cohort_month = by_close.cohort_month
            and months.close_month = by_close.close_month
),

cumulated as (
    select
        cohort_month,
        close_month,
        is_over,
        spend,
        other_money,
        unpriced,
        won_revenue,
        sum(won_revenue) over cohort as won_so_far,
        sum(unpriced) over cohort as unpriced_so_far
    from grid
    window cohort as (partition by cohort_month order by close_month asc)
),

aged as (
    select
        cohort_month,
        cast(
            (extract(year from close_month) - extract(year from cohort_month)) * 12
            + extract(month from close_month)
            - extract(month from cohort_month) as bigint
        ) as months_since,
        case when unpriced = 0 then won_revenue end as won_revenue,
        case when unpriced_so_far = 0 then won_so_far end as won_so_far,
        case when unpriced_so_far = 0 and other_money = 0 then nullif(spend, 0) end
            as comparable_spend,
        is_over
    from cumulated
),

compared as (
    select
        cohort_month,
        months_since,
        won_revenue,
        won_so_far,
        comparable_spend,
        case when is_over then count(comparable_spend) over earlier end as earlier_cohorts,
        case
            when is_over
                then sum(case when comparable_spend is not null then won_so_far end) over earlier
        end as earlier_won,
        sum(comparable_spend) over earlier as earlier_spend
    from aged
    window
        earlier as (
            partition by months_since
            order by cohort_month asc
            rows between unbounded preceding and 1 preceding
        )
),

revenue as (
    select
        cohort_month,
        months_since,
        cast(won_revenue as numeric(18, 2)) as won_revenue,
        cast(won_so_far as numeric(18, 2)) as cumulative_won_revenue,
        cast(
            cast(cast(won_so_far as numeric(20, 6)) / comparable_spend as numeric(24, 10))
            as numeric(20, 6)
        ) as share_of_spend,
        cast(earlier_cohorts as bigint) as earlier_cohorts,
        cast(
            cast(
                cast(earlier_won as numeric(20, 6))
                / nullif(cast(earlier_spend as numeric(20, 6)), 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as earlier_share_of_spend
    from compared
    order by cohort_month asc, months_since asc
)

select * from revenue
