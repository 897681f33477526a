-- Are the goals being reached: what should be there by each day, what is, and where will it land?
-- Grain: one row per goal and day of its period.
-- A target is spread evenly over the days of its period: by the end of a day that part of it is due
-- which the days so far are of all days, to the smallest unit of the currency (a number: to the
-- hundredth), so the days sum to the target exactly. Week, month, quarter and year to date are
-- their days within the period. Quarters and years are fiscal ones. Days from the as-of day on are
-- to come. Days before a system first tells of anything count 0 and belong to no pace.
-- Landing: what is there, and for each day left the mean of the 91 days (13 weeks) that ended with
-- this one, or of as many as are known, at least 28. Low and high hold four landings in five if
-- days go on differing as they did: 1.2816 standard deviations of a sum of so many days, the mean's
-- own uncertainty included.
with

as_of as (
    select
        as_of_date - 1 as last_whole_day,
        fiscal_year_start_month - 1 as fiscal_months
    from build.int_as_of
),

units as (
    select
        goals.metric,
        goals.channel,
        goals.period,
        goals.currency_code,
        goals.first_day,
        case goals.period
            when 'week' then goals.first_day + 6
            when 'month' then cast(goals.first_day + interval '1 month' as date) - 1
            when 'quarter' then cast(goals.first_day + interval '3 months' as date) - 1
            else cast(goals.first_day + interval '12 months' as date) - 1
        end as last_day,
        goals.value,
        coalesce(currencies.smallest_unit, 0.01) as smallest_unit,
        cast(round(goals.value / coalesce(currencies.smallest_unit, 0.01)) as bigint) as units
    from staging.seed_goals as goals
    left join staging.stg_currencies as currencies
        on goals.currency_code = currencies.currency_code
),

goals as (
    select
        metric,
        channel,
        period,
        currency_code,
        first_day,
        last_day,
        value,
        smallest_unit,
        units,
        last_day - first_day + 1 as days
    from units
),

-- The days before the period are there for their pace.
days as (
    select
        goals.metric,
        goals.channel,
        goals.period,
        goals.currency_code,
        goals.first_day,
        goals.last_day,
        goals.first_day + cast(offsets.day_offset as integer) as date_day,
        goals.value,
        goals.smallest_unit,
        cast(offsets.day_offset as integer) + 1 as day_number,
        2 * goals.days as twice_days,
        2 * goals.units * greatest(cast(offsets.day_offset as integer) + 1, 0) + goals.days
            as twice_due
    from goals
    inner join generate_series(-90, 365) as offsets (day_offset)
        on goals.days > offsets.day_offset
),

due as (
    select
        metric,
        channel,
        period,
        currency_code,
        first_day,
        last_day,
        date_day,
        value,
        day_number,
        cast(
            cast((twice_due - twice_due % twice_days) / twice_days as bigint) * smallest_unit
            as numeric(20, 6)
        ) as target_to_date
    from days
),

known as (
    select
        case when metric in ('spend', 'visitors') then metric else 'crm' end as system_name,
        min(known_from) as known_from
    from build.int_daily_figures
    group by case when metric in ('spend', 'visitors') then metric else 'crm' end
),

figures as (
    select
        metric,
        channel,
        date_day,
        amount
    from build.int_daily_figures
    union all
    select
        metric,
        'All' as channel,
        date_day,
        cast(
            case when count(*) = count(amount) then sum(amount) end as numeric(20, 6)
        ) as amount
    from build.int_daily_figures
    group by metric, date_day
),

