-- Which content begins deals, and which moves them?
-- Grain: one row per content and month.
-- A content counts in the month in which it was chosen first: by a person, or by any of a deal's
-- people. It begins a deal whose first touch showed it; it moves one whose people chose it, up to
-- the close and within the look-back, by another touch than that. Deals are of new business.
with

as_of as (
    select 'closed/' || cast(attribution_look_back_days as text) as touch_window
    from build.int_as_of
),

contents as (
    select
        touchpoint_id,
        person_id,
        content_kind,
        content_id,
        content_name,
        touch_month,
        touch_number,
        touched_at
    from build.int_touch_contents
),

names as (
    select
        content_kind,
        content_id,
        min(content_name) as content_name
    from contents
    group by content_kind, content_id
),

choices as (
    select
        content_kind,
        content_id,
        person_id,
        min(touch_month) as content_month
    from contents
    group by content_kind, content_id, person_id
),

deals as (
    select
        opportunity_id,
        first_touchpoint_id,
        cohort_month,
        amount,
        amount_base,
        is_won,
        closed_at
    from build.fct_opportunities
    where type_group = 'new_business'
),

begun as (
    select
        contents.content_kind,
        contents.content_id,
        deals.cohort_month as content_month,
        deals.amount,
        deals.amount_base,
        deals.is_won,
        cast(floor(extract(epoch from deals.closed_at)) as bigint)
        - cast(floor(extract(epoch from contents.touched_at)) as bigint) as cycle_seconds
    from deals
    inner join contents
        on deals.first_touchpoint_id = contents.touchpoint_id
),

ranked_moves as (
    select
        deals.opportunity_id,
        contents.content_kind,
        contents.content_id,
        contents.touch_month as content_month,
        deals.amount,
        deals.amount_base,
        deals.is_won,
        cast(floor(extract(epoch from deals.closed_at)) as bigint)
        - cast(floor(extract(epoch from contents.touched_at)) as bigint) as cycle_seconds,
        row_number() over (
            partition by deals.opportunity_id, contents.content_kind, contents.content_id
            order by touches.touch_number
        ) as place
    from build.int_deal_touches as touches
    inner join as_of
        on touches.touch_window = as_of.touch_window
    inner join deals
        on touches.opportunity_id = deals.opportunity_id
    inner join contents
        on touches.touchpoint_id = contents.touchpoint_id
    where touches.touchpoint_id is distinct from deals.first_touchpoint_id
),

counted as (
    select
        content_kind,
        content_id,
        content_month,
        count(*) as people,
        0 as begun_people,
        0 as begun_opportunities,
        0 as begun_won_deals,
        0 as moved_opportunities,
        0 as moved_won_deals,
        0 as begun_unpriced,
        0 as moved_unpriced,
        cast(0 as numeric(18, 2)) as begun_won_revenue,
        cast(0 as numeric(18, 2)) as moved_won_revenue,
        cast(0 as bigint) as begun_seconds,
        cast(0 as bigint) as moved_seconds
    from choices
    group by content_kind, content_id, content_month
    union all
    select
        content_kind,
        content_id,
        touch_month as content_month,
        0 as people,
        count(*) as begun_people,
        0 as begun_opportunities,
        0 as begun_won_deals,
        0 as moved_opportunities,
        0 as moved_won_deals,
        0 as begun_unpriced,
        0 as moved_unpriced,
        cast(0 as numeric(18, 2)) as begun_won_revenue,
        cast(0 as numeric(18, 2)) as moved_won_revenue,
        cast(0 as bigint) as begun_seconds,
        cast(0 as bigint) as moved_seconds
    from contents
    where touch_number = 1
    group by content_kind, content_id, touch_month
    union all
    select
        content_kind,
        content_id,
        content_month,
        0 as people,
        0 as begun_people,
        count(*) as begun_opportunities,
        count(*) filter (where is_won) as begun_won_deals,
        0 as moved_opportunities,
        0 as moved_won_deals,
        count(*) filter (where is_won and amount is not null and amount_base is null)
            as begun_unpriced,
        0 as moved_unpriced,
        cast(coalesce(sum(amount_base) filter (where is_won), 0) as numeric(18, 2))
            as begun_won_revenue,
        cast(0 as numeric(18, 2)) as moved_won_revenue,
        cast(coalesce(sum(cycle_seconds) filter (where is_won), 0) as bigint) as begun_seconds,
        cast(0 as bigint) as moved_seconds
    from begun
    group by content_kind, content_id, content_month
    union all
    select
        content_kind,
        content_id,
        content_month,
        0 as people,
        0 as begun_people,
        0 as begun_opportunities,
        0 as begun_won_deals,
        count(*) as moved_opportunities,
        count(*) filter (where is_won) as moved_won_deals,
        0 as begun_unpriced,
        count(*) filter (where is_won and amount is not null and amount_base is null)
            as moved_unpriced,
        cast(0 as numeric(18, 2)) as begun_won_revenue,
        cast(coalesce(sum(amount_base) filter (where is_won), 0) as numeric(18, 2))
            as moved_won_revenue,
        cast(0 as bigint) as begun_seconds,
        cast(coalesce(sum(cycle_seconds) filter (where is_won), 0) as bigint) as moved_seconds
    from ranked_moves
    where place = 1
    group by content_kind, content_id, content_month
),

summed as (
    select
        content_kind,
        content_id,
        content_month,
        cast(sum(people) as bigint) as people,
        cast(sum(begun_people) as bigint) as begun_people,
        cast(sum(begun_opportunities) as bigint) as begun_opportunities,
        cast(sum(begun_won_deals) as bigint) as begun_won_deals,
        cast(sum(moved_opportunities) as bigint) as moved_opportunities,
        cast(sum(moved_won_deals) as bigint) as moved_won_deals,
        case when sum(begun_unpriced) = 0 then sum(begun_won_revenue) end as begun_won_revenue,
        case when sum(moved_unpriced) = 0 then sum(moved_won_revenue) end as moved_won_revenue,
        sum(begun_seconds) as begun_seconds,
        sum(moved_seconds) as moved_seconds
    from counted
    group by content_kind, content_id, content_month
),

told as (
    select
        summed.content_id,
        summed.content_kind,
        names.content_name,
        summed.content_month,
        summed.people,
        summed.begun_people,
        summed.begun_opportunities,
        summed.begun_won_deals,
        summed.moved_opportunities,
        summed.moved_won_deals,
        cast(summed.begun_won_revenue as numeric(18, 2)) as begun_won_revenue_base,
        cast(summed.moved_won_revenue as numeric(18, 2)) as moved_won_revenue_base,
        cast(
            cast(
                cast(summed.begun_seconds as numeric(20, 1))
                / nullif(summed.begun_won_deals * 86400, 0) as numeric(24, 10)
            ) as numeric(20, 4)
        ) as begun_cycle_days,
        cast(
            cast(
                cast(summed.moved_seconds as numeric(20, 1))
                / nullif(summed.moved_won_deals * 86400, 0) as numeric(24, 10)
            ) as numeric(20, 4)
        ) as moved_cycle_days
    from summed
    inner join names
        on
            summed.content_kind = names.content_kind
            and summed.content_id = names.content_id
)

select * from told
