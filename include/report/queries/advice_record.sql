-- How did earlier advice turn out, once it could be judged?
-- Grain: one row per advice given that can be judged; the latest first.
select
    advised_on,
    level,
    platform,
    account_id,
    campaign_id,
    campaign_name,
    channel,
    verdict,
    first_month,
    last_month,
    spend_base,
    won_deals,
    won_revenue_base,
    roi,
    roi_low,
    roi_high,
    roi_bar,
    is_right,
    is_within,
    count(*) over () as matches,
    count(is_right) over () as advice_judged,
    count(case when is_right then 1 end) over () as advice_right
from marts.mart_advice_record
where
    (cast(:channel as text) is null or channel = :channel)
    and (cast(:platform as text) is null or platform = :platform)
    and (cast(:account_id as text) is null or account_id = :account_id)
    and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
order by
    advised_on desc,
    spend_base desc nulls last,
    level asc,
    platform asc,
    account_id asc,
    campaign_id asc,
    channel asc
limit cast(:at_most as bigint)