compared as (
    select
        due.metric,
        due.channel,
        due.period,
        due.currency_code,
        due.first_day,
        due.last_day,
        due.date_day,
        due.value,
        due.day_number,
        due.target_to_date,
        case
            when due.date_day > as_of.last_whole_day or known.known_from is null then null
            when figures.metric is null then 0
            else figures.amount
        end as actual_day,
        due.date_day >= known.known_from as is_known,
        cast(date_trunc('week', due.date_day) as date) as week_start,
        cast(date_trunc('month', due.date_day) as date) as month_start,
        cast(
            date_trunc('quarter', due.date_day - as_of.fiscal_months * interval '1 month') as date
        ) as fiscal_quarter,
        cast(
            date_trunc('year', due.date_day - as_of.fiscal_months * interval '1 month') as date
        ) as fiscal_year,
        due.date_day <= as_of.last_whole_day as is_over,
        as_of.last_whole_day
    from due
    cross join as_of
    left join known
        on
            known.system_name
            = case when due.metric in ('spend', 'visitors') then due.metric else 'crm' end
    left join figures
        on
            due.metric = figures.metric
            and due.channel = figures.channel
            and due.date_day = figures.date_day
),

paced as (
    select
        metric,
        channel,
        period,
        currency_code,
        first_day,
        last_day,
        date_day,
        week_start,
        month_start,
        fiscal_quarter,
        fiscal_year,
        value,
        day_number,
        target_to_date,
        target_to_date
        - lag(target_to_date) over (
            partition by metric, channel, period, first_day order by date_day
        ) as target_day,
        actual_day,
        count(case when is_known then actual_day end) over recently as pace_days,
        cast(sum(actual_day) over recently as numeric(30, 6)) as pace_sum,
        cast(
            sum(cast(actual_day as numeric(18, 2)) * cast(actual_day as numeric(18, 2)))
                over recently
            as double precision
        ) as pace_squares,
        is_over,
        last_whole_day
    from compared
    window
        recently as (
            partition by metric, channel, period, first_day
            order by date_day
            rows between 90 preceding and current row
        )
),

to_date as (
    select
        metric,
        channel,
        period,
        currency_code,
        first_day,
        last_day,
        date_day,
        value,
        target_day,
        actual_day,
        target_to_date,
        case
            when is_over and count(*) over so_far = count(actual_day) over so_far
                then sum(actual_day) over so_far
        end as actual_to_date,
        sum(target_day) over week_so_far as target_week_to_date,
        case
            when is_over and count(*) over week_so_far = count(actual_day) over week_so_far
                then sum(actual_day) over week_so_far
        end as actual_week_to_date,
        sum(target_day) over month_so_far as target_month_to_date,
        case
            when is_over and count(*) over month_so_far = count(actual_day) over month_so_far
                then sum(actual_day) over month_so_far
        end as actual_month_to_date,
        sum(target_day) over quarter_so_far as target_quarter_to_date,
        case
            when is_over and count(*) over quarter_so_far = count(actual_day) over quarter_so_far
                then sum(actual_day) over quarter_so_far
        end as actual_quarter_to_date,
        sum(target_day) over year_so_far as target_year_to_date,
        case
            when is_over and count(*) over year_so_far = count(actual_day) over year_so_far
                then sum(actual_day) over year_so_far
        end as actual_year_to_date,
        last_day - date_day as days_left,
        pace_days,
        pace_sum,
        pace_squares,
        is_over,
        date_day = greatest(first_day, least(last_day, last_whole_day)) as is_latest
    from paced
    where day_number > 0
    window
        so_far as (partition by metric, channel, period, first_day order by date_day),
        week_so_far as (
            partition by metric, channel, period, first_day, week_start order by date_day
        ),
        month_so_far as (
            partition by metric, channel, period, first_day, month_start order by date_day
        ),
        quarter_so_far as (
            partition by metric, channel, period, first_day, fiscal_quarter order by date_day
        ),
        year_so_far as (
            partition by metric, channel, period, first_day, fiscal_year order by date_day
        )
),

