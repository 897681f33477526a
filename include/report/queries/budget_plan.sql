-- How is each budget best split over channels, by how far a channel may move?
-- Grain: one row per scenario, most change and channel; all together first, then the largest.
select
    scenario,
    most_change,
    channel,
    verdict,
    sentence,
    why_not,
    present_spend_base,
    planned_spend_base,
    present_revenue_base,
    planned_revenue_base,
    gain_base,
    gain_low_base,
    gain_high_base,
    chance
from marts.mart_budget_plan
order by
    most_change asc,
    case scenario
        when 'less 20 %' then 1
        when 'less 10 %' then 2
        when 'same budget' then 3
        when 'more 10 %' then 4
        when 'more 20 %' then 5
        else 6
    end asc,
    case when channel = 'All' then 0 else 1 end asc,
    present_spend_base desc,
    channel asc
