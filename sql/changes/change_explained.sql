-- What moved in the marts of closed months since they were last published, and why?
-- Grain: one row per mart, row and figure.
-- A ratio moved for the reasons of the figures it divides; a figure that is not listed among the
-- parts for those of every changed fact of its row. Where the facts do not make up the whole
-- difference, or tell no cause, the changed inputs of the build are the cause; without any,
-- unexplained.
with

parts as (
    select
        figure,
        part
    from (
        values
        ('cpc', 'spend_base'),
        ('cpc', 'clicks'),
        ('cpm', 'spend_base'),
        ('cpm', 'impressions'),
        ('ctr', 'clicks'),
        ('ctr', 'impressions'),
        ('cpl', 'spend_base'),
        ('cpl', 'leads'),
        ('cost_per_mql', 'spend_base'),
        ('cost_per_mql', 'mqls'),
        ('cost_per_sql', 'spend_base'),
        ('cost_per_sql', 'sqls'),
        ('cost_per_opportunity', 'spend_base'),
        ('cost_per_opportunity', 'opportunities'),
        ('cac', 'spend_base'),
        ('cac', 'customers'),
        ('roas', 'spend_base'),
        ('roas', 'won_revenue_base'),
        ('roi', 'spend_base'),
        ('roi', 'won_revenue_base'),
        ('pipeline_per_spend', 'spend_base'),
        ('pipeline_per_spend', 'open_pipeline_base'),
        ('win_rate', 'won_deals'),
        ('win_rate', 'lost_deals'),
        ('win_rate_by_amount', 'won_revenue_base'),
        ('win_rate_by_amount', 'lost_amount_base'),
        ('lead_to_mql_rate', 'leads'),
        ('lead_to_mql_rate', 'mqls'),
        ('mql_to_sql_rate', 'mqls'),
        ('mql_to_sql_rate', 'sqls'),
        ('sql_to_opportunity_rate', 'sqls'),
        ('sql_to_opportunity_rate', 'opportunities'),
        ('opportunity_to_customer_rate', 'opportunities'),
        ('opportunity_to_customer_rate', 'customers'),
        ('lead_to_customer_rate', 'leads'),
        ('lead_to_customer_rate', 'customers'),
        ('median_days_lead_to_mql', 'lead_to_mql'),
        ('median_days_mql_to_sql', 'mql_to_sql'),
        ('median_days_sql_to_opportunity', 'sql_to_opportunity'),
        ('median_days_opportunity_to_customer', 'opportunity_to_customer'),
        ('average_won_amount', 'won_revenue_base'),
        ('average_won_amount', 'won_deals'),
        ('days_touch_to_created_p50', 'touch_to_created'),
        ('days_touch_to_created_p90', 'touch_to_created'),
        ('days_created_to_close_p50', 'created_to_close'),
        ('days_created_to_close_p90', 'created_to_close'),
        ('days_touch_to_close_p50', 'touch_to_close'),
        ('days_touch_to_close_p90', 'touch_to_close'),
        ('sales_velocity', 'won_revenue_base'),
        ('sales_velocity', 'won_deals'),
        ('sales_velocity', 'created_to_close'),
        ('attribution_rate', 'deals'),
        ('attribution_rate', 'attributed_deals'),
        ('attribution_rate_by_amount', 'amount_base'),
        ('attribution_rate_by_amount', 'attributed_amount_base')
    ) as divided (figure, part)
    union all
    select
        figure,
        figure as part
    from (
        values
        ('spend_base'),
        ('impressions'),
        ('clicks'),
        ('reported_conversions'),
        ('leads'),
        ('mqls'),
        ('sqls'),
        ('opportunities'),
        ('won_deals'),
        ('lost_deals'),
        ('customers'),
        ('won_revenue_base'),
        ('open_pipeline_base'),
        ('lost_amount_base'),
        ('deals'),
        ('attributed_deals'),
        ('amount_base'),
        ('attributed_amount_base')
    ) as added (figure)
),

