-- How far is each account of each source loaded, and how far is it behind the newest load?
-- Grain: one row per source and account.
-- Days are counted over all there are, not the chosen months alone: loaded ones may still change.
-- hours_behind and as_of_at are those of the stream that is furthest behind.
with

streams as (
    select
        source,
        account_id,
        min(account_name) as account_name,
        count(case when stream <> 'none' then 1 end) as streams,
        cast(sum(rows_rejected) as bigint) as rows_rejected,
        max(hours_behind) as hours_behind,
        min(as_of_at) as as_of_at,
        max(loaded_at) as loaded_at
    from ops.v_freshness
    group by source, account_id
),

days as (
    select
        source,
        account_id,
        min(date_day) as first_day,
        max(case when status <> 'missing' then date_day end) as last_day,
        count(case when status in ('loaded', 'restating') then 1 end) as days_loaded,
        count(case when status = 'empty' then 1 end) as days_empty,
        count(case when status = 'missing' then 1 end) as days_missing
    from marts.mart_data_health
    group by source, account_id
),

sources as (
    select
        coalesce(days.source, streams.source) as source,
        coalesce(days.account_id, streams.account_id) as account_id,
        streams.account_name,
        days.first_day,
        days.last_day,
        coalesce(days.days_loaded, 0) as days_loaded,
        coalesce(days.days_empty, 0) as days_empty,
        coalesce(days.days_missing, 0) as days_missing,
        streams.streams,
        coalesce(streams.rows_rejected, 0) as rows_rejected,
        streams.hours_behind,
        streams.as_of_at,
        streams.loaded_at
    from days
    full outer join streams
        on days.source = streams.source and days.account_id = streams.account_id
),

chosen as (
    select *
    from sources
    where
        (cast(:source as text) is null or source = :source)
        and (cast(:platform as text) is null or source = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
    order by source asc, account_id asc
)

select * from chosen
