-- By how much did each changed fact move each figure of each mart's rows?
-- Grain: one row per mart, row, figure and fact.
-- The sum over the facts is what the figure moved by. Figure any stands for whatever else is
-- computed from a fact, such as medians. is_moved: the fact left the row or came into it.
-- Rows are named as in change_figures; those of months still open are here too.
with

spend_sides as (
    select
        fact_id,
        platform,
        account_id,
        campaign_id,
        old_channel as channel,
        cast(date_trunc('month', date_day) as date) as month,
        -1 as sign,
        old_spend_base as spend_base,
        old_impressions as impressions,
        old_clicks as clicks,
        old_reported_conversions as reported_conversions
    from build.change_spend
    where is_old
    union all
    select
        fact_id,
        platform,
        account_id,
        campaign_id,
        new_channel as channel,
        cast(date_trunc('month', date_day) as date) as month,
        1 as sign,
        new_spend_base as spend_base,
        new_impressions as impressions,
        new_clicks as clicks,
        new_reported_conversions as reported_conversions
    from build.change_spend
    where is_new
),

earned_sides as (
    select
        'person' as fact_kind,
        person_id as fact_id,
        old_platform as platform,
        old_account_id as account_id,
        old_campaign_id as campaign_id,
        old_crm_campaign_id as crm_campaign_id,
        old_channel as channel,
        old_cohort_month as month,
        -1 as sign,
        cast(null as numeric(18, 2)) as amount_base,
        old_is_mql as is_mql,
        old_is_sql as is_sql,
        false as is_won,
        false as is_closed,
        false as is_new_customer
    from build.change_people
    where is_old and not old_is_internal
    union all
    select
        'person' as fact_kind,
        person_id as fact_id,
        new_platform as platform,
        new_account_id as account_id,
        new_campaign_id as campaign_id,
        new_crm_campaign_id as crm_campaign_id,
        new_channel as channel,
        new_cohort_month as month,
        1 as sign,
        cast(null as numeric(18, 2)) as amount_base,
        new_is_mql as is_mql,
        new_is_sql as is_sql,
        false as is_won,
        false as is_closed,
        false as is_new_customer
    from build.change_people
    where is_new and not new_is_internal
    union all
    select
        'deal' as fact_kind,
        opportunity_id as fact_id,
        old_platform as platform,
        old_account_id as account_id,
        old_campaign_id as campaign_id,
        old_crm_campaign_id as crm_campaign_id,
        old_channel as channel,
        old_cohort_month as month,
        -1 as sign,
        old_amount_base as amount_base,
        false as is_mql,
        false as is_sql,
        old_is_won as is_won,
        old_is_closed as is_closed,
        old_is_new_customer as is_new_customer
    from build.change_deals
    where is_old and old_type_group = 'new_business'
    union all
    select
        'deal' as fact_kind,
        opportunity_id as fact_id,
        new_platform as platform,
        new_account_id as account_id,
        new_campaign_id as campaign_id,
        new_crm_campaign_id as crm_campaign_id,
        new_channel as channel,
        new_cohort_month as month,
        1 as sign,
        new_amount_base as amount_base,
        false as is_mql,
        false as is_sql,
        new_is_won as is_won,
        new_is_closed as is_closed,
        new_is_new_customer as is_new_customer
    from build.change_deals
    where is_new and new_type_group = 'new_business'
),

measured as (
    select
        'spend' as fact_kind,
        sides.fact_id,
        sides.platform,
        sides.account_id,
        sides.campaign_id,
        sides.channel,
        figures.figure,
        sides.month,
        sides.sign,
        cast(
            case figures.figure
                when 'spend_base' then sides.spend_base
                when 'impressions' then sides.impressions
                when 'clicks' then sides.clicks
                when 'reported_conversions' then sides.reported_conversions
                else 0
            end as numeric(26, 6)
        ) as amount
    from spend_sides as sides
    cross join (
        values ('spend_base'), ('impressions'), ('clicks'), ('reported_conversions'), ('any')
    ) as figures (figure)
    union all
    select
        sides.fact_kind,
        sides.fact_id,
        case
            when sides.channel = 'Unattributed' then 'unattributed'
            when sides.crm_campaign_id is not null then 'crm'
            else coalesce(sides.platform, 'unmatched')
        end as platform,
        case
            when sides.channel = 'Unattributed' then 'unattributed'
            when sides.crm_campaign_id is not null then 'crm'
            else coalesce(sides.account_id, 'unmatched')
        end as account_id,
        case
            when sides.channel = 'Unattributed' then 'unattributed'
            else coalesce(sides.crm_campaign_id, sides.campaign_id, 'unmatched')
        end as campaign_id,
        sides.channel,
        figures.figure,
        sides.month,
        sides.sign,
        cast(
            case
                when figures.figure in ('leads', 'opportunities') then 1
                when figures.figure = 'mqls' and sides.is_mql then 1
                when figures.figure = 'sqls' and sides.is_sql then 1
                when figures.figure = 'won_deals' and sides.is_won then 1
                when figures.figure = 'lost_deals' and sides.is_closed and not sides.is_won then 1
                when figures.figure = 'customers' and sides.is_new_customer then 1
                when figures.figure = 'won_revenue_base' and sides.is_won then sides.amount_base
                when figures.figure = 'open_pipeline_base' and not sides.is_closed
                    then sides.amount_base
                when
                    figures.figure = 'lost_amount_base' and sides.is_closed and not sides.is_won
                    then sides.amount_base
                else 0
            end as numeric(26, 6)
        ) as amount
    from earned_sides as sides
    inner join (
        values
        ('person', 'leads'),
        ('person', 'mqls'),
        ('person', 'sqls'),
        ('person', 'any'),
        ('deal', 'opportunities'),
        ('deal', 'won_deals'),
        ('deal', 'lost_deals'),
        ('deal', 'customers'),
        ('deal', 'won_revenue_base'),
        ('deal', 'open_pipeline_base'),
        ('deal', 'lost_amount_base'),
        ('deal', 'any')
    ) as figures (fact_kind, figure)
        on sides.fact_kind = figures.fact_kind
),

contributions as (
    select
        'mart_campaign_roi_monthly' as mart,
        platform || '/' || account_id || '/' || campaign_id || '/' || cast(month as text)
            as row_key,
        figure,
        fact_kind,
        fact_id,
        sum(sign * coalesce(amount, 0)) as delta,
        count(*) = 1 as is_moved
    from measured
    group by platform, account_id, campaign_id, month, figure, fact_kind, fact_id
    union all
    select
        'mart_channel_roi_monthly' as mart,
        channel || '/' || cast(month as text) as row_key,
        figure,
        fact_kind,
        fact_id,
        sum(sign * coalesce(amount, 0)) as delta,
        count(*) = 1 as is_moved
    from measured
    group by channel, month, figure, fact_kind, fact_id
),

moved as (
    select *
    from contributions
    where delta <> 0 or figure = 'any'
)

select * from moved