-- Which sums a fact makes up, and which of its aspects decide which sum.
made as (
    select
        fact_kind,
        part
    from (
        values
        ('spend', 'spend_base'),
        ('spend', 'impressions'),
        ('spend', 'clicks'),
        ('spend', 'reported_conversions'),
        ('person', 'leads'),
        ('person', 'mqls'),
        ('person', 'sqls'),
        ('person', 'opportunities'),
        ('person', 'customers'),
        ('person', 'lead_to_mql'),
        ('person', 'mql_to_sql'),
        ('person', 'sql_to_opportunity'),
        ('person', 'opportunity_to_customer'),
        ('person', 'any'),
        ('deal', 'opportunities'),
        ('deal', 'won_deals'),
        ('deal', 'lost_deals'),
        ('deal', 'customers'),
        ('deal', 'won_revenue_base'),
        ('deal', 'open_pipeline_base'),
        ('deal', 'lost_amount_base'),
        ('deal', 'any'),
        ('credit', 'deals'),
        ('credit', 'won_revenue_base'),
        ('decision', 'won_deals'),
        ('decision', 'lost_deals'),
        ('decision', 'won_revenue_base'),
        ('decision', 'lost_amount_base'),
        ('decision', 'touch_to_created'),
        ('decision', 'created_to_close'),
        ('decision', 'touch_to_close'),
        ('rated', 'deals'),
        ('rated', 'attributed_deals'),
        ('rated', 'amount_base'),
        ('rated', 'attributed_amount_base')
    ) as making (fact_kind, part)
),

aspects as (
    select
        fact_kind,
        part,
        aspect
    from (
        values
        ('spend', 'spend_base', 'spend'),
        ('spend', 'spend_base', 'rate'),
        ('spend', 'impressions', 'measures'),
        ('spend', 'clicks', 'measures'),
        ('spend', 'reported_conversions', 'measures'),
        ('person', 'mqls', 'mql'),
        ('person', 'sqls', 'sql'),
        ('person', 'opportunities', 'opportunity'),
        ('person', 'customers', 'customer'),
        ('person', 'lead_to_mql', 'lead'),
        ('person', 'lead_to_mql', 'mql'),
        ('person', 'mql_to_sql', 'mql'),
        ('person', 'mql_to_sql', 'sql'),
        ('person', 'sql_to_opportunity', 'sql'),
        ('person', 'sql_to_opportunity', 'opportunity'),
        ('person', 'opportunity_to_customer', 'opportunity'),
        ('person', 'opportunity_to_customer', 'customer'),
        ('deal', 'won_deals', 'outcome'),
        ('deal', 'lost_deals', 'outcome'),
        ('deal', 'customers', 'customer'),
        ('deal', 'won_revenue_base', 'outcome'),
        ('deal', 'won_revenue_base', 'amount'),
        ('deal', 'won_revenue_base', 'rate'),
        ('deal', 'open_pipeline_base', 'outcome'),
        ('deal', 'open_pipeline_base', 'amount'),
        ('deal', 'open_pipeline_base', 'rate'),
        ('deal', 'lost_amount_base', 'outcome'),
        ('deal', 'lost_amount_base', 'amount'),
        ('deal', 'lost_amount_base', 'rate'),
        ('credit', 'deals', 'touches'),
        ('credit', 'won_revenue_base', 'touches'),
        ('credit', 'won_revenue_base', 'amount'),
        ('credit', 'won_revenue_base', 'rate'),
        ('decision', 'won_revenue_base', 'amount'),
        ('decision', 'won_revenue_base', 'rate'),
        ('decision', 'lost_amount_base', 'amount'),
        ('decision', 'lost_amount_base', 'rate'),
        ('decision', 'touch_to_created', 'days_to_creation'),
        ('decision', 'created_to_close', 'days_to_close'),
        ('decision', 'touch_to_close', 'days_to_creation'),
        ('decision', 'touch_to_close', 'days_to_close'),
        ('rated', 'attributed_deals', 'touches'),
        ('rated', 'amount_base', 'amount'),
        ('rated', 'amount_base', 'rate'),
        ('rated', 'attributed_amount_base', 'touches'),
        ('rated', 'attributed_amount_base', 'amount'),
        ('rated', 'attributed_amount_base', 'rate')
    ) as deciding (fact_kind, part, aspect)
),

