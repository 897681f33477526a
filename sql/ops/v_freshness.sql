-- How far is every stream of every account loaded, and how far behind the newest load is it?
-- Grain: one row per source, account and stream; of an account never loaded one row, stream none.
with

loaded as (
    select
        source,
        account_id,
        stream,
        min(date_day) as first_day,
        max(date_day) as last_day,
        count(date_day) filter (where status = 'loaded') as days_loaded,
        count(date_day) filter (where status = 'empty') as days_empty,
        cast(sum(rows_rejected) as bigint) as rows_rejected,
        max(as_of_at) as as_of_at,
        max(loaded_at) as loaded_at
    from ops.load_ledger
    group by source, account_id, stream
),

newest as (
    select max(as_of_at) as as_of_at
    from ops.load_ledger
),

accounts as (
    select
        source,
        account_id,
        account_name
    from ops.known_accounts
),

told as (
    select
        coalesce(loaded.source, accounts.source) as source,
        coalesce(loaded.account_id, accounts.account_id) as account_id,
        accounts.account_name,
        coalesce(loaded.stream, 'none') as stream,
        loaded.first_day,
        loaded.last_day,
        coalesce(loaded.days_loaded, 0) as days_loaded,
        coalesce(loaded.days_empty, 0) as days_empty,
        coalesce(loaded.rows_rejected, 0) as rows_rejected,
        cast(
            round(cast(extract(epoch from newest.as_of_at - loaded.as_of_at) as numeric) / 3600, 2)
            as numeric(20, 4)
        ) as hours_behind,
        loaded.as_of_at,
        loaded.loaded_at
    from loaded
    full outer join accounts
        on loaded.source = accounts.source and loaded.account_id = accounts.account_id
    cross join newest
)

select * from told
