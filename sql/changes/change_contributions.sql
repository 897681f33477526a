-- By how much did each changed fact move each figure of the rows of cohorts?
-- Grain: one row per mart, row, figure and fact.
-- The sum over the facts is what the figure moved by. Figure any stands for whatever else is
-- computed from a fact, such as medians. is_moved: the fact left the row or came into it.
-- Rows are named as in change_figures; those of months still open are here too. A fact that stays
-- where it is makes one move with both sides in it, else one of each side.
with

spend_moves as (
    select
        fact_id,
        platform,
        account_id,
        campaign_id,
        new_channel as channel,
        cast(date_trunc('month', date_day) as date) as month,
        2 as sides,
        new_spend_base - old_spend_base as spend_base,
        new_impressions - old_impressions as impressions,
        new_clicks - old_clicks as clicks,
        coalesce(new_reported_conversions, 0)
        - coalesce(old_reported_conversions, 0) as reported_conversions
    from build.change_spend
    where is_old and is_new and old_channel is not distinct from new_channel
    union all
    select
        fact_id,
        platform,
        account_id,
        campaign_id,
        old_channel as channel,
        cast(date_trunc('month', date_day) as date) as month,
        1 as sides,
        -old_spend_base as spend_base,
        -old_impressions as impressions,
        -old_clicks as clicks,
        -old_reported_conversions as reported_conversions
    from build.change_spend
    where is_old and (not is_new or old_channel is distinct from new_channel)
    union all
    select
        fact_id,
        platform,
        account_id,
        campaign_id,
        new_channel as channel,
        cast(date_trunc('month', date_day) as date) as month,
        1 as sides,
        new_spend_base as spend_base,
        new_impressions as impressions,
        new_clicks as clicks,
        new_reported_conversions as reported_conversions
    from build.change_spend
    where is_new and (not is_old or old_channel is distinct from new_channel)
),

earned_sides as (
    select
        'person' as fact_kind,
        person_id as fact_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        channel,
        cohort_month as month,
        sign,
        1 as leads,
        case when is_mql then 1 else 0 end as mqls,
        case when is_sql then 1 else 0 end as sqls,
        0 as opportunities,
        0 as won_deals,
        0 as lost_deals,
        0 as customers,
        cast(0 as numeric(18, 2)) as won_revenue_base,
        cast(0 as numeric(18, 2)) as open_pipeline_base,
        cast(0 as numeric(18, 2)) as lost_amount_base
    from build.change_people_sides
    union all
    select
        'deal' as fact_kind,
        opportunity_id as fact_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        channel,
        cohort_month as month,
        sign,
        0 as leads,
        0 as mqls,
        0 as sqls,
        1 as opportunities,
        case when is_won then 1 else 0 end as won_deals,
        case when is_closed and not is_won then 1 else 0 end as lost_deals,
        case when is_new_customer then 1 else 0 end as customers,
        case when is_won then amount_base else 0 end as won_revenue_base,
        case when not is_closed then amount_base else 0 end as open_pipeline_base,
        case when is_closed and not is_won then amount_base else 0 end as lost_amount_base
    from build.change_deal_sides
    where type_group = 'new_business'
),

earned_moves as (
    select
        fact_kind,
        fact_id,
        case
            when channel = 'Unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(platform, 'unmatched')
        end as platform,
        case
            when channel = 'Unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(account_id, 'unmatched')
        end as account_id,
        case
            when channel = 'Unattributed' then 'unattributed'
            else coalesce(crm_campaign_id, campaign_id, 'unmatched')
        end as campaign_id,
        channel,
        month,
        count(*) as sides,
        cast(sum(sign * coalesce(leads, 0)) as bigint) as leads,
        cast(sum(sign * coalesce(mqls, 0)) as bigint) as mqls,
        cast(sum(sign * coalesce(sqls, 0)) as bigint) as sqls,
        cast(sum(sign * coalesce(opportunities, 0)) as bigint) as opportunities,
        cast(sum(sign * coalesce(won_deals, 0)) as bigint) as won_deals,
        cast(sum(sign * coalesce(lost_deals, 0)) as bigint) as lost_deals,
        cast(sum(sign * coalesce(customers, 0)) as bigint) as customers,
        cast(sum(sign * coalesce(won_revenue_base, 0)) as numeric(20, 2)) as won_revenue_base,
        cast(sum(sign * coalesce(open_pipeline_base, 0)) as numeric(20, 2)) as open_pipeline_base,
        cast(sum(sign * coalesce(lost_amount_base, 0)) as numeric(20, 2)) as lost_amount_base
    from earned_sides
    group by
        fact_kind,
        fact_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        channel,
        month
),

