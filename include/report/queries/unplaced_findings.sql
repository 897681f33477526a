-- What could the books not place, and what does it come to?
-- Grain: one row per finding, of the chosen cohort months; the most money first.
-- A sum is NULL where one of its amounts lacks a rate.
with

audited as (
    select
        finding,
        spend_base,
        clicks,
        touches,
        leads,
        opportunities,
        won_deals,
        won_revenue_base,
        open_pipeline_base
    from marts.mart_utm_audit
    where
        cohort_month between cast(:from_month as date) and cast(:to_month as date)
        and (cast(:channel as text) is null or channel = :channel)
        and (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
),

findings as (
    select
        finding,
        count(*) as rows,
        case when count(*) = count(spend_base) then sum(spend_base) end as spend_base,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(touches) as bigint) as touches,
        cast(sum(leads) as bigint) as leads,
        cast(sum(opportunities) as bigint) as opportunities,
        cast(sum(won_deals) as bigint) as won_deals,
        case when count(*) = count(won_revenue_base) then sum(won_revenue_base) end
            as won_revenue_base,
        case when count(*) = count(open_pipeline_base) then sum(open_pipeline_base) end
            as open_pipeline_base
    from audited
    group by finding
),

ordered as (
    select
        finding,
        case
            when finding = 'campaign_without_touch'
                then 'Tag the campaign''s links with its id; nobody who came from it is known'
            when finding = 'month_without_touch'
                then 'Check that the campaign''s links were tagged in that month'
            when finding = 'unknown_campaign'
                then 'Add the alias suggested, or one that names the campaign meant'
            when finding = 'ambiguous_campaign'
                then 'Tag links with the campaign''s id: several campaigns bear the name'
            when finding = 'unexpanded_macro'
                then 'Mend the tracking template: the network left its placeholder unfilled'
            when finding = 'click_id_alone'
                then 'Load click views daily, or tag links with the campaign''s id'
            when finding = 'no_campaign_tag'
                then 'Add utm_campaign or utm_id to the links'
            when finding = 'unpaid_tags'
                then 'Nothing: the visit was not paid for'
            when finding = 'lead_form_without_campaign'
                then 'Nothing: the form was filled on the network''s own pages'
            when finding = 'activity'
                then 'Nothing: sales reached out, no campaign did'
            when finding = 'lead_source_alone'
                then 'Capture UTM tags and click ids on the form: the CRM alone spoke'
            when finding = 'referrer_alone'
                then 'Tag links on that site, if they are ours'
            when finding = 'direct'
                then 'Nothing is known of the visit but its page'
            when finding = 'no_person'
                then 'Add a contact role to the deal in the CRM'
            when finding = 'no_touch'
                then 'Capture the source when the record is made in the CRM'
            when finding = 'touches_before_look_back'
                then 'Lengthen the look-back, if touches as old may count'
            when finding = 'touches_after_creation'
                then 'Nothing: sales opened the deal before anybody was touched'
        end as remedy,
        rows,
        spend_base,
        won_revenue_base,
        open_pipeline_base,
        leads,
        opportunities,
        won_deals,
        clicks,
        touches
    from findings
    order by
        spend_base + won_revenue_base + open_pipeline_base desc nulls first,
        finding asc
)

select * from ordered
