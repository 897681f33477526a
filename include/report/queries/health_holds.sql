-- Which spend was so unusual that a person was asked before it was published?
-- Grain: one row per account, kind and day; what is still open first, then the latest.
with

asked as (
    select
        holds.source,
        holds.account_id,
        accounts.account_name,
        holds.kind,
        holds.date_day,
        holds.status,
        accounts.currency_code,
        holds.figure,
        holds.usual,
        holds.found_at,
        holds.decided_at
    from ops.holds as holds
    left join marts.dim_ad_account as accounts
        on holds.source = accounts.platform and holds.account_id = accounts.account_id
    where
        (cast(:source as text) is null or holds.source = :source)
        and (cast(:platform as text) is null or holds.source = :platform)
        and (cast(:account_id as text) is null or holds.account_id = :account_id)
    order by
        case holds.status when 'open' then 1 when 'rejected' then 2 else 3 end asc,
        holds.date_day desc,
        holds.source asc,
        holds.account_id asc,
        holds.kind asc
)

select * from asked
