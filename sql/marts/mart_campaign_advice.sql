-- Which campaigns should spend more, go on, be watched or pause, and how sure is that?
-- Grain: one row per platform, account and campaign that ever spent.
-- int_advice holds it: include/estimates/advice.py says how.
with

judged as (
    select
        platform,
        account_id,
        campaign_id,
        campaign_name,
        channel,
        verdict,
        sentence,
        flips,
        mature_before,
        months_of_spend,
        untagged_months,
        spend_base,
        young_spend_base,
        leads,
        won_deals,
        won_revenue_base,
        roi,
        roi_low,
        roi_expected,
        roi_high,
        chance,
        roi_bar,
        is_running
    from build.int_advice
    where level = 'campaign'
)

select * from judged
