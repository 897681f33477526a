"""SQL on the published marts, by fact tables: what the page must show, of what is ``chosen``."""

from __future__ import annotations

OFFERED = """
with spent as (
    select channel, platform, account_id, campaign_id, sum(spend_base) as spend
    from marts.fct_ad_spend_daily
    inner join marts.dim_campaign using (platform, account_id, campaign_id)
    group by all
),
won as (
    select channel, sum(amount_base) as won
    from marts.fct_attribution
    where model = 'first_touch' and basis = 'won' and channel <> 'Unattributed'
    group by all
)
select
    (select list(channel order by most desc) from (
        select channel, sum(spend) as most from spent group by all)) as paid,
    (select list(channel order by won desc) from won
        where channel not in (select channel from spent)) as unpaid,
    (select list(platform order by most desc) from (
        select platform, sum(spend) as most from spent group by all)) as platforms,
    (select list([platform, account_id, campaign_id] order by spend desc) from spent) as campaigns,
    (select list(distinct currency_code order by currency_code)
        from marts.fct_ad_spend_daily) as currencies,
    (select list(opportunity_id order by touches desc, opportunity_id) from (
        select opportunity_id, count(*) as touches from marts.fct_attribution
        where model = 'linear' and basis = 'won' group by all)) as deals,
    (select list(person_id order by touches desc, person_id) from (
        select person_id, count(*) as touches
        from marts.fct_touchpoints semi join (
            select person_id from marts.fct_people where not is_internal) using (person_id)
        group by all)) as persons
"""
"""What there is to choose, what has the most of it first."""

SET_UP = """
create macro as_platform(channel, crm_campaign_id, platform) as case
    when channel = 'Unattributed' then 'unattributed'
    when crm_campaign_id is not null then 'crm'
    else coalesce(platform, 'unmatched') end;

create macro as_account(channel, crm_campaign_id, account_id) as case
    when channel = 'Unattributed' then 'unattributed'
    when crm_campaign_id is not null then 'crm'
    else coalesce(account_id, 'unmatched') end;

create macro as_campaign(channel, crm_campaign_id, campaign_id) as case
    when channel = 'Unattributed' then 'unattributed'
    else coalesce(crm_campaign_id, campaign_id, 'unmatched') end;

create macro shown(code, amount, base) as (
    select case
        when amount is null then 0
        when chosen.currency_code is null then base
        when chosen.currency_code = code then amount
        else 0 end
    from chosen);

create macro is_other(code, amount) as (
    select coalesce(chosen.currency_code <> code and amount <> 0, false) from chosen);

create view spent as
select
    campaigns.channel, spend.platform, spend.account_id, spend.campaign_id,
    cast(date_trunc('month', spend.date_day) as date) as month,
    spend.date_day, spend.currency_code, spend.spend as billed, spend.spend_base,
    spend.impressions, spend.clicks, spend.reported_conversions,
    shown(spend.currency_code, spend.spend, spend.spend_base) as money,
    is_other(spend.currency_code, spend.spend) as is_other
from marts.fct_ad_spend_daily as spend
inner join marts.dim_campaign as campaigns
    on campaigns.platform = spend.platform and campaigns.account_id = spend.account_id
    and campaigns.campaign_id = spend.campaign_id;

create view people as
select
    first_touch_channel as channel,
    as_platform(first_touch_channel, first_touch_crm_campaign_id, first_touch_platform) as platform,
    as_account(first_touch_channel, first_touch_crm_campaign_id, first_touch_account_id)
        as account_id,
    as_campaign(first_touch_channel, first_touch_crm_campaign_id, first_touch_campaign_id)
        as campaign_id,
    cohort_month as month,
    is_mql, is_sql, lead_at, mql_at, sql_at, opportunity_at, customer_at, first_touchpoint_id,
    person_id, crm_account_id, email_domain, company_name,
    sector, company_size, region, seniority, product_interest, pain_point, urgency
from marts.fct_people
where not is_internal;

create view deals as
select
    opportunity_id, first_touch_channel as channel,
    as_platform(first_touch_channel, first_touch_crm_campaign_id, first_touch_platform) as platform,
    as_account(first_touch_channel, first_touch_crm_campaign_id, first_touch_account_id)
        as account_id,
    as_campaign(first_touch_channel, first_touch_crm_campaign_id, first_touch_campaign_id)
        as campaign_id,
    cohort_month as month, amount_base, created_at
from marts.fct_opportunities
where type_group = 'new_business';

create view credits as
select
    credit.model, credit.basis, credit.opportunity_id, credit.touchpoint_id, credit.channel,
    as_platform(credit.channel, credit.crm_campaign_id, credit.platform) as platform,
    as_account(credit.channel, credit.crm_campaign_id, credit.account_id) as account_id,
    as_campaign(credit.channel, credit.crm_campaign_id, credit.campaign_id) as campaign_id,
    credit.cohort_month as month, credit.close_date, credit.weight,
    shown(credit.currency_code, credit.amount, credit.amount_base) as money,
    is_other(credit.currency_code, credit.amount) as is_other,
    deal.is_new_customer
from marts.fct_attribution as credit
inner join marts.fct_opportunities as deal on deal.opportunity_id = credit.opportunity_id
where credit.type_group = 'new_business';

create view visits as
with cells as (
    select distinct channel, month from people
    union
    select channel, visit_month from marts.mart_visitors_monthly
)
select
    cells.channel, cells.month, cast(null as text) as platform, cast(null as text) as account_id,
    cast(null as text) as campaign_id, 1 as is_cell,
    case
        when cells.month in (select visit_month from marts.mart_visitors_monthly)
            then coalesce(counted.visitors, 0)
    end as visitors
from cells
left join marts.mart_visitors_monthly as counted
    on counted.channel = cells.channel and counted.visit_month = cells.month;

create view closed as
select *, month as cohort_month, cast(date_trunc('month', close_date) as date) as close_month
from credits
where basis = 'won';

create macro placed(rows) as table
select rows.* from query_table(rows) as rows semi join chosen on
    (chosen.channel is null or chosen.channel = rows.channel)
    and (chosen.platform is null or chosen.platform = rows.platform)
    and (chosen.account_id is null or chosen.account_id = rows.account_id)
    and (chosen.campaign_id is null or chosen.campaign_id = rows.campaign_id);

create macro within(rows) as table
select rows.* from placed(rows) as rows
semi join chosen on rows.month between chosen.from_month and chosen.to_month;

create macro closed_within() as table
select rows.* from placed('closed') as rows
semi join chosen on
    rows.model = chosen.model and rows.close_month between chosen.from_month and chosen.to_month;
"""

