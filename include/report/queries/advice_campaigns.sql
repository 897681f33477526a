-- What should each campaign do that still spends, how sure is that, and what would turn it?
-- Grain: one row per campaign that spent in the last 30 days; first those to pause, to scale and to
-- tag, then those to watch, the least likely to return enough first; of the rest the largest spend.
select
    advice.platform,
    advice.account_id,
    advice.campaign_id,
    advice.campaign_name,
    campaigns.account_name,
    advice.channel,
    advice.verdict,
    advice.sentence,
    advice.flips,
    advice.mature_before,
    advice.months_of_spend,
    advice.untagged_months,
    advice.spend_base,
    advice.young_spend_base,
    advice.leads,
    advice.won_deals,
    advice.won_revenue_base,
    advice.roi,
    advice.roi_low,
    advice.roi_expected,
    advice.roi_high,
    advice.chance,
    advice.roi_bar,
    count(*) over () as matches
from marts.mart_campaign_advice as advice
left join marts.dim_campaign as campaigns
    on
        advice.platform = campaigns.platform
        and advice.account_id = campaigns.account_id
        and advice.campaign_id = campaigns.campaign_id
where
    advice.is_running
    and (cast(:channel as text) is null or advice.channel = :channel)
    and (cast(:platform as text) is null or advice.platform = :platform)
    and (cast(:account_id as text) is null or advice.account_id = :account_id)
    and (cast(:campaign_id as text) is null or advice.campaign_id = :campaign_id)
order by
    case advice.verdict
        when 'pause' then 1
        when 'scale' then 2
        when 'mend the tags' then 3
        when 'watch' then 4
        when 'keep' then 5
        else 6
    end asc,
    case when advice.verdict = 'watch' then advice.chance end asc nulls last,
    advice.spend_base + advice.young_spend_base desc,
    advice.platform asc,
    advice.account_id asc,
    advice.campaign_id asc
limit cast(:at_most as bigint)
