-- Does some content begin every person and deal that was touched, and move what touches show?
-- Grain: one row per month that counts otherwise.
with

as_of as (
    select
        reporting_zone,
        'closed/' || cast(attribution_look_back_days as text) as touch_window
    from build.int_as_of
),

deals as (
    select
        opportunity_id,
        first_touchpoint_id,
        cohort_month,
        amount_base,
        is_won
    from build.fct_opportunities
    where type_group = 'new_business'
),

moved as (
    select
        deals.opportunity_id,
        contents.content_kind,
        contents.content_id,
        min(cast(date_trunc(
            'month', touches.touched_at at time zone as_of.reporting_zone
        ) as date)) as content_month
    from deals
    inner join build.int_deal_touches as touches
        on deals.opportunity_id = touches.opportunity_id
    inner join as_of
        on touches.touch_window = as_of.touch_window
    inner join build.int_touch_contents as contents
        on touches.touchpoint_id = contents.touchpoint_id
    where deals.first_touchpoint_id is distinct from touches.touchpoint_id
    group by deals.opportunity_id, contents.content_kind, contents.content_id
),

facts as (
    select
        cohort_month as content_month,
        count(*) as begun_people,
        0 as begun_opportunities,
        cast(0 as numeric(18, 2)) as won_revenue,
        0 as moved_opportunities
    from build.fct_people
    where not is_internal and first_touchpoint_id is not null
    group by cohort_month
    union all
    select
        cohort_month as content_month,
        0 as begun_people,
        count(*) as begun_opportunities,
        cast(coalesce(sum(amount_base) filter (where is_won), 0) as numeric(18, 2))
            as won_revenue,
        0 as moved_opportunities
    from deals
    where first_touchpoint_id is not null
    group by cohort_month
    union all
    select
        content_month,
        0 as begun_people,
        0 as begun_opportunities,
        cast(0 as numeric(18, 2)) as won_revenue,
        count(*) as moved_opportunities
    from moved
    group by content_month
),

summed as (
    select
        content_month,
        sum(begun_people) as begun_people,
        sum(begun_opportunities) as begun_opportunities,
        sum(won_revenue) as won_revenue,
        sum(moved_opportunities) as moved_opportunities
    from facts
    group by content_month
),

shown as (
    select
        content_month,
        sum(begun_people) as begun_people,
        sum(begun_opportunities) as begun_opportunities,
        sum(begun_won_revenue_base) as won_revenue,
        sum(moved_opportunities) as moved_opportunities,
        count(*) - count(begun_won_revenue_base) as unpriced
    from build.mart_content_performance
    group by content_month
),

wrong as (
    select
        coalesce(summed.content_month, shown.content_month) as content_month,
        summed.begun_people,
        shown.begun_people as shown_begun_people,
        summed.begun_opportunities,
        shown.begun_opportunities as shown_begun_opportunities,
        summed.won_revenue,
        shown.won_revenue as shown_won_revenue,
        summed.moved_opportunities,
        shown.moved_opportunities as shown_moved_opportunities
    from summed
    full outer join shown
        on summed.content_month = shown.content_month
    where
        coalesce(summed.begun_people, 0) is distinct from shown.begun_people
        or coalesce(summed.begun_opportunities, 0) is distinct from shown.begun_opportunities
        or coalesce(summed.moved_opportunities, 0) is distinct from shown.moved_opportunities
        or (
            shown.unpriced = 0
            and coalesce(summed.won_revenue, 0) is distinct from shown.won_revenue
        )
)

select * from wrong
