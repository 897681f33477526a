-- How do each channel's leads answer to its spend, and of which channels can that not be told?
-- Grain: one row per channel that ever spent; the largest spend of late first.
select
    channel,
    why_not,
    spend_day_base,
    least_spend_day_base,
    most_spend_day_base,
    half_spend_day_base,
    half_low_base,
    half_high_base,
    revenue_per_lead_base,
    next_return_base,
    leads_day,
    carry_over_days
from marts.mart_budget_response
order by spend_day_base desc, channel asc
