-- How should the budget be split over channels, were it the same, less or more?
-- Grain: one row per row_kind, channel and day. include/estimates makes of them one row per
-- scenario, most change and channel.
select
    row_kind,
    channel,
    currency_code,
    date_day,
    days,
    leads,
    amount,
    won_deals,
    log_amounts,
    log_squares
from build.int_budget_days
