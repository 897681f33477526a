-- Does every model credit all deals won, and their whole amount, in the month they closed?
-- Grain: one row per model, type group and close month that differs.
with

won as (
    select
        type_group,
        cast(date_trunc('month', close_date) as date) as close_month,
        count(*) as deals,
        coalesce(sum(amount_base), 0) as amount_base
    from build.fct_opportunities
    where is_won
    group by type_group, cast(date_trunc('month', close_date) as date)
),

models as (
    select model from build.int_attribution_models
),

expected as (
    select
        models.model,
        won.type_group,
        won.close_month,
        won.deals,
        won.amount_base
    from won
    cross join models
),

shown as (
    select
        model,
        type_group,
        close_month,
        sum(deals) as deals,
        sum(coalesce(won_revenue_base, 0)) as won_revenue_base
    from build.mart_revenue_by_close_month
    group by model, type_group, close_month
),

wrong as (
    select
        coalesce(expected.model, shown.model) as model,
        coalesce(expected.type_group, shown.type_group) as type_group,
        coalesce(expected.close_month, shown.close_month) as close_month,
        expected.deals,
        shown.deals as credited_deals,
        expected.amount_base,
        shown.won_revenue_base
    from expected
    full outer join shown
        on
            expected.model = shown.model
            and expected.type_group = shown.type_group
            and expected.close_month = shown.close_month
    where
        expected.deals is distinct from shown.deals
        or expected.amount_base is distinct from shown.won_revenue_base
)

select * from wrong
