-- Do the restatements of an account's day, campaign by campaign, sum to what the ledger says that
-- its spend was restated by?
-- Grain: one row per source, account and day that differs.
with

ledger as (
    select
        source,
        account_id,
        date_day,
        restated_spend
    from ops.load_ledger
    where stream = 'campaign_daily' and restated_spend <> 0
),

restatements as (
    select
        source,
        account_id,
        date_day,
        sum(delta) as restated_spend
    from ops.restatements
    group by source, account_id, date_day
    having sum(delta) <> 0
),

wrong as (
    select
        coalesce(ledger.source, restatements.source) as source,
        coalesce(ledger.account_id, restatements.account_id) as account_id,
        coalesce(ledger.date_day, restatements.date_day) as date_day,
        ledger.restated_spend as ledger_restated_spend,
        restatements.restated_spend
    from ledger
    full outer join restatements
        on
            ledger.source = restatements.source
            and ledger.account_id = restatements.account_id
            and ledger.date_day = restatements.date_day
    where ledger.restated_spend is distinct from restatements.restated_spend
)

select * from wrong
