-- Why does each won deal's credit count otherwise than it did?
-- Grain: one row per deal, aspect and cause; again with /learned behind the deal's id for what
-- learned models credit.
-- Credits move with their deal (exists, amount, rate), with its touches, or with what a model
-- learned of other deals (both touches).
with

inputs as (
    select
        max(case when input_name = 'deal_types' then input_name end) as deal_types,
        max(case when input_name = 'attribution_models' then input_name end) as models,
        max(case when input_kind = 'setting' then input_name end) as settings
    from build.change_inputs
),

deals as (
    select
        opportunity_id,
        is_old,
        is_new,
        (
            old_is_won is distinct from new_is_won
            or old_is_closed is distinct from new_is_closed
        ) as has_other_outcome,
        (
            date_trunc('month', old_close_date) is distinct from date_trunc('month', new_close_date)
        ) as has_other_month,
        (old_type_group is distinct from new_type_group) as has_other_group,
        (old_opportunity_type is distinct from new_opportunity_type) as has_other_type
    from build.change_deals
),

credit_deals as (
    select
        credits.opportunity_id,
        bool_or(
            credits.model in ('markov', 'shapley') and credits.weight <> 0
        ) as is_learned_anew
    from build.change_credits as credits
    group by credits.opportunity_id
),

credit_pairs as (
    select
        opportunity_id,
        touchpoint_id,
        bool_or(is_old) and bool_or(is_new) as is_kept
    from build.change_credits
    where model not in ('markov', 'shapley')
    group by opportunity_id, touchpoint_id
),

touch_reasons as (
    select
        pairs.opportunity_id,
        touches.cause,
        touches.evidence as through
    from credit_pairs as pairs
    inner join build.change_touches as touches
        on pairs.touchpoint_id = touches.touchpoint_id
    where touches.may_reorder or pairs.is_kept
),

credit_reasons as (
    select
        deals.opportunity_id,
        'exists' as aspect,
        case
            when not deals.is_old then 'late_deal'
            when not deals.is_new then 'deal_deleted'
            when deals.has_other_outcome or deals.has_other_month then 'deal_edited'
            when not deals.has_other_type and inputs.deal_types is not null then 'seed_edited'
            else 'deal_edited'
        end as cause,
        case
            when
                deals.is_old
                and deals.is_new
                and not (
                    deals.has_other_outcome or deals.has_other_month or deals.has_other_type
                )
                then inputs.deal_types
        end as through
    from deals
    cross join inputs
    where
        deals.is_old is distinct from deals.is_new
        or deals.has_other_outcome
        or deals.has_other_month
        or deals.has_other_group
    union all
    select
        fact_id as opportunity_id,
        aspect,
        cause,
        null as through
    from build.change_causes
    where fact_kind = 'deal' and aspect in ('amount', 'rate')
    union all
    select
        opportunity_id,
        'touches' as aspect,
        cause,
        through
    from touch_reasons
),

explained_deals as (
    select
        opportunity_id,
        bool_or(aspect = 'exists') as is_another,
        bool_or(aspect = 'touches') as has_other_touches
    from credit_reasons
    group by opportunity_id
),

-- Touches came or went that are what they were: the deal's people are others.
people_reasons as (
    select distinct
        pairs.opportunity_id,
        case
            when inputs.settings is not null then 'setting_edited'
            when inputs.models is not null then 'seed_edited'
            else 'contact_role'
        end as cause,
        case when inputs.settings is null then inputs.models end as through
    from credit_pairs as pairs
    cross join inputs
    left join explained_deals
        on pairs.opportunity_id = explained_deals.opportunity_id
    where
        not pairs.is_kept
        and not coalesce(explained_deals.is_another, false)
        and not coalesce(explained_deals.has_other_touches, false)
),

credit_aspects as (
    select
        reasons.opportunity_id as fact_id,
        reasons.opportunity_id,
        reasons.aspect,
        reasons.cause,
        reasons.through
    from credit_reasons as reasons
    inner join credit_deals
        on reasons.opportunity_id = credit_deals.opportunity_id
    union all
    select
        reasons.opportunity_id || '/learned' as fact_id,
        reasons.opportunity_id,
        reasons.aspect,
        reasons.cause,
        reasons.through
    from credit_reasons as reasons
    inner join credit_deals
        on reasons.opportunity_id = credit_deals.opportunity_id
    union all
    select
        opportunity_id as fact_id,
        opportunity_id,
        'touches' as aspect,
        cause,
        through
    from people_reasons
    union all
    select
        opportunity_id || '/learned' as fact_id,
        opportunity_id,
        'touches' as aspect,
        cause,
        through
    from people_reasons
    union all
    select
        credit_deals.opportunity_id || '/learned' as fact_id,
        credit_deals.opportunity_id,
        'touches' as aspect,
        'relearned' as cause,
        null as through
    from credit_deals
    left join explained_deals
        on credit_deals.opportunity_id = explained_deals.opportunity_id
    left join people_reasons
        on credit_deals.opportunity_id = people_reasons.opportunity_id
    where
        credit_deals.is_learned_anew
        and not coalesce(explained_deals.is_another, false)
        and not coalesce(explained_deals.has_other_touches, false)
        and people_reasons.opportunity_id is null
),

causes as (
    select
        'credit' as fact_kind,
        fact_id,
        aspect,
        cause,
        opportunity_id || coalesce(' through ' || through, '') as evidence
    from credit_aspects
)

select * from causes
