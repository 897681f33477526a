-- Before accounts were noted when discovered, those loaded were the known ones.
insert into ops.known_accounts (
    source, account_id, account_name, account_status, currency_code, time_zone, first_seen_at
)
select
    ledger.source,
    ledger.account_id,
    account.account_name,
    account.account_status,
    account.currency_code,
    account.time_zone,
    ledger.first_seen_at
from (
    select
        source,
        account_id,
        min(as_of_at) as first_seen_at
    from ops.load_ledger
    group by source, account_id
) as ledger
left join staging.stg_ad_accounts as account
    on ledger.source = account.platform and ledger.account_id = account.account_id
where not exists (select 1 from ops.known_accounts);