RETURNED = """
with happened as (
    select
        month, channel, platform, account_id, campaign_id, money as spend, impressions, clicks,
        case when reported_conversions is not null then platform end as reporter,
        reported_conversions, money is null as lacks_spend, is_other as is_other_spend,
        billed <> 0 as is_paid
    from within('spent')
    union all by name
    select
        month, channel, platform, account_id, campaign_id, 1 as leads,
        cast(is_mql as integer) as mqls, cast(is_sql as integer) as sqls
    from within('people')
    union all by name
    select month, channel, platform, account_id, campaign_id, 1 as opportunities
    from within('deals')
    union all by name
    select
        month, channel, platform, account_id, campaign_id,
        case when basis = 'won' then weight end as won_deals,
        case when basis = 'won' and is_new_customer then weight end as customers,
        case when basis = 'won' then money end as won_revenue,
        case when basis = 'open' then money end as open_pipeline,
        basis = 'won' and money is null as lacks_revenue,
        basis = 'open' and money is null as lacks_pipeline,
        basis = 'won' and is_other as is_other_revenue
    from within('credits')
    where model = (select model from chosen)
)
select
    grouping(month, channel, platform, account_id, campaign_id) as level,
    month as cohort_month, channel, platform, account_id, campaign_id,
    case when not coalesce(bool_or(lacks_spend), false) then coalesce(sum(spend), 0) end as spend,
    coalesce(sum(impressions), 0) as impressions, coalesce(sum(clicks), 0) as clicks,
    case when count(distinct reporter) = 1 then sum(reported_conversions) end
        as reported_conversions,
    coalesce(sum(leads), 0) as leads, coalesce(sum(mqls), 0) as mqls,
    coalesce(sum(sqls), 0) as sqls, coalesce(sum(opportunities), 0) as opportunities,
    coalesce(sum(won_deals), 0) as won_deals, coalesce(sum(customers), 0) as customers,
    case when not coalesce(bool_or(lacks_revenue), false) then coalesce(sum(won_revenue), 0) end
        as won_revenue,
    case when not coalesce(bool_or(lacks_pipeline), false) then coalesce(sum(open_pipeline), 0) end
        as open_pipeline,
    coalesce(bool_or(is_other_spend), false) as is_other_spend,
    coalesce(bool_or(is_other_revenue), false) as is_other_revenue,
    coalesce(bool_or(is_paid), false) as is_paid
from happened
group by grouping sets (
    (), (month), (platform), (channel), (channel, platform),
    (channel, platform, account_id, campaign_id)
)
having count(*) > 0
"""

