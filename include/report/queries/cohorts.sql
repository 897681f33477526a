-- What has each cohort month cost and brought since, and when had it earned its cost back?
-- Grain: one row per cohort month.
-- New business. break_even_months counts the months from the cohort's own to the one in which the
-- won revenue, added up by the month of the close, had reached all of the cohort's spend; NULL
-- while it has not, and where nothing was spent. Chosen a currency, money is what was booked in it,
-- and what is held against spend is NULL where some was booked in another.
with

summed as (
    select
        cohort_month,
        cast(case when count(*) = count(spend) then sum(spend) end as numeric(20, 6)) as spend,
        sum(other_spend + other_revenue) as other_money,
        cast(sum(leads) as bigint) as leads,
        cast(sum(opportunities) as bigint) as opportunities,
        cast(sum(customers) as numeric(20, 4)) as customers,
        cast(case when count(*) = count(won_revenue) then sum(won_revenue) end as numeric(18, 2))
            as won_revenue,
        cast(
            case when count(*) = count(open_pipeline) then sum(open_pipeline) end as numeric(18, 2)
        ) as open_pipeline
    from shared.returns
    where model = :model
    group by cohort_month
),

by_close as (
    select
        cohort_month,
        greatest(cast(date_trunc('month', close_date) as date), cohort_month) as close_month,
        sum(credited_amount) as won_revenue
    from shared.credited
    where
        model = :model
        and basis = 'won'
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
    group by
        cohort_month,
        greatest(cast(date_trunc('month', close_date) as date), cohort_month)
),

cumulated as (
    select
        cohort_month,
        close_month,
        sum(won_revenue) over (partition by cohort_month order by close_month asc) as won_so_far
    from by_close
),

broken_even as (
    select
        cumulated.cohort_month,
        min(cumulated.close_month) as break_even_month
    from cumulated
    inner join summed
        on cumulated.cohort_month = summed.cohort_month
    where
        summed.spend > 0
        and summed.other_money = 0
        and cumulated.won_so_far >= summed.spend
    group by cumulated.cohort_month
),

ages as (
    select
        cohort_month,
        min(age_days) as age_days
    from marts.mart_channel_roi_monthly
    group by cohort_month
),

cohorts as (
    select
        summed.cohort_month,
        summed.spend,
        summed.leads,
        summed.opportunities,
        summed.customers,
        summed.won_revenue,
        summed.open_pipeline,
        cast(
            cast(
                case
                    when summed.other_money = 0
                        then cast(summed.won_revenue - summed.spend as numeric(20, 6))
                end
                / nullif(summed.spend, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roi,
        ages.age_days,
        cast(
            (
                extract(year from broken_even.break_even_month)
                - extract(year from summed.cohort_month)
            ) * 12
            + extract(month from broken_even.break_even_month)
            - extract(month from summed.cohort_month) as bigint
        ) as break_even_months,
        judged.judged_month is null or summed.cohort_month > judged.judged_month as is_too_early
    from summed
    left join broken_even
        on summed.cohort_month = broken_even.cohort_month
    left join ages
        on summed.cohort_month = ages.cohort_month
    cross join shared.judged as judged
    order by summed.cohort_month asc
)

select * from cohorts
