-- Which spend can be tied to no person, and which people and deals to no campaign?
-- Grain: one row per finding, platform, account, campaign, channel, utm_source, utm_medium,
-- utm_campaign and month.
-- Spend: the campaign-months with spend or clicks in which no touch is of the campaign. People: the
-- touches without a campaign, by the tags they bore and the month they took place in, with the
-- people and the deals they were the first touch of; and the people and deals without any touch.
-- Month by month these are the rows unmatched and unattributed of the ROI marts.
-- A sum of base amounts is NULL where one of them lacks a rate: a part of it would look like all.
with

as_of as (
    select reporting_zone
    from build.int_as_of
),

-- A word that says unpaid names no advertisement, so that no campaign is missed.
unpaid_mediums as (
    select words.utm_medium
    from (select distinct utm_medium from build.int_touchpoints) as words
    inner join staging.seed_utm_mediums as mediums
        on regexp_replace(lower(words.utm_medium), '[^a-z0-9]+', '', 'g') = mediums.utm_medium
    where not mediums.is_paid
),

first_people as (
    select first_touchpoint_id as touchpoint_id
    from build.fct_people
    where first_touchpoint_id is not null
),

deals as (
    select
        opportunity_id,
        first_touchpoint_id,
        people_rule,
        cohort_month,
        case when type_group = 'new_business' then 1 else 0 end as opportunities,
        case when type_group = 'new_business' and is_won then 1 else 0 end as won_deals,
        case
            when type_group = 'new_business' and is_won and amount is not null then amount_base
            else 0
        end as won_revenue_base,
        case
            when type_group = 'new_business' and not is_closed and amount is not null
                then amount_base
            else 0
        end as open_pipeline_base,
        case
            when type_group <> 'new_business' and is_won and amount is not null then amount_base
            else 0
        end as other_won_revenue_base,
        case
            when type_group <> 'new_business' and not is_closed and amount is not null
                then amount_base
            else 0
        end as other_open_pipeline_base,
        created_at
    from build.fct_opportunities
),

first_deals as (
    select
        first_touchpoint_id as touchpoint_id,
        sum(opportunities) as opportunities,
        sum(won_deals) as won_deals,
        case when count(*) = count(won_revenue_base) then sum(won_revenue_base) end
            as won_revenue_base,
        case when count(*) = count(open_pipeline_base) then sum(open_pipeline_base) end
            as open_pipeline_base,
        case when count(*) = count(other_won_revenue_base) then sum(other_won_revenue_base) end
            as other_won_revenue_base,
        case when count(*) = count(other_open_pipeline_base) then sum(other_open_pipeline_base) end
            as other_open_pipeline_base
    from deals
    where first_touchpoint_id is not null
    group by first_touchpoint_id
),

loose_touches as (
    select
        touches.touchpoint_id,
        touches.person_id,
        coalesce(touches.platform, 'unmatched') as platform,
        coalesce(touches.named_platform, '') as named_platform,
        case
            when touches.match_method = 'lead_form' then 'lead_form_without_campaign'
            when touches.match_method = 'activity' then 'activity'
            when touches.match_method = 'ambiguous' then 'ambiguous_campaign'
            when touches.match_method <> 'click_id' and unpaid_mediums.utm_medium is not null
                then 'unpaid_tags'
            when touches.utm_campaign is not null then 'unknown_campaign'
            when touches.has_macro then 'unexpanded_macro'
            when
                touches.match_method = 'click_id'
                and coalesce(touches.utm_source, touches.utm_medium) is null
                then 'click_id_alone'
            when touches.match_method in ('click_id', 'utm') then 'no_campaign_tag'
            when touches.match_method = 'lead_source' then 'lead_source_alone'
            when touches.match_method = 'referrer' then 'referrer_alone'
            else 'direct'
        end as finding,
        coalesce(touches.told_channel, channels.channel) as channel,
        coalesce(touches.utm_source, '(none)') as utm_source,
        coalesce(touches.utm_medium, '(none)') as utm_medium,
        coalesce(touches.utm_campaign, '(none)') as utm_campaign,
        cast(
            date_trunc('month', touches.touched_at at time zone as_of.reporting_zone) as date
        ) as touch_month
    from build.int_touchpoints as touches
    cross join as_of
    left join build.int_channels as channels
        on touches.channel_key = channels.channel_key
    left join unpaid_mediums
        on touches.utm_medium = unpaid_mediums.utm_medium
    where
        touches.campaign_id is null
        and touches.crm_campaign_id is null
        and not touches.is_internal
),

