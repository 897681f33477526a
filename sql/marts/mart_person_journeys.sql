-- What happened to each person, touch by touch and stage by stage?
-- Grain: one row per person and step.
-- Steps are the person's touches and the instants at which they reached a stage, first and latest
-- where those differ. In one instant touches come before stages; else the order is that of touches
-- (time, confidence, touchpoint id) and of stages. Our own people have no journey.
with

people as (
    select
        person_id,
        lead_at,
        latest_lead_at,
        mql_at,
        latest_mql_at,
        sql_at,
        latest_sql_at,
        opportunity_at,
        latest_opportunity_at,
        customer_at,
        latest_customer_at
    from build.fct_people
    where not is_internal
),

stages as (
    select
        person_id,
        'lead' as label,
        1 as stage_order,
        lead_at as occurred_at
    from people
    where lead_at is not null
    union all
    select
        person_id,
        'latest_lead' as label,
        2 as stage_order,
        latest_lead_at as occurred_at
    from people
    where latest_lead_at <> lead_at
    union all
    select
        person_id,
        'mql' as label,
        3 as stage_order,
        mql_at as occurred_at
    from people
    where mql_at is not null
    union all
    select
        person_id,
        'latest_mql' as label,
        4 as stage_order,
        latest_mql_at as occurred_at
    from people
    where latest_mql_at <> mql_at
    union all
    select
        person_id,
        'sql' as label,
        5 as stage_order,
        sql_at as occurred_at
    from people
    where sql_at is not null
    union all
    select
        person_id,
        'latest_sql' as label,
        6 as stage_order,
        latest_sql_at as occurred_at
    from people
    where latest_sql_at <> sql_at
    union all
    select
        person_id,
        'opportunity' as label,
        7 as stage_order,
        opportunity_at as occurred_at
    from people
    where opportunity_at is not null
    union all
    select
        person_id,
        'latest_opportunity' as label,
        8 as stage_order,
        latest_opportunity_at as occurred_at
    from people
    where latest_opportunity_at <> opportunity_at
    union all
    select
        person_id,
        'customer' as label,
        9 as stage_order,
        customer_at as occurred_at
    from people
    where customer_at is not null
    union all
    select
        person_id,
        'latest_customer' as label,
        10 as stage_order,
        latest_customer_at as occurred_at
    from people
    where latest_customer_at <> customer_at
),

steps as (
    select
        person_id,
        touchpoint_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        'touch' as kind,
        offer_type as label,
        channel,
        utm_content,
        match_method,
        match_confidence,
        0 as stage_order,
        touched_at as occurred_at
    from build.fct_touchpoints
    union all
    select
        person_id,
        null as touchpoint_id,
        null as platform,
        null as account_id,
        null as campaign_id,
        null as crm_campaign_id,
        'stage' as kind,
        label,
        null as channel,
        null as utm_content,
        null as match_method,
        null as match_confidence,
        stage_order,
        occurred_at
    from stages
),

ordered as (
    select
        person_id,
        touchpoint_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        kind,
        label,
        channel,
        utm_content,
        match_method,
        row_number() over journey as step_number,
        cast(floor(extract(epoch from occurred_at)) as bigint)
        - cast(floor(extract(epoch from first_value(occurred_at) over journey)) as bigint)
            as seconds_since_first,
        occurred_at
    from steps
    window journey as (
        partition by person_id
        order by
            occurred_at asc,
            stage_order asc,
            match_confidence desc,
            touchpoint_id collate "C" asc
    )
),

journeys as (
    select
        ordered.person_id,
        ordered.touchpoint_id,
        ordered.platform,
        ordered.account_id,
        ordered.campaign_id,
        ordered.crm_campaign_id,
        ordered.kind,
        ordered.label,
        ordered.channel,
        coalesce(crm_campaigns.campaign_name, ad_campaigns.campaign_name) as campaign_name,
        coalesce(
            case
                when contents.content_id not in ('unknown', 'activity') then contents.content_name
            end,
            ordered.utm_content
        ) as content,
        ordered.match_method,
        ordered.step_number,
        cast(
            (ordered.seconds_since_first - ordered.seconds_since_first % 86400) / 86400 as bigint
        ) as days_since_first,
        ordered.occurred_at
    from ordered
    left join build.dim_campaign as ad_campaigns
        on
            ordered.platform = ad_campaigns.platform
            and ordered.account_id = ad_campaigns.account_id
            and ordered.campaign_id = ad_campaigns.campaign_id
    left join build.dim_campaign as crm_campaigns
        on
            crm_campaigns.platform = 'crm'
            and ordered.crm_campaign_id = crm_campaigns.campaign_id
    left join build.int_touch_contents as contents
        on ordered.touchpoint_id = contents.touchpoint_id
)

select * from journeys