CLOSED = """
select
    close_month, cast(sum(weight) as numeric(20, 4)) as deals,
    case when count(*) = count(money) then sum(money) end as won_revenue
from closed_within()
group by close_month
"""

REVENUE = """
with won as (
    select month, greatest(0, datediff('month', month, close_date)) as age, sum(money) as money
    from within('credits')
    where basis = 'won' and model = (select model from chosen)
    group by all
),
ages as (
    select cohorts.month, unnest(range(datediff('month', cohorts.month, $as_of) + 1)) as age
    from (select unnest($months) as month) as cohorts
)
select
    ages.month as cohort_month, ages.age as months_since,
    coalesce(sum(won.money) filter (won.age = ages.age), 0) as won_revenue,
    coalesce(sum(won.money), 0) as cumulative_won_revenue
from ages
left join won on won.month = ages.month and won.age <= ages.age
group by all
"""

FUNNEL = """
with happened as (
    select *, 1 as is_lead from within('people')
    union all by name
    select channel, month, is_cell, visitors from within('visits')
)
select
    grouping(channel, month) as level, channel, month as cohort_month,
    case when count(is_cell) = count(visitors) then sum(visitors) end as visitors,
    count(is_lead) as leads,
    count(*) filter (is_mql) as mqls, count(*) filter (is_sql) as sqls,
    count(opportunity_at) as opportunities, count(customer_at) as customers,
    median(floor(epoch(mql_at)) - floor(epoch(lead_at))) filter (mql_at >= lead_at)
        as lead_to_mql,
    median(floor(epoch(sql_at)) - floor(epoch(mql_at))) filter (sql_at >= mql_at) as mql_to_sql,
    median(floor(epoch(opportunity_at)) - floor(epoch(sql_at))) filter (opportunity_at >= sql_at)
        as sql_to_opportunity,
    median(floor(epoch(customer_at)) - floor(epoch(opportunity_at)))
        filter (customer_at >= opportunity_at) as opportunity_to_customer
from happened
group by grouping sets ((), (channel), (month))
having count(*) > 0
"""

SEGMENTS = """
with people as (select * from within('people'))
select
    dimension, coalesce(segment, 'unknown') as segment, count(*) as leads,
    count(*) filter (is_mql) as mqls, count(*) filter (is_sql) as sqls,
    count(opportunity_at) as opportunities, count(customer_at) as customers
from people unpivot include nulls (
    segment for dimension in (
        sector, company_size, region, seniority, product_interest, pain_point, urgency
    )
)
group by all
"""

CONTENTS = """
select
    content_kind, content_id, sum(people) as people, sum(begun_people) as begun_people,
    sum(begun_opportunities) as begun_opportunities, sum(begun_won_deals) as begun_won_deals,
    sum(moved_opportunities) as moved_opportunities, sum(moved_won_deals) as moved_won_deals,
    sum(begun_won_revenue_base) as begun_won_revenue_base,
    sum(moved_won_revenue_base) as moved_won_revenue_base,
    sum(begun_cycle_days * begun_won_deals) / nullif(sum(begun_won_deals), 0) as begun_days,
    sum(moved_cycle_days * moved_won_deals) / nullif(sum(moved_won_deals), 0) as moved_days
from marts.mart_content_performance, chosen
where content_month between from_month and to_month
group by all
"""

BRIEFS = """
with touched as (
    select person_id, count(*) as touches, max(touched_at) as last_touch_at
    from marts.fct_touchpoints group by person_id
),
companies as (
    select crm_account_id, count(*) as people from marts.fct_people
    where not is_internal and crm_account_id is not null group by crm_account_id
)
select
    coalesce(touched.touches, 0) as touches, coalesce(companies.people - 1, 0) as others_of_account,
    touched.last_touch_at, brief.open_deals, brief.open_pipeline_base
from within('people') as person
inner join marts.mart_lead_brief as brief using (person_id)
left join touched using (person_id)
left join companies on companies.crm_account_id = person.crm_account_id
where case
    when $pattern is null then person.customer_at is null
    else lower(concat_ws(chr(0), person_id, person.email_domain, person.company_name))
        like $pattern end
order by coalesce(touched.last_touch_at, person.lead_at) desc, person_id
limit $listed
"""

