-- How did what was advised turn out, now that it can be judged?
-- Grain: one row per advice given (day, level and campaign or channel) that can be judged.
-- Judged by the three whole months after it, once all of them are mature (int_maturity): what
-- was spent in them, and what the people first touched in them brought. Scale and keep were right
-- if that returned more than the bar then asked for, pause if it did not. Nothing is said of what
-- was told to wait, to be watched or mended, nor of what spent no more. ops.advice_log is written
-- by a publish: none of its lines is old enough to be judged by the build before it.
with

given as (
    select
        level,
        platform,
        account_id,
        campaign_id,
        channel,
        verdict,
        advised_on,
        cast(date_trunc('month', advised_on) + interval '1 month' as date) as first_month,
        cast(date_trunc('month', advised_on) + interval '3 months' as date) as last_month,
        roi_low,
        roi_high,
        chance,
        roi_bar
    from ops.advice_log
),

mature as (
    select
        given.level,
        given.platform,
        given.account_id,
        given.campaign_id,
        given.channel,
        given.verdict,
        given.advised_on,
        given.first_month,
        given.last_month,
        given.roi_low,
        given.roi_high,
        given.chance,
        given.roi_bar
    from given
    inner join build.int_maturity as maturity
        on given.last_month < maturity.mature_before_month
),

returned as (
    select
        level,
        coalesce(platform, '') as platform,
        coalesce(account_id, '') as account_id,
        coalesce(campaign_id, '') as campaign_id,
        channel,
        cohort_month,
        spend_base,
        won_deals,
        won_revenue_base
    from build.int_returns
),

judged as (
    select
        mature.level,
        mature.platform,
        mature.account_id,
        mature.campaign_id,
        mature.channel,
        mature.verdict,
        mature.advised_on,
        mature.first_month,
        mature.last_month,
        mature.roi_low,
        mature.roi_high,
        mature.chance,
        mature.roi_bar,
        cast(coalesce(sum(returned.won_deals), 0) as bigint) as won_deals,
        case
            when count(returned.cohort_month) = count(returned.spend_base)
                then coalesce(sum(returned.spend_base), 0)
        end as spend_base,
        case
            when count(returned.cohort_month) = count(returned.won_revenue_base)
                then coalesce(sum(returned.won_revenue_base), 0)
        end as won_revenue_base
    from mature
    left join returned
        on
            mature.level = returned.level
            and mature.platform = returned.platform
            and mature.account_id = returned.account_id
            and mature.campaign_id = returned.campaign_id
            and (mature.level = 'campaign' or mature.channel = returned.channel)
            and returned.cohort_month between mature.first_month and mature.last_month
    group by
        mature.level,
        mature.platform,
        mature.account_id,
        mature.campaign_id,
        mature.channel,
        mature.verdict,
        mature.advised_on,
        mature.first_month,
        mature.last_month,
        mature.roi_low,
        mature.roi_high,
        mature.chance,
        mature.roi_bar
),

reckoned as (
    select
        judged.level,
        judged.platform,
        judged.account_id,
        judged.campaign_id,
        campaigns.campaign_name,
        judged.channel,
        judged.verdict,
        judged.advised_on,
        judged.first_month,
        judged.last_month,
        judged.spend_base,
        judged.won_deals,
        judged.won_revenue_base,
        cast(
            cast(
                cast(judged.won_revenue_base - judged.spend_base as numeric(20, 6))
                / nullif(judged.spend_base, 0) as numeric(24, 10)
            ) as numeric(20, 6)
        ) as roi,
        judged.roi_low,
        judged.roi_high,
        judged.chance,
        judged.roi_bar
    from judged
    left join build.dim_campaign as campaigns
        on
            judged.platform = campaigns.platform
            and judged.account_id = campaigns.account_id
            and judged.campaign_id = campaigns.campaign_id
),

record as (
    select
        level,
        platform,
        account_id,
        campaign_id,
        campaign_name,
        channel,
        verdict,
        advised_on,
        first_month,
        last_month,
        cast(spend_base as numeric(20, 6)) as spend_base,
        won_deals,
        cast(won_revenue_base as numeric(18, 2)) as won_revenue_base,
        roi,
        roi_low,
        roi_high,
        chance,
        roi_bar,
        case
            when verdict in ('scale', 'keep') then roi > roi_bar
            when verdict = 'pause' then roi <= roi_bar
        end as is_right,
        roi between roi_low and roi_high as is_within
    from reckoned
)

select * from record
