-- Of which campaigns could an experiment tell within a quarter what their spend causes?
-- Grain: one row per running campaign that is large enough; those without a curve first.
select
    platform,
    account_id,
    campaign_id,
    campaign_name,
    channel,
    leads,
    weeks_needed,
    is_curve_known,
    count(*) over () as matches
from marts.mart_budget_tests
where is_testable
order by
    is_curve_known asc,
    weeks_needed asc,
    leads desc,
    platform asc,
    account_id asc,
    campaign_id asc
limit cast(:at_most as bigint)
