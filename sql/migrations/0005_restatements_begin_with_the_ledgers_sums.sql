-- What was restated before is known of the account's day alone, not of its campaigns.
insert into ops.restatements (
    source,
    account_id,
    campaign_id,
    batch_id,
    old_batch_id,
    currency_code,
    date_day,
    restatement_number,
    old_spend,
    new_spend,
    delta,
    as_of_at,
    loaded_at
)
select
    ledger.source,
    ledger.account_id,
    'unknown' as campaign_id,
    ledger.batch_id,
    ledger.batch_id as old_batch_id,
    account.currency_code,
    ledger.date_day,
    1 as restatement_number,
    ledger.spend - ledger.restated_spend as old_spend,
    ledger.spend as new_spend,
    ledger.restated_spend as delta,
    ledger.as_of_at,
    ledger.loaded_at
from ops.load_ledger as ledger
left join staging.stg_ad_accounts as account
    on ledger.source = account.platform and ledger.account_id = account.account_id
where ledger.stream = 'campaign_daily' and ledger.restated_spend <> 0;
