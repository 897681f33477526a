-- Do the marts of sales cycles and of attribution rates hold every deal once, with its amount?
-- Grain: one row per mart, model, outcome, type group and close month that differs.
with

deals as (
    select
        case when is_won then 'won' when is_closed then 'lost' else 'open' end as outcome,
        type_group,
        cast(date_trunc('month', close_date) as date) as close_month,
        count(*) as deals,
        coalesce(sum(amount_base), 0) as amount_base
    from build.fct_opportunities
    group by
        case when is_won then 'won' when is_closed then 'lost' else 'open' end,
        type_group,
        cast(date_trunc('month', close_date) as date)
),

models as (
    select model from build.int_attribution_models
),

expected as (
    select
        'mart_sales_cycles_monthly' as mart,
        'none' as model,
        outcome,
        type_group,
        close_month,
        deals,
        amount_base
    from deals
    where outcome <> 'open'
    union all
    select
        'mart_attribution_rates_monthly' as mart,
        models.model,
        deals.outcome,
        deals.type_group,
        deals.close_month,
        deals.deals,
        deals.amount_base
    from deals
    cross join models
    where deals.outcome <> 'lost'
),

counted as (
    select
        'mart_sales_cycles_monthly' as mart,
        'none' as model,
        'won' as outcome,
        type_group,
        close_month,
        won_deals as deals,
        won_revenue_base as amount_base
    from build.mart_sales_cycles_monthly
    where won_deals > 0
    union all
    select
        'mart_sales_cycles_monthly' as mart,
        'none' as model,
        'lost' as outcome,
        type_group,
        close_month,
        lost_deals as deals,
        lost_amount_base as amount_base
    from build.mart_sales_cycles_monthly
    where lost_deals > 0
    union all
    select
        'mart_attribution_rates_monthly' as mart,
        model,
        basis as outcome,
        type_group,
        close_month,
        deals,
        amount_base
    from build.mart_attribution_rates_monthly
),

shown as (
    select
        mart,
        model,
        outcome,
        type_group,
        close_month,
        sum(deals) as deals,
        sum(coalesce(amount_base, 0)) as amount_base
    from counted
    group by mart, model, outcome, type_group, close_month
),

wrong as (
    select
        coalesce(expected.mart, shown.mart) as mart,
        coalesce(expected.model, shown.model) as model,
        coalesce(expected.outcome, shown.outcome) as outcome,
        coalesce(expected.type_group, shown.type_group) as type_group,
        coalesce(expected.close_month, shown.close_month) as close_month,
        expected.deals,
        shown.deals as shown_deals,
        expected.amount_base,
        shown.amount_base as shown_amount_base
    from expected
    full outer join shown
        on
            expected.mart = shown.mart
            and expected.model = shown.model
            and expected.outcome = shown.outcome
            and expected.type_group = shown.type_group
            and expected.close_month = shown.close_month
    where
        expected.deals is distinct from shown.deals
        or expected.amount_base is distinct from shown.amount_base
)

select * from wrong
