-- Why does each deal's credit count otherwise than it did?
-- Grain: one row per kind of fact, deal, aspect and cause. The kinds: credit, a deal's parts at its
-- touches, again with /learned behind its id for what learned models credit; and rated, whether a
-- model can credit the deal at all.
-- Credits move with their deal (exists, amount, rate), with its touches, or with what a model
-- learned of other deals (both touches).
with

inputs as (
    select
        max(case when input_name = 'attribution_models' then input_name end) as models,
        max(case when input_name = 'reporting_zone' then input_name end) as reporting_zone,
        string_agg(
            case
                when input_name in ('attribution_look_back_days', 'reporting_zone') then input_name
            end,
            ' and ' order by input_name
        ) as windows
    from build.change_inputs
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
    cross join inputs
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

merged_companies as (
    select crm_account_id
    from staging.stg_crm_accounts
    where is_deleted and master_record_id is not null
    union
    select master_record_id as crm_account_id
    from staging.stg_crm_accounts
    where is_deleted and master_record_id is not null
),

-- Touches came or went that are what they were: the deal's people are others, or, where they are
-- the same, the window of an open deal moved on with the as-of instant.
people_reasons as (
    select distinct
        pairs.opportunity_id,
        case
            when inputs.windows is not null then 'setting_edited'
            when inputs.models is not null then 'seed_edited'
            when
                not pairs.is_new
                and candidates.touchpoint_id is not null
                and not new_deals.is_closed
                then 'touch_aged'
            when 'contact_role' in (new_deals.people_rule, old_deals.people_rule)
                then 'contact_role'
            when deals.has_other_company then 'deal_edited'
            when merged_companies.crm_account_id is not null then 'merge'
            else 'lead_edited'
        end as cause,
        case
            when inputs.windows is not null then inputs.windows
            when inputs.models is not null then inputs.models
            when not pairs.is_new and not new_deals.is_closed then candidates.touchpoint_id
        end as through
    from credit_pairs as pairs
    cross join inputs
    left join explained_deals
        on pairs.opportunity_id = explained_deals.opportunity_id
    left join build.int_deal_candidates as candidates
        on
            pairs.opportunity_id = candidates.opportunity_id
            and pairs.touchpoint_id = candidates.touchpoint_id
    inner join build.fct_opportunities as new_deals
        on pairs.opportunity_id = new_deals.opportunity_id
    inner join marts.fct_opportunities as old_deals
        on pairs.opportunity_id = old_deals.opportunity_id
    left join build.change_deals as deals
        on pairs.opportunity_id = deals.opportunity_id
    left join merged_companies
        on new_deals.crm_account_id = merged_companies.crm_account_id
    where
        not pairs.is_kept
        and pairs.touchpoint_id <> 'unattributed'
        and not coalesce(explained_deals.is_another, false)
        and not coalesce(explained_deals.has_other_touches, false)
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
        case when inputs.windows is not null then 'setting_edited' else 'relearned' end as cause,
        credit_deals.opportunity_id || coalesce(' through ' || inputs.windows, '') as evidence
    from credit_deals
    cross join inputs
    left join explained_deals
        on credit_deals.opportunity_id = explained_deals.opportunity_id
    left join people_reasons
        on credit_deals.opportunity_id = people_reasons.opportunity_id
    where
        credit_deals.is_learned_anew
        and not coalesce(explained_deals.is_another, false)
        and not coalesce(explained_deals.has_other_touches, false)
        and people_reasons.opportunity_id is null
)

select * from causes