tagged as (
    select
        touches.platform,
        touches.named_platform,
        touches.finding,
        touches.channel,
        touches.utm_source,
        touches.utm_medium,
        touches.utm_campaign,
        touches.touch_month,
        count(*) as touches,
        count(distinct touches.person_id) as people,
        count(first_people.touchpoint_id) as leads,
        sum(first_deals.opportunities) as opportunities,
        sum(first_deals.won_deals) as won_deals,
        case
            when
                not bool_or(
                    first_deals.touchpoint_id is not null
                    and first_deals.won_revenue_base is null
                )
                then coalesce(sum(first_deals.won_revenue_base), 0)
        end as won_revenue_base,
        case
            when
                not bool_or(
                    first_deals.touchpoint_id is not null
                    and first_deals.open_pipeline_base is null
                )
                then coalesce(sum(first_deals.open_pipeline_base), 0)
        end as open_pipeline_base,
        case
            when
                not bool_or(
                    first_deals.touchpoint_id is not null
                    and first_deals.other_won_revenue_base is null
                )
                then coalesce(sum(first_deals.other_won_revenue_base), 0)
        end as other_won_revenue_base,
        case
            when
                not bool_or(
                    first_deals.touchpoint_id is not null
                    and first_deals.other_open_pipeline_base is null
                )
                then coalesce(sum(first_deals.other_open_pipeline_base), 0)
        end as other_open_pipeline_base
    from loose_touches as touches
    left join first_people
        on touches.touchpoint_id = first_people.touchpoint_id
    left join first_deals
        on touches.touchpoint_id = first_deals.touchpoint_id
    group by
        touches.platform,
        touches.named_platform,
        touches.finding,
        touches.channel,
        touches.utm_source,
        touches.utm_medium,
        touches.utm_campaign,
        touches.touch_month
),

-- Why a deal has no first touch: nobody is known for it, or their touches came too early or late.
loose_deals as (
    select
        deals.opportunity_id,
        case
            when max(deals.people_rule) = 'none' then 'no_person'
            when count(touches.touchpoint_id) = 0 then 'no_touch'
            when min(touches.touched_at) <= max(deals.created_at) then 'touches_before_look_back'
            else 'touches_after_creation'
        end as finding,
        max(deals.cohort_month) as cohort_month,
        max(deals.opportunities) as opportunities,
        max(deals.won_deals) as won_deals,
        max(deals.won_revenue_base) as won_revenue_base,
        max(deals.open_pipeline_base) as open_pipeline_base,
        max(deals.other_won_revenue_base) as other_won_revenue_base,
        max(deals.other_open_pipeline_base) as other_open_pipeline_base
    from deals
    left join build.int_opportunity_people as people
        on deals.opportunity_id = people.opportunity_id
    left join build.int_touchpoints as touches
        on
            people.person_id = touches.person_id
            and not touches.is_internal
    where deals.first_touchpoint_id is null
    group by deals.opportunity_id
),

untouched as (
    select
        'no_touch' as finding,
        cohort_month,
        1 as people,
        1 as leads,
        0 as opportunities,
        0 as won_deals,
        0 as won_revenue_base,
        0 as open_pipeline_base,
        0 as other_won_revenue_base,
        0 as other_open_pipeline_base
    from build.fct_people
    where first_touchpoint_id is null and not is_internal
    union all
    select
        finding,
        cohort_month,
        0 as people,
        0 as leads,
        opportunities,
        won_deals,
        won_revenue_base,
        open_pipeline_base,
        other_won_revenue_base,
        other_open_pipeline_base
    from loose_deals
),

spent as (
    select
        platform,
        account_id,
        campaign_id,
        cast(date_trunc('month', date_day) as date) as spend_month,
        case when count(*) = count(spend_base) then sum(spend_base) end as spend_base,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from build.fct_ad_spend_daily
    group by platform, account_id, campaign_id, cast(date_trunc('month', date_day) as date)
    having max(abs(spend)) > 0 or max(clicks) > 0
),

touched as (
    select distinct
        platform,
        account_id,
        campaign_id,
        cast(date_trunc('month', date_day) as date) as touch_month
    from build.fct_touchpoints
    where campaign_id is not null
),

touched_ever as (
    select distinct
        platform,
        account_id,
        campaign_id
    from touched
),

untied as (
    select
        spent.platform,
        spent.account_id,
        spent.campaign_id,
        case
            when touched_ever.campaign_id is null then 'campaign_without_touch'
            else 'month_without_touch'
        end as finding,
        campaigns.campaign_name,
        campaigns.channel,
        spent.spend_month,
        spent.spend_base,
        spent.impressions,
        spent.clicks
    from spent
    left join touched
        on
            spent.platform = touched.platform
            and spent.account_id = touched.account_id
            and spent.campaign_id = touched.campaign_id
            and spent.spend_month = touched.touch_month
    left join touched_ever
        on
            spent.platform = touched_ever.platform
            and spent.account_id = touched_ever.account_id
            and spent.campaign_id = touched_ever.campaign_id
    left join build.dim_campaign as campaigns
        on
            spent.platform = campaigns.platform
            and spent.account_id = campaigns.account_id
            and spent.campaign_id = campaigns.campaign_id
    where touched.campaign_id is null
),

