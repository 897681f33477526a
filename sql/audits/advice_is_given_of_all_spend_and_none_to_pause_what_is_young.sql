-- Has every campaign with spend its advice, with all it spent of late and in mature cohorts, and is
-- none told to pause of which nothing is old enough, or nobody tagged?
-- Grain: one row per campaign of which that is not so.
with

as_of as (
    select
        mature_before_month,
        cast(mature_before_month - interval '36 months' as date) as mature_from_month
    from build.int_maturity
),

spent as (
    select
        daily.platform,
        daily.account_id,
        daily.campaign_id,
        coalesce(
            sum(daily.spend_base) filter (where daily.date_day >= as_of.mature_from_month), 0
        ) as spend_base,
        count(*) - count(daily.spend_base) as unpriced_days
    from build.fct_ad_spend_daily as daily
    cross join as_of
    where daily.spend <> 0
    group by daily.platform, daily.account_id, daily.campaign_id
),

wrong as (
    select
        coalesce(spent.platform, advice.platform) as platform,
        coalesce(spent.account_id, advice.account_id) as account_id,
        coalesce(spent.campaign_id, advice.campaign_id) as campaign_id,
        advice.verdict,
        spent.spend_base,
        advice.spend_base + advice.young_spend_base as advised_spend_base
    from spent
    full outer join build.mart_campaign_advice as advice
        on
            spent.platform = advice.platform
            and spent.account_id = advice.account_id
            and spent.campaign_id = advice.campaign_id
    where
        spent.platform is null
        or advice.platform is null
        or (
            spent.unpriced_days = 0
            and spent.spend_base <> advice.spend_base + advice.young_spend_base
        )
        or (
            advice.verdict = 'pause'
            and (advice.spend_base <= 0 or advice.untagged_months >= advice.months_of_spend)
        )
)

select * from wrong
