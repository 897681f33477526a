-- Which record does a lead or contact live on in, and does it live at all?
-- Grain: one row per lead or contact record, deleted ones included.
-- A merge loser lives on in the end of its chain of merges. A deleted record that lost no merge is
-- dead, and so is every loser whose chain ends in it. A master that was never loaded ends a chain
-- without killing it.
with recursive

records as (
    select
        lead_id as record_id,
        master_record_id,
        is_deleted
    from staging.stg_crm_leads
    union all
    select
        contact_id as record_id,
        master_record_id,
        is_deleted
    from staging.stg_crm_contacts
),

merged as (
    select
        record_id,
        master_record_id
    from records
    where master_record_id is not null and is_deleted
),

chains as (
    select
        record_id,
        master_record_id as reached_id
    from merged
    union
    select
        chains.record_id,
        merged.master_record_id as reached_id
    from chains
    inner join merged
        on chains.reached_id = merged.record_id
),

ends as (
    select
        chains.record_id,
        chains.reached_id
    from chains
    left join merged
        on chains.reached_id = merged.record_id
    where merged.record_id is null
),

living as (
    select
        records.record_id,
        coalesce(ends.reached_id, records.record_id) as final_id,
        case
            when ends.reached_id is null then not records.is_deleted
            else not coalesce(winners.is_deleted, false)
        end as is_live
    from records
    left join ends
        on records.record_id = ends.record_id
    left join records as winners
        on ends.reached_id = winners.record_id
)

select * from living
