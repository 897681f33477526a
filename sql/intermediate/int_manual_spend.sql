-- What of the spend entered by hand falls on each day?
-- Grain: one row per line of the seed and day of its range.
-- A line's amount is shared out evenly in its currency's smallest unit; the units that are left
-- over go one each to the first days, so that the days sum to the amount. A credit is shared out
-- like a cost. Days after the as-of day are to come: they are in no mart yet.
with

as_of as (
    select as_of_date
    from build.int_as_of
),

counted as (
    select
        lines.platform,
        lines.campaign_name,
        lines.channel,
        lines.currency_code,
        lines.first_day,
        lines.last_day,
        lines.amount,
        currencies.smallest_unit,
        lines.last_day - lines.first_day + 1 as days,
        cast(round(abs(lines.amount) / currencies.smallest_unit) as bigint) as units,
        case when lines.amount < 0 then -1 else 1 end as direction
    from staging.seed_manual_spend as lines
    inner join staging.stg_currencies as currencies
        on lines.currency_code = currencies.currency_code
),

shared as (
    select
        platform,
        campaign_name,
        channel,
        currency_code,
        first_day,
        last_day,
        amount,
        smallest_unit,
        days,
        direction,
        cast((units - units % days) / days as bigint) as whole_units,
        units % days as units_left
    from counted
),

spread as (
    select
        shared.platform,
        'manual' as account_id,
        shared.campaign_name as campaign_id,
        shared.campaign_name,
        shared.channel,
        shared.currency_code,
        shared.first_day,
        shared.last_day,
        shared.first_day + cast(offsets.day_offset as integer) as date_day,
        shared.amount,
        cast(
            shared.direction
            * (
                shared.whole_units
                + case when offsets.day_offset < shared.units_left then 1 else 0 end
            )
            * shared.smallest_unit as numeric(20, 6)
        ) as spend,
        shared.first_day + cast(offsets.day_offset as integer) > as_of.as_of_date as is_to_come
    from shared
    cross join as_of
    inner join generate_series(0, 366) as offsets (day_offset)
        on shared.days > offsets.day_offset
)

select * from spread
