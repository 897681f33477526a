-- Why does each deal's credit count otherwise than it did?
-- Grain: one row per kind of fact, deal, aspect and cause. The kinds: credit, a deal's parts at its
-- touches, again with /learned behind its id for what learned models credit; and rated, whether a
-- model can credit the deal at all.
-- Credits move with their deal (exists, amount, rate), with its touches, or with what a model
-- learned of other deals (both touches).
with

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
        bool_or(is_new) as is_new,
        bool_or(is_old) and bool_or(is_new) as is_kept
    from build.change_credits
    where model not in ('markov', 'shapley')
    group by opportunity_id, touchpoint_id
),

credit_reasons as (
    select
        fact_id as opportunity_id,
        aspect,
        cause,
        evidence
    from build.change_decision_causes
    where aspect in ('exists', 'amount', 'rate')
    union all
    select
        pairs.opportunity_id,
        'touches' as aspect,
        touches.cause,
        pairs.opportunity_id || ' through ' || touches.evidence as evidence
    from credit_pairs as pairs
    inner join build.change_touches as touches
        on pairs.touchpoint_id = touches.touchpoint_id
    where touches.may_reorder or pairs.is_kept
    union all
    select
        opportunity_id,
        'touches' as aspect,
        'deal_edited' as cause,
        opportunity_id as evidence
    from build.change_deals
    where
        is_old
        and is_new
        and old_is_closed = new_is_closed
        and (
            old_created_at is distinct from new_created_at
            or (new_is_closed and has_other_close)
        )
    union all
    select
        deals.opportunity_id,
        'touches' as aspect,
        'setting_edited' as cause,
        deals.opportunity_id || ' through ' || inputs.reporting_zone as evidence
    from build.change_deals as deals
    cross join build.change_named_inputs as inputs
    where
        inputs.reporting_zone is not null
        and deals.old_closed_at <> deals.new_closed_at
        and not deals.has_other_close
),

explained_deals as (
    select
        opportunity_id,
        bool_or(aspect = 'exists') as is_another,
        bool_or(aspect = 'touches') as has_other_touches
    from credit_reasons
    group by opportunity_id
),

other_people as (
    select
        opportunity_id,
        min(cause) as cause,
        min(through) as through
    from build.change_deal_people
    group by opportunity_id
),

least_look_back as (
    select min(look_back_days) * interval '24 hours' as look_back
    from build.int_attribution_models
),

-- Touches came or went that are what they were: the deal's people are others, or the windows of the
-- models, or that of an open deal moved on with the as-of instant.
moved_reasons as (
    select distinct
        pairs.opportunity_id,
        case
            when other_people.opportunity_id is not null then other_people.cause
            when inputs.windows is not null then 'setting_edited'
            when inputs.models is not null then 'seed_edited'
            when
                not pairs.is_new
                and not new_deals.is_closed
                and candidates.touched_at < candidates.closing_at - least_look_back.look_back
                then 'touch_aged'
        end as cause,
        case
            when other_people.opportunity_id is not null then other_people.through
            else coalesce(inputs.windows, inputs.models, candidates.touchpoint_id)
        end as through
    from credit_pairs as pairs
    cross join build.change_named_inputs as inputs
    cross join least_look_back
    left join explained_deals
        on pairs.opportunity_id = explained_deals.opportunity_id
    left join other_people
        on pairs.opportunity_id = other_people.opportunity_id
    left join build.int_deal_candidates as candidates
        on
            pairs.opportunity_id = candidates.opportunity_id
            and pairs.touchpoint_id = candidates.touchpoint_id
    inner join build.fct_opportunities as new_deals
        on pairs.opportunity_id = new_deals.opportunity_id
    where
        not pairs.is_kept
        and pairs.touchpoint_id <> 'unattributed'
        and not coalesce(explained_deals.is_another, false)
        and not coalesce(explained_deals.has_other_touches, false)
),

people_reasons as (
    select
        opportunity_id,
        cause,
        through
    from moved_reasons
    where cause is not null
),

explained_touches as (
    select distinct opportunity_id
    from people_reasons
),

old_paths as (
    select
        path,
        outcome,
        deals
    from marts.mart_paths
    where type_group = 'new_business' and outcome <> 'open'
),

new_paths as (
    select
        path,
        outcome,
        deals
    from build.mart_paths
    where type_group = 'new_business' and outcome <> 'open'
),

-- What the models that learn have learned from: the ways on which deals were won and lost.
lessons as (
    select count(*) > 0 as are_others
    from new_paths
    full outer join old_paths
        on
            new_paths.path = old_paths.path
            and new_paths.outcome = old_paths.outcome
    where new_paths.deals is distinct from old_paths.deals
),

reasons as (
    select
        opportunity_id,
        aspect,
        cause,
        evidence
    from credit_reasons
    union all
    select
        opportunity_id,
        'touches' as aspect,
        cause,
        opportunity_id || coalesce(' through ' || through, '') as evidence
    from people_reasons
),

causes as (
    select
        facts.fact_kind,
        reasons.opportunity_id || facts.suffix as fact_id,
        reasons.aspect,
        reasons.cause,
        reasons.evidence
    from reasons
    inner join credit_deals
        on reasons.opportunity_id = credit_deals.opportunity_id
    cross join (
        values ('credit', ''), ('credit', '/learned'), ('rated', '')
    ) as facts (fact_kind, suffix)
    union all
    select
        'credit' as fact_kind,
        credit_deals.opportunity_id || '/learned' as fact_id,
        'touches' as aspect,
        case
            when inputs.windows is not null then 'setting_edited'
            when inputs.models is not null then 'seed_edited'
            when lessons.are_others then 'relearned'
        end as cause,
        credit_deals.opportunity_id
        || coalesce(' through ' || coalesce(inputs.windows, inputs.models), '') as evidence
    from credit_deals
    cross join build.change_named_inputs as inputs
    cross join lessons
    left join explained_deals
        on credit_deals.opportunity_id = explained_deals.opportunity_id
    left join explained_touches
        on credit_deals.opportunity_id = explained_touches.opportunity_id
    where
        credit_deals.is_learned_anew
        and not coalesce(explained_deals.is_another, false)
        and not coalesce(explained_deals.has_other_touches, false)
        and explained_touches.opportunity_id is null
)

select * from causes
