-- What should each campaign do that still spends, how sure is that, and what would turn it?
-- Grain: one row per campaign that spent in the last 30 days; first those to pause, to scale and to
-- tag, then those to watch, the least likely to return enough first; of the rest the largest spend.
select
    platform,
    account_id,
    campaign_id,
    campaign_name,
    channel,
    verdict,
    sentence,
    flips,
    mature_before,
    months_of_spend,
    untagged_months,
    spend_base,
    young_spend_base,
    leads,
    won_deals,
    won_revenue_base,
    roi,
    roi_low,
    roi_expected,
    roi_high,
    chance,
    roi_bar,
    count(*) over () as matches
from marts.mart_campaign_advice
where
    is_running
    and (cast(:channel as text) is null or channel = :channel)
    and (cast(:platform as text) is null or platform = :platform)
    and (cast(:account_id as text) is null or account_id = :account_id)
    and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
order by
    case verdict
        when 'pause' then 1
        when 'scale' then 2
        when 'mend the tags' then 3
        when 'watch' then 4
        when 'keep' then 5
        else 6
    end asc,
    case when verdict = 'watch' then chance end asc nulls last,
    spend_base + young_spend_base desc,
    platform asc,
    account_id asc,
    campaign_id asc
limit cast(:at_most as bigint)
