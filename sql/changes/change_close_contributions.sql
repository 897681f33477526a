-- By how much did each changed deal move each figure of the rows of close months?
-- Grain: one row per mart, row, figure and fact.
-- The sum over the facts is what the figure moved by. is_moved: the deal left the row or came into
-- it. Rows are named as in change_figures; those of months still open are here too.
with

-- Days are counted and one, so that none at all is less.
decision_sides as (
    select
        opportunity_id as fact_id,
        channel || '/' || type_group || '/'
        || cast(cast(date_trunc('month', close_date) as date) as text) as row_key,
        sign,
        case when is_won then 1 else 0 end as won_deals,
        case when is_won then 0 else 1 end as lost_deals,
        case when is_won then amount_base else 0 end as won_revenue_base,
        case when is_won then 0 else amount_base end as lost_amount_base,
        case when is_won then 1 + days_touch_to_created end as touch_to_created,
        case when is_won then 1 + days_created_to_close end as created_to_close,
        case
            when is_won then 1 + days_touch_to_created + days_created_to_close
        end as touch_to_close
    from build.change_deal_sides
    where is_closed
),

decision_moves as (
    select
        sides.fact_id,
        sides.row_key,
        figures.figure,
        count(*) as sides,
        cast(
            sum(
                sides.sign * coalesce(
                    case figures.figure
                        when 'won_deals' then sides.won_deals
                        when 'lost_deals' then sides.lost_deals
                        when 'won_revenue_base' then sides.won_revenue_base
                        when 'lost_amount_base' then sides.lost_amount_base
                        when 'touch_to_created' then sides.touch_to_created
                        when 'created_to_close' then sides.created_to_close
                        when 'touch_to_close' then sides.touch_to_close
                    end,
                    0
                )
            ) as numeric(32, 10)
        ) as amount
    from decision_sides as sides
    cross join (
        values
        ('won_deals'),
        ('lost_deals'),
        ('won_revenue_base'),
        ('lost_amount_base'),
        ('touch_to_created'),
        ('created_to_close'),
        ('touch_to_close')
    ) as figures (figure)
    group by sides.fact_id, sides.row_key, figures.figure
),

contributions as (
    select
        'mart_sales_cycles_monthly' as mart,
        row_key,
        figure,
        'decision' as fact_kind,
        fact_id,
        amount as delta,
        sides = 1 as is_moved
    from decision_moves
    union all
    select
        'mart_revenue_by_close_month' as mart,
        credits.row_key,
        figures.figure,
        'credit' as fact_kind,
        credits.opportunity_id
        || case when credits.model in ('markov', 'shapley') then '/learned' else '' end as fact_id,
        cast(
            sum(
                case figures.figure
                    when 'deals' then credits.weight
                    else credits.amount_base
                end
            ) as numeric(32, 10)
        ) as delta,
        false as is_moved
    from build.change_credits as credits
    cross join (
        values ('deals'), ('won_revenue_base')
    ) as figures (figure)
    where credits.row_key is not null
    group by credits.row_key, figures.figure, credits.opportunity_id, credits.model
    union all
    select
        'mart_attribution_rates_monthly' as mart,
        credits.rate_key as row_key,
        figures.figure,
        'rated' as fact_kind,
        credits.opportunity_id as fact_id,
        cast(
            sum(
                case
                    when
                        figures.figure in ('attributed_deals', 'attributed_amount_base')
                        and credits.touchpoint_id = 'unattributed'
                        then 0
                    when figures.figure in ('deals', 'attributed_deals') then credits.weight
                    else credits.amount_base
                end
            ) as numeric(32, 10)
        ) as delta,
        false as is_moved
    from build.change_credits as credits
    cross join (
        values ('deals'), ('attributed_deals'), ('amount_base'), ('attributed_amount_base')
    ) as figures (figure)
    group by credits.rate_key, figures.figure, credits.opportunity_id
),

moved as (
    select *
    from contributions
    where delta <> 0
)

select * from moved
