-- How do each channel's leads answer to its spend?
-- Grain: one row per row_kind, channel and day. include/estimates makes of them one row per channel
-- that ever spent.
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
