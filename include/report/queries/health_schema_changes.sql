-- Which fields came, went or changed their type in a source?
-- Grain: one row per load and field, the latest first; 200, matches being how many there are.
with

changes as (
    select
        source,
        account_id,
        object_name,
        field_name,
        change,
        old_type,
        new_type,
        count(*) over () as matches,
        as_of_at
    from ops.schema_changes
    where
        (cast(:source as text) is null or source = :source)
        and (cast(:platform as text) is null or source = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
    order by
        as_of_at desc,
        source asc,
        account_id asc,
        object_name asc,
        field_name asc,
        batch_id asc
    limit 200
)

select * from changes
