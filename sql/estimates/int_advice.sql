-- What did each campaign and channel with spend cost and bring, as far as it can be judged by now,
-- as each model and a shorter look-back see it?
-- Grain: for cost one row per level (campaign, channel) and campaign or channel with spend; for
-- credit one per level, campaign or channel, and variant (a model, or first_touch within half its
-- look-back) with deals won; for as_of one.
-- Mature cohorts (int_maturity) of the last 36 months. Deals are new business with an amount above
-- zero, each with the part credited; log_amounts sums the natural logarithms of their amounts.
-- include/estimates makes of them one row per campaign and one per channel.
with

as_of as (
    select
        maturity.as_of_date,
        maturity.mature_after_days,
        maturity.mature_before_month,
        cast(maturity.mature_before_month - interval '36 months' as date) as mature_from_month,
        settings.reporting_currency,
        settings.roi_bar
    from build.int_maturity as maturity
    cross join staging.stg_settings as settings
),

campaign_spend as (
    select
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        min(daily.date_day) as first_day,
        count(distinct date_trunc('month', daily.date_day)) as months_of_spend,
        case
            when count(*) = count(daily.spend_base)
                then
                    sum(daily.spend_base) filter (
                        where
                        daily.date_day >= as_of.mature_from_month
                        and daily.date_day < as_of.mature_before_month
                    )
        end as mature_spend,
        case
            when count(*) = count(daily.spend_base)
                then
                    sum(daily.spend_base) filter (
                        where daily.date_day >= as_of.mature_before_month
                    )
        end as young_spend,
        max(daily.date_day) >= max(as_of.as_of_date) - 30 as is_running
    from build.fct_ad_spend_daily as daily
    cross join as_of
    where daily.spend <> 0
    group by daily.platform, daily.account_id, daily.campaign_id
),

channel_months as (
    select
        campaigns.channel,
        count(distinct date_trunc('month', daily.date_day)) as months_of_spend
    from build.fct_ad_spend_daily as daily
    inner join build.dim_campaign as campaigns
        on
            daily.platform = campaigns.platform
            and daily.account_id = campaigns.account_id
            and daily.campaign_id = campaigns.campaign_id
    where daily.spend <> 0
    group by campaigns.channel
),

spend as (
    select
        'campaign' as level,
        campaigns.channel,
        costs.platform,
        costs.account_id,
        costs.campaign_id,
        campaigns.campaign_name,
        costs.first_day,
        costs.months_of_spend,
        coalesce(costs.mature_spend, 0) as mature_spend,
        coalesce(costs.young_spend, 0) as young_spend,
        costs.is_running
    from campaign_spend as costs
    inner join build.dim_campaign as campaigns
        on
            costs.platform = campaigns.platform
            and costs.account_id = campaigns.account_id
            and costs.campaign_id = campaigns.campaign_id
    union all
    select
        'channel' as level,
        campaigns.channel,
        cast(null as text) as platform,
        cast(null as text) as account_id,
        cast(null as text) as campaign_id,
        cast(null as text) as campaign_name,
        min(costs.first_day) as first_day,
        channel_months.months_of_spend,
        coalesce(sum(costs.mature_spend), 0) as mature_spend,
        coalesce(sum(costs.young_spend), 0) as young_spend,
        bool_or(costs.is_running) as is_running
    from campaign_spend as costs
    inner join build.dim_campaign as campaigns
        on
            costs.platform = campaigns.platform
            and costs.account_id = campaigns.account_id
            and costs.campaign_id = campaigns.campaign_id
    inner join channel_months
        on campaigns.channel = channel_months.channel
    group by campaigns.channel, channel_months.months_of_spend
),

people as (
    select
        'campaign' as level,
        cast(null as text) as channel,
        returns.platform,
        returns.account_id,
        returns.campaign_id,
        sum(returns.leads) as leads
    from build.mart_campaign_roi_monthly as returns
    cross join as_of
    where
        returns.cohort_month >= as_of.mature_from_month
        and returns.cohort_month < as_of.mature_before_month
    group by returns.platform, returns.account_id, returns.campaign_id
    union all
    select
        'channel' as level,
        returns.channel,
        null as platform,
        null as account_id,
        null as campaign_id,
        sum(returns.leads) as leads
    from build.mart_channel_roi_monthly as returns
    cross join as_of
    where
        returns.cohort_month >= as_of.mature_from_month
        and returns.cohort_month < as_of.mature_before_month
    group by returns.channel
),

untagged as (
    select
        audited.platform,
        audited.account_id,
        audited.campaign_id,
        count(*) as untagged_months,
        sum(audited.spend_base) filter (
            where
            audited.cohort_month >= as_of.mature_from_month
            and audited.cohort_month < as_of.mature_before_month
        ) as untagged_spend
    from build.mart_utm_audit as audited
    cross join as_of
    where audited.campaign_id not in ('unmatched', 'unattributed') and audited.spend_base > 0
    group by audited.platform, audited.account_id, audited.campaign_id
),

deals as (
    select
        deals.opportunity_id,
        deals.created_at,
        deals.amount_base,
        cast(ln(cast(deals.amount_base as double precision)) as numeric(20, 10)) as log_amount
    from build.fct_opportunities as deals
    cross join as_of
    where
        deals.is_won
        and deals.type_group = 'new_business'
        and deals.amount_base > 0
        and deals.cohort_month >= as_of.mature_from_month
        and deals.cohort_month < as_of.mature_before_month
),