-- A person's time between two stages, in seconds and one, so that none at all is less.
funnel_sides as (
    select
        person_id as fact_id,
        channel,
        cohort_month as month,
        sign,
        1 as leads,
        case when is_mql then 1 else 0 end as mqls,
        case when is_sql then 1 else 0 end as sqls,
        case when opportunity_at is not null then 1 else 0 end as opportunities,
        case when customer_at is not null then 1 else 0 end as customers,
        case
            when mql_at >= lead_at
                then
                    1
                    + cast(floor(extract(epoch from mql_at)) as bigint)
                    - cast(floor(extract(epoch from lead_at)) as bigint)
            else 0
        end as lead_to_mql,
        case
            when sql_at >= mql_at
                then
                    1
                    + cast(floor(extract(epoch from sql_at)) as bigint)
                    - cast(floor(extract(epoch from mql_at)) as bigint)
            else 0
        end as mql_to_sql,
        case
            when opportunity_at >= sql_at
                then
                    1
                    + cast(floor(extract(epoch from opportunity_at)) as bigint)
                    - cast(floor(extract(epoch from sql_at)) as bigint)
            else 0
        end as sql_to_opportunity,
        case
            when customer_at >= opportunity_at
                then
                    1
                    + cast(floor(extract(epoch from customer_at)) as bigint)
                    - cast(floor(extract(epoch from opportunity_at)) as bigint)
            else 0
        end as opportunity_to_customer
    from build.change_people_sides
),

funnel_moves as (
    select
        sides.fact_id,
        sides.channel,
        figures.figure,
        sides.month,
        count(*) as sides,
        sum(
            sides.sign * case figures.figure
                when 'leads' then sides.leads
                when 'mqls' then sides.mqls
                when 'sqls' then sides.sqls
                when 'opportunities' then sides.opportunities
                when 'customers' then sides.customers
                when 'lead_to_mql' then sides.lead_to_mql
                when 'mql_to_sql' then sides.mql_to_sql
                when 'sql_to_opportunity' then sides.sql_to_opportunity
                when 'opportunity_to_customer' then sides.opportunity_to_customer
                else 0
            end
        ) as amount
    from funnel_sides as sides
    cross join (
        values
        ('leads'),
        ('mqls'),
        ('sqls'),
        ('opportunities'),
        ('customers'),
        ('lead_to_mql'),
        ('mql_to_sql'),
        ('sql_to_opportunity'),
        ('opportunity_to_customer'),
        ('any')
    ) as figures (figure)
    group by sides.fact_id, sides.channel, figures.figure, sides.month
),

measured as (
    select
        'spend' as fact_kind,
        moves.fact_id,
        moves.platform,
        moves.account_id,
        moves.campaign_id,
        moves.channel,
        figures.figure,
        moves.month,
        moves.sides,
        cast(
            case figures.figure
                when 'spend_base' then moves.spend_base
                when 'impressions' then moves.impressions
                when 'clicks' then moves.clicks
                when 'reported_conversions' then moves.reported_conversions
            end as numeric(32, 10)
        ) as amount
    from spend_moves as moves
    cross join (
        values ('spend_base'), ('impressions'), ('clicks'), ('reported_conversions')
    ) as figures (figure)
    union all
    select
        moves.fact_kind,
        moves.fact_id,
        moves.platform,
        moves.account_id,
        moves.campaign_id,
        moves.channel,
        figures.figure,
        moves.month,
        moves.sides,
        cast(
            case figures.figure
                when 'leads' then moves.leads
                when 'mqls' then moves.mqls
                when 'sqls' then moves.sqls
                when 'opportunities' then moves.opportunities
                when 'won_deals' then moves.won_deals
                when 'lost_deals' then moves.lost_deals
                when 'customers' then moves.customers
                when 'won_revenue_base' then moves.won_revenue_base
                when 'open_pipeline_base' then moves.open_pipeline_base
                when 'lost_amount_base' then moves.lost_amount_base
                else 0
            end as numeric(32, 10)
        ) as amount
    from earned_moves as moves
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
        on moves.fact_kind = figures.fact_kind
),

kept as (
    select *
    from measured
    where amount <> 0 or figure = 'any'
),

contributions as (
    select
        'mart_campaign_roi_monthly' as mart,
        platform || '/' || account_id || '/' || campaign_id || '/' || cast(month as text)
            as row_key,
        figure,
        fact_kind,
        fact_id,
        sum(amount) as delta,
        sum(sides) = 1 as is_moved
    from kept
    group by platform, account_id, campaign_id, month, figure, fact_kind, fact_id
    union all
    select
        'mart_channel_roi_monthly' as mart,
        channel || '/' || cast(month as text) as row_key,
        figure,
        fact_kind,
        fact_id,
        sum(amount) as delta,
        sum(sides) = 1 as is_moved
    from kept
    group by channel, month, figure, fact_kind, fact_id
    union all
    select
        'mart_funnel_monthly' as mart,
        channel || '/' || cast(month as text) as row_key,
        figure,
        'person' as fact_kind,
        fact_id,
        cast(amount as numeric(32, 10)) as delta,
        sides = 1 as is_moved
    from funnel_moves
),

moved as (
    select *
    from contributions
    where delta <> 0 or figure = 'any'
)

select * from moved