ordered_causes as (
    select
        cause,
        cause_order
    from (
        values
        ('spend_restated', 1),
        ('late_spend', 2),
        ('late_lead', 3),
        ('lead_edited', 4),
        ('lead_deleted', 5),
        ('late_touch', 6),
        ('touch_edited', 7),
        ('touch_removed', 8),
        ('touch_aged', 9),
        ('late_click', 10),
        ('late_deal', 11),
        ('deal_edited', 12),
        ('deal_deleted', 13),
        ('contact_role', 14),
        ('merge', 15),
        ('rename', 16),
        ('alias', 17),
        ('late_campaign', 18),
        ('late_ad', 19),
        ('campaign_edited', 20),
        ('rate', 21),
        ('relearned', 22),
        ('seed_edited', 23),
        ('setting_edited', 24),
        ('code_version', 25),
        ('unexplained', 26)
    ) as listed (cause, cause_order)
),

causes as (
    select * from build.change_spend_causes
    union all
    select * from build.change_people_causes
    union all
    select * from build.change_deal_causes
    union all
    select * from build.change_decision_causes
    union all
    select * from build.change_credit_causes
),

-- What each cause of a fact says of the figures that the fact makes up.
told as (
    select
        causes.fact_kind,
        causes.fact_id,
        made.part,
        causes.cause,
        causes.evidence,
        case when causes.aspect = 'place' and made.part <> 'any' then 1 else 0 end as needs_move
    from causes
    inner join made
        on
            causes.fact_kind = made.fact_kind
            and (causes.aspect in ('exists', 'place') or made.part = 'any')
    where causes.cause is not null
    union all
    select
        causes.fact_kind,
        causes.fact_id,
        aspects.part,
        causes.cause,
        causes.evidence,
        0 as needs_move
    from causes
    inner join aspects
        on
            causes.fact_kind = aspects.fact_kind
            and causes.aspect = aspects.aspect
    where causes.cause is not null
),

figures as (
    select
        figures.mart,
        figures.row_key,
        figures.figure,
        coalesce(parts.part, 'any') as part,
        coalesce(parts.part = figures.figure, false) as is_sum,
        coalesce(figures.new_value, 0) - coalesce(figures.old_value, 0) as moved_by
    from build.change_figures as figures
    left join parts
        on figures.figure = parts.figure
),

looked_at as (
    select distinct
        mart,
        row_key,
        part
    from figures
),

all_contributions as (
    select * from build.change_contributions
    union all
    select * from build.change_close_contributions
),

contributions as (
    select
        looked_at.mart,
        looked_at.row_key,
        looked_at.part,
        contributions.fact_kind,
        contributions.fact_id,
        contributions.delta,
        case when contributions.is_moved then 1 else 0 end as moves
    from looked_at
    inner join all_contributions as contributions
        on
            looked_at.mart = contributions.mart
            and looked_at.row_key = contributions.row_key
            and looked_at.part = contributions.figure
),

sums as (
    select
        mart,
        row_key,
        part,
        sum(delta) as made_up_by
    from contributions
    group by mart, row_key, part
),

reasons as (
    select
        contributions.mart,
        contributions.row_key,
        contributions.part,
        told.cause,
        told.evidence,
        row_number() over (
            partition by
                contributions.mart, contributions.row_key, contributions.part, told.cause
            order by told.evidence collate "C"
        ) as place
    from contributions
    left join told
        on
            contributions.fact_kind = told.fact_kind
            and contributions.fact_id = told.fact_id
            and contributions.part = told.part
            and contributions.moves >= told.needs_move
),