findings as (
    select
        untied.platform,
        untied.account_id,
        untied.campaign_id,
        cast(null as text) as suggested_platform,
        cast(null as text) as suggested_account_id,
        cast(null as text) as suggested_campaign_id,
        untied.finding,
        untied.campaign_name,
        untied.channel,
        '(none)' as utm_source,
        '(none)' as utm_medium,
        '(none)' as utm_campaign,
        cast(null as text) as suggested_alias,
        untied.spend_month as cohort_month,
        untied.spend_base,
        untied.impressions,
        untied.clicks,
        0 as touches,
        0 as people,
        0 as leads,
        0 as opportunities,
        0 as won_deals,
        0 as won_revenue_base,
        0 as open_pipeline_base,
        0 as other_won_revenue_base,
        0 as other_open_pipeline_base
    from untied
    union all
    select
        tagged.platform,
        'unmatched' as account_id,
        'unmatched' as campaign_id,
        near.platform as suggested_platform,
        near.account_id as suggested_account_id,
        near.campaign_id as suggested_campaign_id,
        tagged.finding,
        null as campaign_name,
        tagged.channel,
        tagged.utm_source,
        tagged.utm_medium,
        tagged.utm_campaign,
        near.alias_line as suggested_alias,
        tagged.touch_month as cohort_month,
        0 as spend_base,
        0 as impressions,
        0 as clicks,
        tagged.touches,
        tagged.people,
        tagged.leads,
        coalesce(tagged.opportunities, 0) as opportunities,
        coalesce(tagged.won_deals, 0) as won_deals,
        tagged.won_revenue_base,
        tagged.open_pipeline_base,
        tagged.other_won_revenue_base,
        tagged.other_open_pipeline_base
    from tagged
    left join build.int_near_campaigns as near
        on
            tagged.named_platform = near.named_platform
            and tagged.utm_campaign = near.utm_campaign
            and tagged.finding = 'unknown_campaign'
    union all
    select
        'unattributed' as platform,
        'unattributed' as account_id,
        'unattributed' as campaign_id,
        null as suggested_platform,
        null as suggested_account_id,
        null as suggested_campaign_id,
        finding,
        null as campaign_name,
        'Unattributed' as channel,
        '(none)' as utm_source,
        '(none)' as utm_medium,
        '(none)' as utm_campaign,
        null as suggested_alias,
        cohort_month,
        0 as spend_base,
        0 as impressions,
        0 as clicks,
        0 as touches,
        sum(people) as people,
        sum(leads) as leads,
        sum(opportunities) as opportunities,
        sum(won_deals) as won_deals,
        case when count(*) = count(won_revenue_base) then sum(won_revenue_base) end
            as won_revenue_base,
        case when count(*) = count(open_pipeline_base) then sum(open_pipeline_base) end
            as open_pipeline_base,
        case when count(*) = count(other_won_revenue_base) then sum(other_won_revenue_base) end
            as other_won_revenue_base,
        case when count(*) = count(other_open_pipeline_base) then sum(other_open_pipeline_base) end
            as other_open_pipeline_base
    from untouched
    group by finding, cohort_month
),

audited as (
    select
        findings.platform,
        findings.account_id,
        findings.campaign_id,
        findings.suggested_platform,
        findings.suggested_account_id,
        findings.suggested_campaign_id,
        findings.finding,
        findings.campaign_name,
        findings.channel,
        findings.utm_source,
        findings.utm_medium,
        findings.utm_campaign,
        campaigns.campaign_name as suggested_campaign_name,
        findings.suggested_alias,
        findings.cohort_month,
        cast(findings.spend_base as numeric(20, 6)) as spend_base,
        cast(findings.impressions as bigint) as impressions,
        cast(findings.clicks as bigint) as clicks,
        cast(findings.touches as bigint) as touches,
        cast(findings.people as bigint) as people,
        cast(findings.leads as bigint) as leads,
        cast(findings.opportunities as bigint) as opportunities,
        cast(findings.won_deals as bigint) as won_deals,
        cast(findings.won_revenue_base as numeric(18, 2)) as won_revenue_base,
        cast(findings.open_pipeline_base as numeric(18, 2)) as open_pipeline_base,
        cast(findings.other_won_revenue_base as numeric(18, 2)) as other_won_revenue_base,
        cast(findings.other_open_pipeline_base as numeric(18, 2)) as other_open_pipeline_base
    from findings
    left join build.dim_campaign as campaigns
        on
            findings.suggested_platform = campaigns.platform
            and findings.suggested_account_id = campaigns.account_id
            and findings.suggested_campaign_id = campaigns.campaign_id
)

select * from audited
