-- Which credits of deals won count otherwise than when the marts were last published?
-- Grain: one row per row of mart_revenue_by_close_month, deal, touch and model that differs.
-- Only rows whose figures moved are looked at; row_key names them as change_figures does.
with

moved_rows as (
    select distinct row_key
    from build.change_figures
    where mart = 'mart_revenue_by_close_month'
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
        close_date,
        amount_base,
        weight,
        false as is_new
    from marts.fct_attribution
    where basis = 'won'
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
        close_date,
        amount_base,
        weight,
        true as is_new
    from build.fct_attribution
    where basis = 'won'
),

placed as (
    select
        opportunity_id,
        touchpoint_id,
        model,
        case
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
        coalesce(amount_base, 0) as amount_base,
        weight,
        is_new
    from both_sides
),

compared as (
    select
        placed.row_key,
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
    inner join moved_rows
        on placed.row_key = moved_rows.row_key
    group by placed.row_key, placed.opportunity_id, placed.touchpoint_id, placed.model
),

changed as (
    select *
    from compared
    where weight <> 0 or amount_base <> 0
)

select * from changed
