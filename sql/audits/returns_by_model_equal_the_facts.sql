-- Does every model in mart_returns_by_model_monthly have all spend and people, and share out all
-- that fct_attribution credits? And is first_touch what the ROI marts say?
-- Grain: one row per what is compared, model, its place and month that differs.
with

models as (
    select model
    from build.int_attribution_models
),

returns as (
    select
        model,
        platform,
        account_id,
        campaign_id,
        channel,
        currency_code,
        cohort_month as month,
        coalesce(spend, 0) as spend,
        coalesce(spend_base, 0) as spend_base,
        leads,
        mqls,
        sqls,
        opportunities,
        won_deals,
        customers,
        won_revenue,
        coalesce(won_revenue_base, 0) as won_revenue_base,
        open_pipeline,
        coalesce(open_pipeline_base, 0) as open_pipeline_base
    from build.mart_returns_by_model_monthly
),

said as (
    select
        'spend' as compared,
        model,
        platform || '/' || account_id || '/' || campaign_id || '/' || currency_code as place,
        month,
        cast(spend as numeric(20, 6)) as first_sum,
        cast(spend_base as numeric(20, 6)) as second_sum,
        0 as count_sum
    from returns
    where spend <> 0 or spend_base <> 0
    union all
    select
        'won' as compared,
        model,
        channel || '/' || currency_code as place,
        month,
        cast(won_revenue as numeric(20, 6)) as first_sum,
        cast(won_revenue_base as numeric(20, 6)) as second_sum,
        cast(won_deals as numeric(20, 10)) as count_sum
    from returns
    union all
    select
        'open' as compared,
        model,
        channel || '/' || currency_code as place,
        month,
        cast(open_pipeline as numeric(20, 6)) as first_sum,
        cast(open_pipeline_base as numeric(20, 6)) as second_sum,
        0 as count_sum
    from returns
    union all
    select
        'customers' as compared,
        model,
        currency_code as place,
        month,
        0 as first_sum,
        0 as second_sum,
        cast(customers as numeric(20, 10)) as count_sum
    from returns
    union all
    select
        'people' as compared,
        model,
        channel as place,
        month,
        leads as first_sum,
        mqls as second_sum,
        sqls as count_sum
    from returns
    union all
    select
        'campaign' as compared,
        model,
        platform || '/' || account_id || '/' || campaign_id as place,
        month,
        cast(won_revenue_base as numeric(20, 6)) as first_sum,
        cast(open_pipeline_base as numeric(20, 6)) as second_sum,
        leads as count_sum
    from returns
    where model = 'first_touch'
    union all
    select
        'opportunities' as compared,
        model,
        platform || '/' || account_id || '/' || campaign_id as place,
        month,
        0 as first_sum,
        0 as second_sum,
        opportunities as count_sum
    from returns
),

expected as (
    select
        'spend' as compared,
        models.model,
        daily.platform || '/' || daily.account_id || '/' || daily.campaign_id || '/'
        || daily.currency_code as place,
        cast(date_trunc('month', daily.date_day) as date) as month,
        cast(daily.spend as numeric(20, 6)) as first_sum,
        cast(coalesce(daily.spend_base, 0) as numeric(20, 6)) as second_sum,
        0 as count_sum
    from build.fct_ad_spend_daily as daily
    cross join models
    union all
    select
        basis as compared,
        model,
        channel || '/' || currency_code as place,
        cohort_month as month,
        cast(coalesce(amount, 0) as numeric(20, 6)) as first_sum,
        cast(coalesce(amount_base, 0) as numeric(20, 6)) as second_sum,
        case when basis = 'won' then cast(weight as numeric(20, 10)) else 0 end as count_sum
    from build.fct_attribution
    where type_group = 'new_business'
    union all
    select
        'customers' as compared,
        models.model,
        opportunities.currency_code as place,
        opportunities.cohort_month as month,
        0 as first_sum,
        0 as second_sum,
        1 as count_sum
    from build.fct_opportunities as opportunities
    cross join models
    where opportunities.is_new_customer
    union all
    select
        'people' as compared,
        models.model,
        roi.channel as place,
        roi.cohort_month as month,
        roi.leads as first_sum,
        roi.mqls as second_sum,
        roi.sqls as count_sum
    from build.mart_channel_roi_monthly as roi
    cross join models
    union all
    select
        'campaign' as compared,
        'first_touch' as model,
        platform || '/' || account_id || '/' || campaign_id as place,
        cohort_month as month,
        cast(coalesce(won_revenue_base, 0) as numeric(20, 6)) as first_sum,
        cast(coalesce(open_pipeline_base, 0) as numeric(20, 6)) as second_sum,
        leads as count_sum
    from build.mart_campaign_roi_monthly
    union all
    select
        'opportunities' as compared,
        models.model,
        roi.platform || '/' || roi.account_id || '/' || roi.campaign_id as place,
        roi.cohort_month as month,
        0 as first_sum,
        0 as second_sum,
        roi.opportunities as count_sum
    from build.mart_campaign_roi_monthly as roi
    cross join models
),

signed as (
    select
        compared,
        model,
        place,
        month,
        first_sum,
        second_sum,
        count_sum
    from said
    union all
    select
        compared,
        model,
        place,
        month,
        -first_sum as first_sum,
        -second_sum as second_sum,
        -count_sum as count_sum
    from expected
),

wrong as (
    select
        compared,
        model,
        place,
        month,
        sum(first_sum) as first_difference,
        sum(second_sum) as second_difference,
        sum(count_sum) as count_difference
    from signed
    group by compared, model, place, month
    having sum(first_sum) <> 0 or sum(second_sum) <> 0 or sum(count_sum) <> 0
)

select * from wrong