-- One more than is shown, to know that there are more.
first_reasons as (
    select
        mart,
        row_key,
        part,
        cause,
        evidence
    from reasons
    where place <= 11
),

inputs as (
    select
        case input_kind
            when 'seed' then 'seed_edited'
            when 'setting' then 'setting_edited'
            else 'code_version'
        end as cause,
        input_name as evidence
    from build.change_inputs
),

-- A sum is explained when facts make up the whole of it, each with a cause; others when any fact
-- is, and none is without.
unexplained as (
    select
        figures.mart,
        figures.row_key,
        figures.figure
    from figures
    left join sums
        on
            figures.mart = sums.mart
            and figures.row_key = sums.row_key
            and figures.part = sums.part
    left join first_reasons
        on
            figures.mart = first_reasons.mart
            and figures.row_key = first_reasons.row_key
            and figures.part = first_reasons.part
    group by figures.mart, figures.row_key, figures.figure
    having
        bool_or(figures.is_sum and figures.moved_by <> coalesce(sums.made_up_by, 0))
        or count(first_reasons.cause) = 0
        or bool_or(
            figures.part <> 'any' and sums.part is not null and first_reasons.cause is null
        )
),

named as (
    select
        figures.mart,
        figures.row_key,
        figures.figure,
        first_reasons.cause,
        first_reasons.evidence
    from figures
    inner join first_reasons
        on
            figures.mart = first_reasons.mart
            and figures.row_key = first_reasons.row_key
            and figures.part = first_reasons.part
    where first_reasons.cause is not null
    union
    select
        unexplained.mart,
        unexplained.row_key,
        unexplained.figure,
        coalesce(inputs.cause, 'unexplained') as cause,
        coalesce(inputs.evidence, 'no fact and no input of the build') as evidence
    from unexplained
    left join inputs
        on true
),

numbered as (
    select
        named.mart,
        named.row_key,
        named.figure,
        named.cause,
        named.evidence,
        ordered_causes.cause_order,
        row_number() over (
            partition by named.mart, named.row_key, named.figure, named.cause
            order by named.evidence collate "C"
        ) as place
    from named
    inner join ordered_causes
        on named.cause = ordered_causes.cause
),

by_cause as (
    select
        mart,
        row_key,
        figure,
        cause,
        cause_order,
        string_agg(case when place <= 10 then evidence end, ', ' order by place)
        || case when max(place) > 10 then ' and more' else '' end as evidence
    from numbered
    group by mart, row_key, figure, cause, cause_order
),

explained as (
    select
        mart,
        row_key,
        figure,
        string_agg(cause, ', ' order by cause_order) as causes,
        string_agg(cause || ': ' || evidence, '; ' order by cause_order) as evidence
    from by_cause
    group by mart, row_key, figure
),

moves as (
    select
        mart,
        row_key,
        figure,
        bool_or(is_sum) as is_sum,
        max(moved_by) as moved_by
    from figures
    group by mart, row_key, figure
),

changes as (
    select
        figures.mart,
        figures.row_key,
        figures.figure,
        figures.channel,
        figures.platform,
        figures.account_id,
        figures.campaign_id,
        figures.model,
        figures.type_group,
        explained.causes,
        explained.evidence,
        figures.month,
        figures.old_value,
        figures.new_value,
        case
            when moves.is_sum then moves.moved_by
            else figures.new_value - figures.old_value
        end as delta
    from build.change_figures as figures
    inner join moves
        on
            figures.mart = moves.mart
            and figures.row_key = moves.row_key
            and figures.figure = moves.figure
    inner join explained
        on
            figures.mart = explained.mart
            and figures.row_key = explained.row_key
            and figures.figure = explained.figure
)

select * from changes
