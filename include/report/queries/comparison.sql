-- What of the chosen months may be held against as many months before them, and why not the rest?
-- Grain: one row; none where nothing ever cost or brought anything.
-- hindrance is NULL where figures that are soon known may be: nothing_before where the months
-- before begin before the books do, month_not_over where the last month chosen is not over.
-- growing_hindrance is that of figures which grow until a cohort's deals are decided: too_early
-- where one of the months is too young to judge, one that cost and brought nothing aside.
-- whole_month is the last that is over.
with

known as (
    select first_month
    from shared.begun
    where first_month is not null
),

chosen as (
    select
        cast(:from_month as date) as from_month,
        cast(:to_month as date) as to_month,
        cast(
            (
                extract(year from cast(:to_month as date))
                - extract(year from cast(:from_month as date))
            ) * 12
            + extract(month from cast(:to_month as date))
            - extract(month from cast(:from_month as date))
            + 1 as integer
        ) as months
),

young as (
    select count(distinct outlook.cohort_month) as months
    from chosen
    inner join marts.mart_cohort_outlook as outlook
        on
            outlook.is_too_early
            and outlook.cohort_month between chosen.from_month and chosen.to_month
),

placed as (
    select
        chosen.months,
        chosen.to_month,
        cast(chosen.from_month - chosen.months * interval '1 month' as date) as before_from_month,
        cast(chosen.from_month - interval '1 month' as date) as before_to_month,
        known.first_month,
        judged.last_month,
        cast(judged.last_month - interval '1 month' as date) as whole_month,
        judged.judged_month,
        young.months as young_months
    from chosen
    cross join known
    cross join shared.judged as judged
    cross join young
),

reasoned as (
    select
        months,
        young_months,
        first_month,
        before_from_month,
        before_to_month,
        whole_month,
        judged_month,
        case
            when before_from_month < first_month then 'nothing_before'
            when to_month >= last_month then 'month_not_over'
        end as hindrance
    from placed
),

comparison as (
    select
        hindrance,
        case when hindrance is not null then hindrance when young_months > 0 then 'too_early' end
            as growing_hindrance,
        first_month,
        before_from_month,
        before_to_month,
        whole_month,
        judged_month,
        cast(months as bigint) as months,
        cast(young_months as bigint) as young_months
    from reasoned
)

select * from comparison
