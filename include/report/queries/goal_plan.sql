-- What would each goal of revenue take, all channels together and each?
-- Grain: one row per goal of revenue and channel that shall bring it; all together first. Numbers
-- of people and deals are rounded up: two thirds of a customer are one.
select
    channel,
    planned_channel,
    period,
    currency_code,
    verdict,
    sentence,
    first_day,
    value,
    max(case when metric = 'won_revenue' then needed end) as needed_revenue_base,
    max(case when metric = 'spend' then needed end) as needed_spend_base,
    max(case when metric = 'spend' then needed_low end) as needed_spend_low_base,
    max(case when metric = 'spend' then needed_high end) as needed_spend_high_base,
    cast(ceil(max(case when metric = 'visitors' then needed end)) as bigint) as needed_visitors,
    cast(ceil(max(case when metric = 'leads' then needed end)) as bigint) as needed_leads,
    cast(ceil(max(case when metric = 'leads' then needed_low end)) as bigint) as needed_leads_low,
    cast(ceil(max(case when metric = 'leads' then needed_high end)) as bigint)
        as needed_leads_high,
    cast(ceil(max(case when metric = 'mqls' then needed end)) as bigint) as needed_mqls,
    cast(ceil(max(case when metric = 'sqls' then needed end)) as bigint) as needed_sqls,
    cast(ceil(max(case when metric = 'opportunities' then needed end)) as bigint)
        as needed_opportunities,
    cast(ceil(max(case when metric = 'customers' then needed end)) as bigint) as needed_customers,
    max(median_days) as median_days
from marts.mart_goal_plan
where cast(:channel as text) is null or channel in ('All', :channel)
group by channel, planned_channel, period, currency_code, verdict, sentence, first_day, value
order by
    first_day desc,
    period asc,
    channel asc,
    case when planned_channel = 'All' then 0 else 1 end asc,
    needed_revenue_base desc,
    planned_channel asc
