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
        ('win_rate_by_amount', 'lost_amount_base')
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
        ('lost_amount_base')
    ) as added (figure)
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
        ('deal', 'lost_amount_base', 'rate')
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
        ('late_click', 9),
        ('late_deal', 10),
        ('deal_edited', 11),
        ('deal_deleted', 12),
        ('contact_role', 13),
        ('merge', 14),
        ('rename', 15),
        ('alias', 16),
        ('late_campaign', 17),
        ('campaign_edited', 18),
        ('rate', 19),
        ('seed_edited', 20),
        ('setting_edited', 21),
        ('code_version', 22),
        ('unexplained', 23)
    ) as listed (cause, cause_order)
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

told as (
    select
        figures.mart,
        figures.row_key,
        figures.figure,
        contributions.fact_kind,
        contributions.fact_id,
        causes.cause,
        causes.evidence
    from figures
    inner join build.change_contributions as contributions
        on
            figures.mart = contributions.mart
            and figures.row_key = contributions.row_key
            and figures.part = contributions.figure
    inner join build.change_causes as causes
        on
            contributions.fact_kind = causes.fact_kind
            and contributions.fact_id = causes.fact_id
    left join aspects
        on
            contributions.fact_kind = aspects.fact_kind
            and contributions.figure = aspects.part
            and causes.aspect = aspects.aspect
    where
        causes.aspect = 'exists'
        or (causes.aspect = 'place' and contributions.is_moved)
        or contributions.figure = 'any'
        or aspects.aspect is not null
),

-- The whole of a sum must be made up of facts, each with a cause.
made_up as (
    select
        figures.mart,
        figures.row_key,
        figures.figure,
        bool_or(figures.is_sum) as is_sum,
        max(figures.moved_by) as moved_by,
        sum(case when figures.is_sum then contributions.delta end) as made_up_by
    from figures
    left join build.change_contributions as contributions
        on
            figures.mart = contributions.mart
            and figures.row_key = contributions.row_key
            and figures.part = contributions.figure
    group by figures.mart, figures.row_key, figures.figure
),

silent as (
    select distinct
        figures.mart,
        figures.row_key,
        figures.figure
    from figures
    inner join build.change_contributions as contributions
        on
            figures.mart = contributions.mart
            and figures.row_key = contributions.row_key
            and figures.part = contributions.figure
    left join told
        on
            figures.mart = told.mart
            and figures.row_key = told.row_key
            and figures.figure = told.figure
            and contributions.fact_kind = told.fact_kind
            and contributions.fact_id = told.fact_id
            and told.cause is not null
    where figures.part <> 'any' and told.fact_id is null
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

told_figures as (
    select distinct
        mart,
        row_key,
        figure
    from told
    where cause is not null
),

unexplained as (
    select
        made_up.mart,
        made_up.row_key,
        made_up.figure
    from made_up
    left join silent
        on
            made_up.mart = silent.mart
            and made_up.row_key = silent.row_key
            and made_up.figure = silent.figure
    left join told_figures
        on
            made_up.mart = told_figures.mart
            and made_up.row_key = told_figures.row_key
            and made_up.figure = told_figures.figure
    where
        (made_up.is_sum and made_up.moved_by <> coalesce(made_up.made_up_by, 0))
        or silent.mart is not null
        or told_figures.mart is null
),

named as (
    select
        mart,
        row_key,
        figure,
        cause,
        evidence
    from told
    where cause is not null
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
        ) as place,
        count(*) over (
            partition by named.mart, named.row_key, named.figure, named.cause
        ) as facts
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
        string_agg(evidence, ', ' order by place)
        || case
            when max(facts) > 10 then ' and ' || cast(max(facts) - 10 as text) || ' more'
            else ''
        end as evidence
    from numbered
    where place <= 10
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
            when made_up.is_sum then made_up.moved_by
            else figures.new_value - figures.old_value
        end as delta
    from build.change_figures as figures
    inner join made_up
        on
            figures.mart = made_up.mart
            and figures.row_key = made_up.row_key
            and figures.figure = made_up.figure
    inner join explained
        on
            figures.mart = explained.mart
            and figures.row_key = explained.row_key
            and figures.figure = explained.figure
)

select * from changes
