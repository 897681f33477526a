-- What will the twelve months after the one under way bring through each channel?
-- Grain: one row per channel, and All, their sum; the largest revenue first.
select
    channel,
    sum(case when metric = 'leads' then forecast end) as leads,
    sum(case when metric = 'opportunities' then forecast end) as opportunities,
    sum(case when metric = 'customers' then forecast end) as customers,
    sum(case when metric = 'won_revenue' then forecast end) as won_revenue_base,
    sum(case when metric = 'spend' then forecast end) as spend_base
from marts.mart_forecast_monthly
where
    horizon > 1
    and forecast is not null
    and (cast(:channel as text) is null or channel in ('All', :channel))
group by channel
order by
    case when channel = 'All' then 0 else 1 end asc,
    sum(case when metric = 'won_revenue' then forecast end) desc,
    channel asc
