-- What does each model credit to which channel and campaign, beside what first touch does?
-- Grain: one row per level (channel, campaign), channel or campaign, and model.
-- New business of the chosen cohort months. Of campaigns the hundred are told of which the models
-- differ most; a model that credits one with nothing has a row all the same. Chosen a currency,
-- money is what was booked in it, as booked. A sum is NULL where one of its amounts lacks a rate.
with

chosen as (
    select
        model,
        channel,
        platform,
        account_id,
        campaign_id,
        won_deals,
        won_revenue,
        open_pipeline
    from shared.returns
    where won_deals <> 0 or coalesce(won_revenue, 1) <> 0 or coalesce(open_pipeline, 1) <> 0
),

summed as (
    select
        case when grouping(campaign_id) = 0 then 'campaign' else 'channel' end as level,
        channel,
        platform,
        account_id,
        campaign_id,
        model,
        cast(sum(won_deals) as numeric(20, 4)) as deals,
        cast(case when count(*) = count(won_revenue) then sum(won_revenue) end as numeric(18, 2))
            as won_revenue,
        cast(
            case when count(*) = count(open_pipeline) then sum(open_pipeline) end as numeric(18, 2)
        ) as open_pipeline
    from chosen
    group by
        grouping sets (
            (channel, model),
            (channel, platform, account_id, campaign_id, model)
        )
),

models as (
    select distinct model
    from marts.mart_returns_by_model_monthly
),

places as (
    select
        level,
        channel,
        platform,
        account_id,
        campaign_id,
        case when count(model) < (select count(*) from models) then 0 end as credited_with_nothing,
        max(won_revenue) as most,
        min(won_revenue) as least
    from summed
    group by level, channel, platform, account_id, campaign_id
),

ranked as (
    select
        level,
        channel,
        platform,
        account_id,
        campaign_id,
        row_number() over (
            partition by level
            order by
                greatest(most, credited_with_nothing) - least(least, credited_with_nothing)
                desc nulls last,
                most desc nulls last,
                channel asc,
                platform asc,
                account_id asc,
                campaign_id asc
        ) as place_number
    from places
),

compared as (
    select
        ranked.level,
        ranked.place_number,
        ranked.channel,
        ranked.platform,
        ranked.account_id,
        ranked.campaign_id,
        models.model,
        case when summed.model is null then 0 else summed.deals end as deals,
        case when summed.model is null then 0 else summed.won_revenue end as won_revenue,
        case when summed.model is null then 0 else summed.open_pipeline end as open_pipeline,
        case when first_touch.model is null then 0 else first_touch.won_revenue end
            as first_touch_won_revenue
    from ranked
    cross join models
    left join summed
        on
            ranked.level = summed.level
            and ranked.channel = summed.channel
            and ranked.platform is not distinct from summed.platform
            and ranked.account_id is not distinct from summed.account_id
            and ranked.campaign_id is not distinct from summed.campaign_id
            and models.model = summed.model
    left join summed as first_touch
        on
            ranked.level = first_touch.level
            and ranked.channel = first_touch.channel
            and ranked.platform is not distinct from first_touch.platform
            and ranked.account_id is not distinct from first_touch.account_id
            and ranked.campaign_id is not distinct from first_touch.campaign_id
            and first_touch.model = 'first_touch'
    where ranked.level = 'channel' or ranked.place_number <= 100
),

named as (
    select
        compared.level,
        compared.channel,
        compared.platform,
        compared.account_id,
        campaigns.account_name,
        compared.campaign_id,
        campaigns.campaign_name,
        compared.model,
        cast(compared.deals as numeric(20, 4)) as deals,
        cast(compared.won_revenue as numeric(18, 2)) as won_revenue,
        cast(compared.open_pipeline as numeric(18, 2)) as open_pipeline,
        cast(compared.first_touch_won_revenue as numeric(18, 2)) as first_touch_won_revenue,
        cast(compared.won_revenue - compared.first_touch_won_revenue as numeric(18, 2))
            as first_touch_difference
    from compared
    left join marts.dim_campaign as campaigns
        on
            compared.platform = campaigns.platform
            and compared.account_id = campaigns.account_id
            and compared.campaign_id = campaigns.campaign_id
    order by
        compared.level asc,
        compared.place_number asc,
        case when compared.model = 'first_touch' then 0 else 1 end asc,
        compared.model asc
)

select * from named
