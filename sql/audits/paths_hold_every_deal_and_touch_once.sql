-- Is every deal on one path, with its amount and with all touches until its close?
-- Grain: one row per type group and outcome that differs.
with

as_of as (
    select 'closed/' || cast(attribution_look_back_days as text) as touch_window
    from build.int_as_of
),

touches as (
    select
        deal_touches.opportunity_id,
        count(*) as touches
    from build.int_deal_touches as deal_touches
    inner join as_of
        on deal_touches.touch_window = as_of.touch_window
    group by deal_touches.opportunity_id
),

deals as (
    select
        deals.type_group,
        case when deals.is_won then 'won' when deals.is_closed then 'lost' else 'open' end
            as outcome,
        count(*) as deals,
        count(*) filter (where touches.touches is null) as unattributed_deals,
        coalesce(sum(touches.touches), 0) as touches,
        coalesce(sum(deals.amount_base), 0) as amount_base
    from build.fct_opportunities as deals
    left join touches
        on deals.opportunity_id = touches.opportunity_id
    group by
        deals.type_group,
        case when deals.is_won then 'won' when deals.is_closed then 'lost' else 'open' end
),

shown as (
    select
        type_group,
        outcome,
        sum(deals) as deals,
        coalesce(sum(deals) filter (where path = 'unattributed'), 0) as unattributed_deals,
        sum(touches) as touches,
        sum(coalesce(amount_base, 0)) as amount_base
    from build.mart_paths
    group by type_group, outcome
),

wrong as (
    select
        coalesce(deals.type_group, shown.type_group) as type_group,
        coalesce(deals.outcome, shown.outcome) as outcome,
        deals.deals,
        shown.deals as path_deals,
        deals.touches,
        shown.touches as path_touches,
        deals.amount_base,
        shown.amount_base as path_amount_base
    from deals
    full outer join shown
        on
            deals.type_group = shown.type_group
            and deals.outcome = shown.outcome
    where
        deals.deals is distinct from shown.deals
        or deals.unattributed_deals is distinct from shown.unattributed_deals
        or deals.touches is distinct from shown.touches
        or deals.amount_base is distinct from shown.amount_base
)

select * from wrong