landing as (
    select
        metric,
        channel,
        period,
        currency_code,
        first_day,
        last_day,
        date_day,
        value,
        target_day,
        actual_day,
        target_to_date,
        actual_to_date,
        target_week_to_date,
        actual_week_to_date,
        target_month_to_date,
        actual_month_to_date,
        target_quarter_to_date,
        actual_quarter_to_date,
        target_year_to_date,
        actual_year_to_date,
        case
            when not is_over then null
            when days_left = 0 then actual_to_date
            when pace_days >= 28
                then
                    actual_to_date
                    + cast(
                        cast(
                            cast(pace_sum * days_left as numeric(30, 6))
                            / pace_days as numeric(30, 10)
                        ) as numeric(20, 6)
                    )
        end as projected_landing,
        case
            when not is_over then null
            when days_left = 0 then 0
            when pace_days >= 28
                then
                    1.2815515655
                    * sqrt(
                        greatest(
                            pace_squares
                            - cast(pace_sum as double precision)
                            * cast(pace_sum as double precision)
                            / pace_days,
                            0
                        )
                        / (pace_days - 1)
                        * (
                            days_left
                            + cast(days_left as double precision)
                            * cast(days_left as double precision)
                            / pace_days
                        )
                    )
        end as landing_margin,
        is_over,
        is_latest
    from to_date
),

judged as (
    select
        metric,
        channel,
        period,
        currency_code,
        case
            when not is_over then 'to come'
            when actual_to_date is null then 'unknown'
            when metric <> 'spend' and actual_to_date >= value then 'reached'
            when metric = 'spend' and actual_to_date > value then 'exceeded'
            when metric = 'spend' and date_day = last_day then 'kept'
            when date_day = last_day then 'missed'
            when projected_landing is null then 'unknown'
            when metric = 'spend' and projected_landing > value then 'over'
            when metric <> 'spend' and projected_landing < value then 'behind'
            else 'on course'
        end as verdict,
        first_day,
        last_day,
        date_day,
        value,
        cast(target_day as numeric(20, 6)) as target_day,
        cast(actual_day as numeric(20, 6)) as actual_day,
        cast(target_to_date as numeric(20, 6)) as target_to_date,
        cast(actual_to_date as numeric(20, 6)) as actual_to_date,
        cast(target_week_to_date as numeric(20, 6)) as target_week_to_date,
        cast(actual_week_to_date as numeric(20, 6)) as actual_week_to_date,
        cast(target_month_to_date as numeric(20, 6)) as target_month_to_date,
        cast(actual_month_to_date as numeric(20, 6)) as actual_month_to_date,
        cast(target_quarter_to_date as numeric(20, 6)) as target_quarter_to_date,
        cast(actual_quarter_to_date as numeric(20, 6)) as actual_quarter_to_date,
        cast(target_year_to_date as numeric(20, 6)) as target_year_to_date,
        cast(actual_year_to_date as numeric(20, 6)) as actual_year_to_date,
        cast(projected_landing as numeric(20, 6)) as projected_landing,
        cast(
            case
                when projected_landing is not null
                    then
                        greatest(
                            actual_to_date,
                            projected_landing
                            - cast(cast(landing_margin as numeric(30, 10)) as numeric(20, 2))
                        )
            end as numeric(20, 6)
        ) as projected_low,
        cast(
            projected_landing
            + cast(cast(landing_margin as numeric(30, 10)) as numeric(20, 2)) as numeric(20, 6)
        ) as projected_high,
        is_latest
    from landing
),

pacing as (
    select
        metric,
        channel,
        period,
        currency_code,
        verdict,
        first_day,
        last_day,
        date_day,
        value,
        target_day,
        actual_day,
        target_to_date,
        actual_to_date,
        target_week_to_date,
        actual_week_to_date,
        target_month_to_date,
        actual_month_to_date,
        target_quarter_to_date,
        actual_quarter_to_date,
        target_year_to_date,
        actual_year_to_date,
        projected_landing,
        projected_low,
        projected_high,
        case
            when verdict in ('reached', 'on course', 'kept') then true
            when verdict in ('behind', 'missed', 'over', 'exceeded') then false
        end as is_on_course,
        is_latest
    from judged
)

select * from pacing