BY_MODEL = """
select
    channel, platform, account_id, campaign_id, model,
    sum(weight) filter (basis = 'won') as deals,
    sum(money) filter (basis = 'won') as won_revenue
from within('credits')
group by all
"""

ADS = """
with met as (
    select touchpoint_id, ad_group_id, ad_id
    from marts.fct_touchpoints
    where campaign_id is not null and crm_campaign_id is null
),
happened as (
    select
        ad_group_id, ad_id, impressions, clicks,
        shown(currency_code, spend, spend_base) as spend
    from marts.fct_ad_performance_daily as ads
    semi join chosen on
        ads.platform = chosen.platform and ads.account_id = chosen.account_id
        and ads.campaign_id = chosen.campaign_id
        and date_trunc('month', ads.date_day) between chosen.from_month and chosen.to_month
    union all by name
    select met.ad_group_id, met.ad_id, 1 as leads
    from within('people') as people
    inner join met on met.touchpoint_id = people.first_touchpoint_id
    union all by name
    select met.ad_group_id, met.ad_id, credits.weight as won_deals, credits.money as won_revenue
    from within('credits') as credits
    inner join met on met.touchpoint_id = credits.touchpoint_id
    where credits.basis = 'won' and credits.model = (select model from chosen)
)
select
    grouping(ad_id) as level,
    coalesce(sum(spend), 0) as spend, coalesce(sum(impressions), 0) as impressions,
    coalesce(sum(clicks), 0) as clicks, coalesce(sum(leads), 0) as leads,
    cast(coalesce(sum(won_deals), 0) as numeric(20, 4)) as won_deals,
    coalesce(sum(won_revenue), 0) as won_revenue
from happened
group by grouping sets ((ad_group_id), (ad_group_id, ad_id))
having count(*) > 0
"""

BILLED = """
select sum(billed) as spend, sum(spend_base) as spend_base
from within('spent') as spent
semi join chosen on chosen.currency_code is null or chosen.currency_code = spent.currency_code
group by currency_code, platform, account_id
having sum(billed) <> 0
"""

DAYS = """
select date_day, billed as spend, spend_base, impressions, clicks
from within('spent') as spent
semi join chosen on chosen.currency_code is null or chosen.currency_code = spent.currency_code
"""

CREDITED = """
select
    min(month) as first, opportunity_id, basis,
    any_value(deal.close_date) as close_date, any_value(deal.cohort_month) as cohort_month,
    case when count(*) = count(money) then sum(money) end as credited_amount
from within('credits') as credits
inner join marts.fct_opportunities as deal using (opportunity_id)
where model = (select model from chosen)
group by opportunity_id, basis
qualify row_number() over (
    partition by basis order by credited_amount desc nulls first, opportunity_id
) <= $listed
"""

OPPORTUNITIES = """
select month as cohort_month, amount_base
from within('deals')
order by created_at desc nulls last, opportunity_id
limit $listed
"""

DEALS_CLOSED = """
select
    any_value(close_date) as close_date,
    case when count(*) = count(money) then sum(money) end as credited_amount
from closed_within()
group by opportunity_id
order by close_date desc, opportunity_id
limit $listed
"""

FOUND = """
with companies as (
    select crm_account_id, min(company_name) as company_name
    from marts.fct_people where crm_account_id is not null group by crm_account_id
)
select amount_base
from marts.fct_opportunities as deal
left join companies using (crm_account_id)
where lower(concat_ws(chr(0), opportunity_id, opportunity_name, company_name)) like $pattern
union all
select null
from marts.fct_people
where
    not is_internal
    and lower(concat_ws(chr(0), person_id, email_domain, company_name)) like $pattern
"""

DEAL_CREDITS = """
select amount_base
from marts.fct_attribution
where opportunity_id = $opportunity_id and model = (select model from chosen)
"""

TOUCHED = """
select touched_at from marts.fct_touchpoints where person_id = $person_id
"""

SOURCES = """
select
    source, account_id,
    count(*) filter (status in ('loaded', 'restating')) as days_loaded,
    count(*) filter (status = 'empty') as days_empty,
    max(date_day) filter (status <> 'missing') as last_day
from marts.mart_data_health as health
semi join chosen on
    (chosen.source is null or chosen.source = health.source)
    and (chosen.platform is null or chosen.platform = health.source)
    and (chosen.account_id is null or chosen.account_id = health.account_id)
group by source, account_id
"""

