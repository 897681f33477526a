-- Which stages did a deal go through, and when did it enter each?
-- Grain: one row per deal and entry into a stage, as its history tells.
-- Changes of amount or close day within a stage are no entry. Whether a stage is won, lost or open
-- is what the CRM says of its stages; of a stage it no longer knows, what opportunity_stages says.
with

history as (
    select
        opportunity_id,
        stage_name,
        lower(trim(stage_name)) as stage_key,
        lag(lower(trim(stage_name))) over (
            partition by opportunity_id
            order by created_at, opportunity_history_id collate "C"
        ) as earlier_key,
        opportunity_history_id,
        created_at
    from staging.stg_crm_opportunity_history
    where not is_deleted
),

crm_stages as (
    select
        lower(trim(stage_name)) as stage_key,
        bool_or(is_won) as is_won,
        bool_or(is_closed) as is_closed
    from staging.stg_crm_opportunity_stages
    where not is_deleted
    group by lower(trim(stage_name))
),

entries as (
    select
        history.opportunity_id,
        history.stage_name,
        history.stage_key,
        case
            when crm_stages.is_won then 'won'
            when crm_stages.is_closed then 'lost'
            when crm_stages.stage_key is not null then 'open'
            when seed_stages.stage_group in ('won', 'lost') then seed_stages.stage_group
            else 'open'
        end as outcome,
        row_number() over (
            partition by history.opportunity_id
            order by history.created_at, history.opportunity_history_id collate "C"
        ) as entry_number,
        history.created_at as entered_at
    from history
    left join crm_stages
        on history.stage_key = crm_stages.stage_key
    left join staging.seed_opportunity_stages as seed_stages
        on history.stage_key = seed_stages.stage_name
    where history.stage_key is distinct from history.earlier_key
)

select * from entries
