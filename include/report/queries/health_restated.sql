-- Which spend did a source tell otherwise after it had been loaded?
-- Grain: one row per campaign, day of the chosen months and restatement; the latest so many as are
-- asked for, else all; of one load the largest first. matches is how many there are.
with

restated as (
    select
        restatements.source,
        restatements.account_id,
        accounts.account_name,
        restatements.campaign_id,
        campaigns.campaign_name,
        restatements.currency_code,
        restatements.date_day,
        restatements.old_spend,
        restatements.new_spend,
        restatements.delta,
        restatements.restatement_number,
        count(*) over () as matches,
        restatements.loaded_at
    from ops.restatements as restatements
    left join marts.dim_campaign as campaigns
        on
            restatements.source = campaigns.platform
            and restatements.account_id = campaigns.account_id
            and restatements.campaign_id = campaigns.campaign_id
    left join marts.dim_ad_account as accounts
        on
            restatements.source = accounts.platform
            and restatements.account_id = accounts.account_id
    where
        restatements.date_day >= cast(:from_month as date)
        and restatements.date_day < cast(:to_month as date) + interval '1 month'
        and (cast(:source as text) is null or restatements.source = :source)
        and (cast(:platform as text) is null or restatements.source = :platform)
        and (cast(:account_id as text) is null or restatements.account_id = :account_id)
        and (cast(:campaign_id as text) is null or restatements.campaign_id = :campaign_id)
    order by
        restatements.loaded_at desc,
        abs(restatements.delta) desc,
        restatements.source asc,
        restatements.account_id asc,
        restatements.campaign_id asc,
        restatements.date_day asc,
        restatements.restatement_number asc
    limit cast(:at_most as bigint)
)

select * from restated
