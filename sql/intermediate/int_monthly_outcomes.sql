-- What did each month bring through each channel, as forecasts read it?
-- Grain: one row per kind (people, deals, spend, as_of), channel, outcome, cohort month, month and
-- close month. month is that of a person's first touch, of a deal's creation, of a day of spend;
-- of as_of, which has no channel, the month under way.
-- New business alone, in the reporting zone; a person without a touch counts when first known.
with

as_of as (
    select as_of_date
    from build.int_as_of
),

monthly as (
    select
        kind,
        channel,
        outcome,
        cohort_month,
        event_month as month,
        close_month,
        cast(sum(people_or_deals) as bigint) as people_or_deals,
        cast(sum(customers) as bigint) as customers,
        cast(sum(amount_base) as numeric(20, 6)) as amount_base
    from build.int_outcomes
    where kind in ('people', 'deals')
    group by kind, channel, outcome, cohort_month, event_month, close_month
    union all
    select
        'spend' as kind,
        campaigns.channel,
        cast(null as text) as outcome,
        cast(null as date) as cohort_month,
        cast(date_trunc('month', daily.date_day) as date) as month,
        cast(null as date) as close_month,
        cast(0 as bigint) as people_or_deals,
        cast(0 as bigint) as customers,
        cast(sum(daily.spend_base) as numeric(20, 6)) as amount_base
    from build.fct_ad_spend_daily as daily
    inner join build.dim_campaign as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    where campaigns.channel is not null
    group by campaigns.channel, cast(date_trunc('month', daily.date_day) as date)
    union all
    select
        'as_of' as kind,
        cast(null as text) as channel,
        cast(null as text) as outcome,
        cast(null as date) as cohort_month,
        cast(date_trunc('month', as_of_date) as date) as month,
        cast(null as date) as close_month,
        cast(0 as bigint) as people_or_deals,
        cast(0 as bigint) as customers,
        cast(null as numeric(20, 6)) as amount_base
    from as_of
    where as_of_date is not null
)

select * from monthly
