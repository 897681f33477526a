-- What should each channel that spent do, how sure is that, and what would turn it?
-- Grain: one row per channel; the largest spend of mature cohorts first.
select
    channel,
    verdict,
    sentence,
    flips,
    mature_before,
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
    is_running
from marts.mart_channel_advice
where cast(:channel as text) is null or channel = :channel
order by spend_base desc, channel asc
