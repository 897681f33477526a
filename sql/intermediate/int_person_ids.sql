-- Who is who: which lead and contact records are one human?
-- Grain: one row per living lead or contact record.
-- A person is a component over equal e-mail hashes, conversions and merges. person_id is the id of
-- the component's earliest-created record, ties by id: it does not change when a lead converts.
with recursive

records as (
    select
        record_id,
        final_id,
        contact_final_id,
        coalesce('email:' || email_hash, 'record:' || record_id) as node,
        created_at
    from build.int_person_records
),

edges as (
    select
        records.node as from_node,
        coalesce(winners.node, 'record:' || records.final_id) as to_node
    from records
    left join records as winners
        on records.final_id = winners.record_id
    where records.final_id <> records.record_id
    union
    select
        records.node as from_node,
        coalesce(contacts.node, 'record:' || records.contact_final_id) as to_node
    from records
    left join records as contacts
        on records.contact_final_id = contacts.record_id
    where records.contact_final_id is not null
),

links as (
    select
        from_node,
        to_node
    from edges
    where from_node <> to_node
    union
    select
        to_node as from_node,
        from_node as to_node
    from edges
    where from_node <> to_node
),

-- Each node's name spreads to the nodes of its component that sort after it.
reached as (
    select
        from_node as root_node,
        from_node as node
    from links
    union
    select
        reached.root_node,
        links.to_node as node
    from reached
    inner join links
        on
            reached.node = links.from_node
            and reached.root_node < links.to_node
),

components as (
    select
        node,
        min(root_node) as component
    from reached
    group by node
),

placed as (
    select
        records.record_id,
        coalesce(components.component, records.node) as component,
        records.created_at
    from records
    left join components
        on records.node = components.node
),

named as (
    select
        record_id,
        first_value(record_id) over (
            partition by component order by created_at, record_id collate "C"
        ) as person_id
    from placed
)

select * from named
