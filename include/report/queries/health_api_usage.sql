-- What did the last load of each account ask of its source, and how much is allowed?
-- Grain: one row per source, account and measure; what is nearest to its limit first.
with

loads as (
    select
        source,
        account_id,
        measure,
        used,
        allowed,
        as_of_at,
        row_number() over (
            partition by source, account_id, measure
            order by as_of_at desc, loaded_at desc
        ) as place
    from ops.api_usage
    where
        (cast(:source as text) is null or source = :source)
        and (cast(:platform as text) is null or source = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
),

latest as (
    select
        source,
        account_id,
        measure,
        used,
        allowed,
        cast(
            cast(used / nullif(allowed, 0) as numeric(24, 10)) as numeric(20, 6)
        ) as used_share,
        as_of_at
    from loads
    where place = 1
    order by used_share desc nulls last, source asc, account_id asc, measure asc
)

select * from latest
