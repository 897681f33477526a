-- Do the months hold all people, deals, customers, revenue won and spend, each once?
-- Grain: one row per metric that differs.
with

people as (
    select
        'leads' as metric,
        count(*) as known
    from build.fct_people
    where not is_internal
),

deals as (
    select
        count(*) as opportunities,
        count(case when is_won and is_new_customer then 1 end) as customers,
        coalesce(sum(case when is_won then amount_base end), 0) as won_revenue
    from build.fct_opportunities
    where type_group = 'new_business'
),

spent as (
    select
        'spend' as metric,
        coalesce(sum(daily.spend_base), 0) as known
    from build.fct_ad_spend_daily as daily
    inner join build.dim_campaign as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    where campaigns.channel is not null
),

expected as (
    select
        metric,
        cast(known as numeric(20, 6)) as known
    from people
    union all
    select
        'opportunities' as metric,
        cast(opportunities as numeric(20, 6)) as known
    from deals
    union all
    select
        'customers' as metric,
        cast(customers as numeric(20, 6)) as known
    from deals
    union all
    select
        'won_revenue' as metric,
        cast(won_revenue as numeric(20, 6)) as known
    from deals
    union all
    select
        metric,
        cast(known as numeric(20, 6)) as known
    from spent
),

shown as (
    select
        metric,
        sum(actual) as actual
    from build.mart_outcomes_monthly
    group by metric
),

wrong as (
    select
        expected.metric,
        expected.known,
        shown.actual
    from expected
    left join shown on expected.metric = shown.metric
    where expected.known <> coalesce(shown.actual, 0)
)

select * from wrong
