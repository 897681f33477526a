-- Which content begins deals, and which moves them, of what was first chosen in the chosen months?
-- Grain: one row per content; what began and moved most deals first.
-- Contents are of months alone: no filter divides them.
with

contents as (
    select
        content_kind,
        content_id,
        min(content_name) as content_name,
        cast(sum(people) as bigint) as people,
        cast(sum(begun_people) as bigint) as begun_people,
        cast(sum(begun_opportunities) as bigint) as begun_opportunities,
        cast(sum(begun_won_deals) as bigint) as begun_won_deals,
        case
            when count(begun_won_revenue_base) = count(*)
                then cast(sum(begun_won_revenue_base) as numeric(18, 2))
        end as begun_won_revenue_base,
        cast(sum(moved_opportunities) as bigint) as moved_opportunities,
        cast(sum(moved_won_deals) as bigint) as moved_won_deals,
        case
            when count(moved_won_revenue_base) = count(*)
                then cast(sum(moved_won_revenue_base) as numeric(18, 2))
        end as moved_won_revenue_base,
        cast(
            cast(
                sum(begun_cycle_days * begun_won_deals)
                / nullif(sum(begun_won_deals), 0) as numeric(24, 10)
            ) as numeric(20, 1)
        ) as begun_cycle_days,
        cast(
            cast(
                sum(moved_cycle_days * moved_won_deals)
                / nullif(sum(moved_won_deals), 0) as numeric(24, 10)
            ) as numeric(20, 1)
        ) as moved_cycle_days
    from marts.mart_content_performance
    where content_month between cast(:from_month as date) and cast(:to_month as date)
    group by content_kind, content_id
),

listed as (
    select
        content_kind,
        content_id,
        content_name,
        people,
        begun_people,
        begun_opportunities,
        begun_won_deals,
        begun_won_revenue_base,
        moved_opportunities,
        moved_won_deals,
        moved_won_revenue_base,
        begun_cycle_days,
        moved_cycle_days,
        count(*) over () as matches
    from contents
    order by
        case when content_kind = 'unknown' then 1 else 0 end asc,
        begun_opportunities + moved_opportunities desc,
        people desc,
        content_kind asc,
        content_id asc
    limit cast(:at_most as bigint)
)

select * from listed
