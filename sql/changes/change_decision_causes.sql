-- Why does each changed deal count otherwise in the month of its close?
-- Grain: one row per deal and aspect of it that changed.
-- exists: the deal came, went, was decided or reopened, or its close month or type group changed.
-- The other aspects are those of change_deal_causes that matter there.
with

deals as (
    select
        opportunity_id,
        is_old,
        is_new,
        has_other_outcome,
        (
            date_trunc('month', old_close_date) is distinct from date_trunc('month', new_close_date)
        ) as has_other_month,
        has_other_group,
        has_other_type
    from build.change_deals
),

decided as (
    select
        deals.opportunity_id,
        case
            when not deals.is_old then 'late_deal'
            when not deals.is_new then 'deal_deleted'
            when deals.has_other_outcome or deals.has_other_month then 'deal_edited'
            when not deals.has_other_type and inputs.deal_types is not null then 'seed_edited'
            when deals.has_other_type or reloaded.record_key is not null then 'deal_edited'
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
    cross join build.change_named_inputs as inputs
    left join build.change_reloaded as reloaded
        on 'deal:' || deals.opportunity_id = reloaded.record_key
    where
        deals.is_old is distinct from deals.is_new
        or deals.has_other_outcome
        or deals.has_other_month
        or deals.has_other_group
),

causes as (
    select
        'decision' as fact_kind,
        opportunity_id as fact_id,
        'exists' as aspect,
        cause,
        opportunity_id || coalesce(' through ' || through, '') as evidence
    from decided
    union all
    select
        'decision' as fact_kind,
        fact_id,
        aspect,
        cause,
        evidence
    from build.change_deal_causes
    where aspect in ('place', 'amount', 'rate', 'days_to_creation', 'days_to_close')
)

select * from causes
