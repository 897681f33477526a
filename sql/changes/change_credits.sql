-- Which credits of deals count otherwise than when the marts were last published?
-- Grain: one row per row_key, rate_key, deal, touch and model that differs.
-- row_key names the row of mart_revenue_by_close_month, for deals won, and rate_key that of
-- mart_attribution_rates_monthly, both as change_figures does. Only credits in rows whose figures
-- moved are looked at.
with

moved_rows as (
    select distinct
        mart,
        row_key
    from build.change_figures
    where mart in ('mart_revenue_by_close_month', 'mart_attribution_rates_monthly')
),

both_sides as (
    select
        opportunity_id,
        touchpoint_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        channel,
        type_group,
        model,
        basis,
        close_date,
        amount_base,
        weight,
        false as is_new
    from marts.fct_attribution
    union all
    select
        opportunity_id,
        touchpoint_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        channel,
        type_group,
        model,
        basis,
        close_date,
        amount_base,
        weight,
        true as is_new
    from build.fct_attribution
),

placed as (
    select
        opportunity_id,
        touchpoint_id,
        model,
        basis,
        case
            when basis <> 'won' then null
            when touchpoint_id = 'unattributed' then 'unattributed/unattributed/unattributed'
            when crm_campaign_id is not null then 'crm/crm/' || crm_campaign_id
            else
                coalesce(platform, 'unmatched')
                || '/'
                || coalesce(account_id, 'unmatched')
                || '/'
                || coalesce(campaign_id, 'unmatched')
        end
        || '/'
        || channel
        || '/'
        || type_group
        || '/'
        || model
        || '/'
        || cast(cast(date_trunc('month', close_date) as date) as text) as row_key,
        model
        || '/'
        || basis
        || '/'
        || type_group
        || '/'
        || cast(cast(date_trunc('month', close_date) as date) as text) as rate_key,
        coalesce(amount_base, 0) as amount_base,
        weight,
        is_new
    from both_sides
),

compared as (
    select
        placed.row_key,
        placed.rate_key,
        placed.opportunity_id,
        placed.touchpoint_id,
        placed.model,
        cast(
            sum(case when placed.is_new then placed.weight else -placed.weight end)
            as numeric(20, 10)
        ) as weight,
        cast(
            sum(case when placed.is_new then placed.amount_base else -placed.amount_base end)
            as numeric(20, 2)
        ) as amount_base,
        bool_or(not placed.is_new) as is_old,
        bool_or(placed.is_new) as is_new
    from placed
    left join moved_rows as revenue_rows
        on
            revenue_rows.mart = 'mart_revenue_by_close_month'
            and placed.row_key = revenue_rows.row_key
    left join moved_rows as rate_rows
        on
            rate_rows.mart = 'mart_attribution_rates_monthly'
            and placed.rate_key = rate_rows.row_key
    where revenue_rows.row_key is not null or rate_rows.row_key is not null
    group by
        placed.row_key,
        placed.rate_key,
        placed.opportunity_id,
        placed.touchpoint_id,
        placed.model
),

changed as (
    select *
    from compared
    where weight <> 0 or amount_base <> 0
)

select * from changed
