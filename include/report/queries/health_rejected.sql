-- Which rows were set aside, and which rule did they break?
-- Grain: one row per source, account, stream, reason and currency, of days in the chosen months;
-- rows without a day always. What the rows said is not shown: it is kept in ops.rejected_rows.
with

rejected as (
    select
        source,
        account_id,
        stream,
        reason,
        currency_code,
        count(*) as rows,
        min(date_day) as first_day,
        max(date_day) as last_day,
        sum(spend) as spend,
        max(loaded_at) as last_seen_at
    from ops.rejected_rows
    where
        (
            date_day is null
            or (
                date_day >= cast(:from_month as date)
                and date_day < cast(:to_month as date) + interval '1 month'
            )
        )
        and (cast(:source as text) is null or source = :source)
        and (cast(:platform as text) is null or source = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
    group by source, account_id, stream, reason, currency_code
    order by
        count(*) desc,
        source asc,
        account_id asc,
        stream asc,
        reason asc,
        currency_code asc nulls last
)

select * from rejected
