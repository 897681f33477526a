-- Is the open pipeline credited, unattributed included, what the CRM says, to the cent?
-- Grain: one row per model, month of the close day and currency that differs.
with

crm_deals as (
    select
        cast(date_trunc('month', close_date) as date) as month,
        currency_code,
        sum(coalesce(amount, 0)) as amount
    from staging.stg_crm_opportunities
    where not is_deleted and not is_won and not is_closed
    group by cast(date_trunc('month', close_date) as date), currency_code
),

models as (
    select model
    from build.int_attribution_models
),

expected as (
    select
        models.model,
        crm_deals.month,
        crm_deals.currency_code,
        crm_deals.amount
    from crm_deals
    cross join models
),

credited as (
    select
        model,
        cast(date_trunc('month', close_date) as date) as month,
        currency_code,
        sum(coalesce(amount, 0)) as amount
    from build.fct_attribution
    where basis = 'open'
    group by model, cast(date_trunc('month', close_date) as date), currency_code
),

wrong as (
    select
        coalesce(expected.model, credited.model) as model,
        coalesce(expected.month, credited.month) as month,
        coalesce(expected.currency_code, credited.currency_code) as currency_code,
        expected.amount as crm_amount,
        credited.amount as credited_amount
    from expected
    full outer join credited
        on
            expected.model = credited.model
            and expected.month = credited.month
            and expected.currency_code = credited.currency_code
    where expected.amount is distinct from credited.amount
)

select * from wrong