near_touches as (
    select
        touches.opportunity_id,
        touches.touchpoint_id,
        row_number() over (
            partition by touches.opportunity_id
            order by touches.touch_number
        ) as touch_number
    from build.int_deal_touches as touches
    inner join build.int_attribution_models as models
        on models.model = 'first_touch' and touches.touch_window = models.touch_window
    inner join deals
        on touches.opportunity_id = deals.opportunity_id
    where
        touches.touched_at
        >= deals.created_at - models.look_back_days * interval '12 hours'
),

shares as (
    select
        credited.model as variant,
        credited.opportunity_id,
        credited.touchpoint_id,
        credited.weight
    from build.fct_attribution as credited
    where credited.basis = 'won'
    union all
    select
        'half the look-back' as variant,
        opportunity_id,
        touchpoint_id,
        cast(1 as numeric(12, 10)) as weight
    from near_touches
    where touch_number = 1
),

placed as (
    select
        'campaign' as level,
        touchpoint_id,
        cast(null as text) as channel,
        platform,
        account_id,
        campaign_id
    from build.int_touch_places
    union all
    select
        'channel' as level,
        touchpoint_id,
        channel,
        null as platform,
        null as account_id,
        null as campaign_id
    from build.int_touch_places
),

credits as (
    select
        placed.level,
        placed.channel,
        placed.platform,
        placed.account_id,
        placed.campaign_id,
        shares.variant,
        cast(sum(shares.weight) as numeric(20, 10)) as won_deals,
        cast(
            sum(cast(shares.weight * deals.amount_base as numeric(30, 10))) as numeric(30, 10)
        ) as won_revenue,
        cast(
            sum(cast(shares.weight * deals.log_amount as numeric(30, 10))) as numeric(30, 10)
        ) as log_amounts,
        cast(
            sum(cast(
                shares.weight * cast(deals.log_amount * deals.log_amount as numeric(24, 10))
                as numeric(30, 10)
            )) as numeric(30, 10)
        ) as log_squares
    from shares
    inner join deals
        on shares.opportunity_id = deals.opportunity_id
    inner join placed
        on shares.touchpoint_id = placed.touchpoint_id
    group by
        placed.level,
        placed.channel,
        placed.platform,
        placed.account_id,
        placed.campaign_id,
        shares.variant
),

learned_from as (
    select
        'cost' as row_kind,
        spend.level,
        spend.channel,
        spend.platform,
        spend.account_id,
        spend.campaign_id,
        spend.campaign_name,
        cast(null as text) as variant,
        cast(null as text) as currency_code,
        spend.first_day,
        cast(null as date) as mature_before_month,
        cast(null as bigint) as mature_after_days,
        cast(spend.months_of_spend as bigint) as months_of_spend,
        cast(coalesce(untagged.untagged_months, 0) as bigint) as untagged_months,
        cast(coalesce(people.leads, 0) as bigint) as leads,
        cast(spend.mature_spend as numeric(20, 6)) as mature_spend,
        cast(spend.young_spend as numeric(20, 6)) as young_spend,
        cast(coalesce(untagged.untagged_spend, 0) as numeric(20, 6)) as untagged_spend,
        cast(null as numeric(20, 10)) as won_deals,
        cast(null as numeric(30, 10)) as won_revenue,
        cast(null as numeric(30, 10)) as log_amounts,
        cast(null as numeric(30, 10)) as log_squares,
        cast(null as numeric(20, 6)) as roi_bar,
        spend.is_running
    from spend
    left join people
        on
            spend.level = people.level
            and coalesce(people.channel, spend.channel) = spend.channel
            and spend.platform is not distinct from people.platform
            and spend.account_id is not distinct from people.account_id
            and spend.campaign_id is not distinct from people.campaign_id
    left join untagged
        on
            spend.platform = untagged.platform
            and spend.account_id = untagged.account_id
            and spend.campaign_id = untagged.campaign_id
    union all
    select
        'credit' as row_kind,
        level,
        channel,
        platform,
        account_id,
        campaign_id,
        null as campaign_name,
        variant,
        null as currency_code,
        null as first_day,
        null as mature_before_month,
        null as mature_after_days,
        null as months_of_spend,
        null as untagged_months,
        null as leads,
        null as mature_spend,
        null as young_spend,
        null as untagged_spend,
        won_deals,
        won_revenue,
        log_amounts,
        log_squares,
        null as roi_bar,
        null as is_running
    from credits
    union all
    select
        'as_of' as row_kind,
        null as level,
        null as channel,
        null as platform,
        null as account_id,
        null as campaign_id,
        null as campaign_name,
        null as variant,
        reporting_currency as currency_code,
        as_of_date as first_day,
        mature_before_month,
        mature_after_days,
        null as months_of_spend,
        null as untagged_months,
        null as leads,
        null as mature_spend,
        null as young_spend,
        null as untagged_spend,
        null as won_deals,
        null as won_revenue,
        null as log_amounts,
        null as log_squares,
        roi_bar,
        null as is_running
    from as_of
)

select * from learned_from