GRID = """
with days as (
    select health.*
    from marts.mart_data_health as health
    semi join chosen on
        (chosen.source is null or chosen.source = health.source)
        and (chosen.platform is null or chosen.platform = health.source)
        and (chosen.account_id is null or chosen.account_id = health.account_id)
        and date_trunc('month', date_day) between chosen.from_month and chosen.to_month
)
select status, count(*) as days
from days
where date_day > (select max(date_day) from days) - 120
group by status
"""

COMPARED = """
select books.*
from marts.mart_reconciliation as books
semi join chosen on
    (
        books.month between chosen.from_month and chosen.to_month
        or books.verdict = 'differs'
    )
    and (chosen.source is null or chosen.source = books.source)
    and (chosen.platform is null or chosen.platform = books.source)
"""

RESTATED = """
select told.date_day, told.old_spend, told.new_spend, told.delta
from ops.restatements as told
semi join chosen on
    (chosen.source is null or chosen.source = told.source)
    and (chosen.platform is null or chosen.platform = told.source)
    and (chosen.account_id is null or chosen.account_id = told.account_id)
    and (chosen.campaign_id is null or chosen.campaign_id = told.campaign_id)
    and date_trunc('month', told.date_day) between chosen.from_month and chosen.to_month
"""

REJECTED = """
select count(*) as rows, sum(told.spend) as spend
from ops.rejected_rows as told
semi join chosen on
    (chosen.source is null or chosen.source = told.source)
    and (chosen.platform is null or chosen.platform = told.source)
    and (chosen.account_id is null or chosen.account_id = told.account_id)
    and (
        told.date_day is null
        or date_trunc('month', told.date_day) between chosen.from_month and chosen.to_month
    )
group by told.source, told.account_id, told.stream, told.reason, told.currency_code
"""

FINDINGS = """
select
    finding, sum(spend_base) as spend_base, sum(won_revenue_base) as won_revenue_base,
    sum(open_pipeline_base) as open_pipeline_base, sum(leads) as leads,
    sum(won_deals) as won_deals, sum(clicks) as clicks, sum(touches) as touches
from (select *, cohort_month as month from marts.mart_utm_audit) as rows
semi join chosen on
    (chosen.channel is null or chosen.channel = rows.channel)
    and (chosen.platform is null or chosen.platform = rows.platform)
    and (chosen.account_id is null or chosen.account_id = rows.account_id)
    and (chosen.campaign_id is null or chosen.campaign_id = rows.campaign_id)
    and rows.month between chosen.from_month and chosen.to_month
group by finding
"""

UNTOUCHED = """
select deal.amount_base, deal.people
from marts.fct_opportunities as deal
semi join chosen on
    coalesce(chosen.channel, 'Unattributed') = 'Unattributed'
    and coalesce(chosen.platform, 'unattributed') = 'unattributed'
    and coalesce(chosen.account_id, 'unattributed') = 'unattributed'
    and coalesce(chosen.campaign_id, 'unattributed') = 'unattributed'
    and deal.cohort_month between chosen.from_month and chosen.to_month
where coalesce(deal.touches, 0) = 0 and (deal.is_won or not deal.is_closed)
order by deal.amount_base desc nulls last, deal.amount desc nulls last, deal.opportunity_id
limit $listed
"""

GAPS = """
select
    sum(spend_gap) as spend_gap, sum(impressions_gap) as impressions_gap,
    sum(clicks_gap) as clicks_gap, sum(days) as days
from marts.mart_ad_level_gaps_monthly as gaps
inner join marts.dim_campaign as campaigns
    on campaigns.platform = gaps.platform and campaigns.account_id = gaps.account_id
    and campaigns.campaign_id = gaps.campaign_id
semi join chosen on
    (chosen.channel is null or chosen.channel = campaigns.channel)
    and (chosen.platform is null or chosen.platform = gaps.platform)
    and (chosen.account_id is null or chosen.account_id = gaps.account_id)
    and (chosen.campaign_id is null or chosen.campaign_id = gaps.campaign_id)
    and (chosen.currency_code is null or chosen.currency_code = gaps.currency_code)
    and gaps.month between chosen.from_month and chosen.to_month
group by gaps.reason, gaps.platform, gaps.account_id, gaps.campaign_id, gaps.currency_code
"""
