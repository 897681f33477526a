-- Which networks can be chosen, spend entered by hand, the CRM and what is of none among them?
-- Grain: one row per platform that has cost or brought anything.
with

platforms as (
    select distinct platform
    from marts.mart_campaign_roi_monthly
    order by platform asc
)

select * from platforms
