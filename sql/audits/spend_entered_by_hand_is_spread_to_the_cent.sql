-- Do the days of every line of spend entered by hand sum to its amount, each with its share to the
-- smallest unit, and is no day to come in the marts?
-- Grain: one row per line whose days do not.
with

as_of as (
    select as_of_date
    from build.int_as_of
),

lines as (
    select
        platform,
        campaign_name,
        currency_code,
        first_day,
        last_day,
        amount
    from staging.seed_manual_spend
),

spread as (
    select
        days.platform,
        days.campaign_name,
        days.currency_code,
        days.first_day,
        days.last_day,
        days.amount,
        count(*) as days,
        count(distinct days.date_day) as different_days,
        min(days.date_day) as earliest_day,
        max(days.date_day) as latest_day,
        sum(days.spend) as spend,
        max(days.spend) - min(days.spend) as unevenness,
        bool_or(days.is_to_come <> (days.date_day > as_of.as_of_date)) as is_misplaced
    from build.int_manual_spend as days
    cross join as_of
    group by
        days.platform,
        days.campaign_name,
        days.currency_code,
        days.first_day,
        days.last_day,
        days.amount
),

wrong as (
    select
        coalesce(lines.platform, spread.platform) as platform,
        coalesce(lines.campaign_name, spread.campaign_name) as campaign_name,
        coalesce(lines.currency_code, spread.currency_code) as currency_code,
        coalesce(lines.first_day, spread.first_day) as first_day,
        coalesce(lines.last_day, spread.last_day) as last_day,
        lines.amount,
        spread.spend,
        spread.days
    from lines
    full outer join spread
        on
            lines.platform = spread.platform
            and lines.campaign_name = spread.campaign_name
            and lines.currency_code = spread.currency_code
            and lines.first_day = spread.first_day
            and lines.last_day = spread.last_day
            and lines.amount = spread.amount
    left join staging.stg_currencies as currencies
        on lines.currency_code = currencies.currency_code
    where
        lines.amount is distinct from spread.spend
        or spread.days is distinct from lines.last_day - lines.first_day + 1
        or spread.different_days <> spread.days
        or spread.earliest_day <> lines.first_day
        or spread.latest_day <> lines.last_day
        or spread.unevenness > currencies.smallest_unit
        or spread.is_misplaced
)

select * from wrong
