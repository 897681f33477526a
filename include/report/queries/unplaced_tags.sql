-- Which campaigns and tags does the money stand under that could not be placed, and which alias
-- would mend it?
-- Grain: one row per finding, campaign, channel and tags, the chosen cohort months together; of
-- those with the most money so many as are asked for, else all; matches is how many there are.
-- A sum is NULL where one of its amounts lacks a rate.
with

tags as (
    select
        finding,
        platform,
        account_id,
        campaign_id,
        campaign_name,
        channel,
        utm_source,
        utm_medium,
        utm_campaign,
        suggested_alias,
        suggested_platform,
        suggested_account_id,
        suggested_campaign_id,
        suggested_campaign_name,
        case when count(*) = count(spend_base) then sum(spend_base) end as spend_base,
        case when count(*) = count(won_revenue_base) then sum(won_revenue_base) end
            as won_revenue_base,
        case when count(*) = count(open_pipeline_base) then sum(open_pipeline_base) end
            as open_pipeline_base,
        cast(sum(leads) as bigint) as leads,
        cast(sum(opportunities) as bigint) as opportunities,
        cast(sum(won_deals) as bigint) as won_deals,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(touches) as bigint) as touches,
        count(*) over () as matches
    from marts.mart_utm_audit
    where
        cohort_month between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or channel = :channel)
        and (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
    group by
        finding,
        platform,
        account_id,
        campaign_id,
        campaign_name,
        channel,
        utm_source,
        utm_medium,
        utm_campaign,
        suggested_alias,
        suggested_platform,
        suggested_account_id,
        suggested_campaign_id,
        suggested_campaign_name
),

largest as (
    select *
    from tags
    order by
        spend_base + won_revenue_base + open_pipeline_base desc nulls first,
        leads desc,
        touches desc,
        finding asc,
        platform asc,
        account_id asc,
        campaign_id asc,
        channel asc,
        utm_source asc,
        utm_medium asc,
        utm_campaign asc,
        suggested_alias asc nulls last,
        suggested_campaign_id asc nulls last
    limit cast(:at_most as bigint)
)

select * from largest
