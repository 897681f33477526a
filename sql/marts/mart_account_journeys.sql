-- What happened between us and each company: its people's touches and stages, and its deals?
-- Grain: one row per company and step.
-- A person belongs to the company their records name first. A deal's steps are its opening, the
-- stages that its history tells of between, and its outcome. In one instant people come before
-- deals. buying_group is how many of the company's people we know, our own left out.
with

people as (
    select
        person_id,
        crm_account_id
    from build.fct_people
    where crm_account_id is not null and not is_internal
),

buying_groups as (
    select
        crm_account_id,
        count(*) as buying_group
    from people
    group by crm_account_id
),

deals as (
    select
        opportunity_id,
        crm_account_id,
        opportunity_name,
        case when is_won then 'won' when is_closed then 'lost' else 'open' end as outcome,
        created_at,
        closed_at
    from build.fct_opportunities
    where crm_account_id is not null
),

deal_steps as (
    select
        opportunity_id,
        crm_account_id,
        'deal' as kind,
        'opened' as label,
        opportunity_name,
        1 as deal_order,
        created_at as occurred_at
    from deals
    union all
    select
        deals.opportunity_id,
        deals.crm_account_id,
        'deal_stage' as kind,
        stages.stage_name as label,
        deals.opportunity_name,
        1 + stages.entry_number as deal_order,
        stages.entered_at as occurred_at
    from deals
    inner join build.int_deal_stages as stages
        on deals.opportunity_id = stages.opportunity_id
    where
        stages.entered_at <> deals.created_at
        and stages.entered_at is distinct from deals.closed_at
    union all
    select
        opportunity_id,
        crm_account_id,
        'deal' as kind,
        outcome as label,
        opportunity_name,
        1000000 as deal_order,
        closed_at as occurred_at
    from deals
    where closed_at is not null
),

steps as (
    select
        people.crm_account_id,
        journeys.person_id,
        null as opportunity_id,
        journeys.touchpoint_id,
        journeys.platform,
        journeys.account_id,
        journeys.campaign_id,
        journeys.crm_campaign_id,
        journeys.kind,
        journeys.label,
        journeys.channel,
        journeys.campaign_name,
        journeys.content,
        journeys.match_method,
        journeys.step_number as own_order,
        journeys.occurred_at
    from build.mart_person_journeys as journeys
    inner join people
        on journeys.person_id = people.person_id
    union all
    select
        crm_account_id,
        null as person_id,
        opportunity_id,
        null as touchpoint_id,
        null as platform,
        null as account_id,
        null as campaign_id,
        null as crm_campaign_id,
        kind,
        label,
        null as channel,
        null as campaign_name,
        opportunity_name as content,
        null as match_method,
        deal_order as own_order,
        occurred_at
    from deal_steps
),

ordered as (
    select
        crm_account_id,
        person_id,
        opportunity_id,
        touchpoint_id,
        platform,
        account_id,
        campaign_id,
        crm_campaign_id,
        kind,
        label,
        channel,
        campaign_name,
        content,
        match_method,
        row_number() over journey as step_number,
        cast(floor(extract(epoch from occurred_at)) as bigint)
        - cast(floor(extract(epoch from first_value(occurred_at) over journey)) as bigint)
            as seconds_since_first,
        occurred_at
    from steps
    window journey as (
        partition by crm_account_id
        order by
            occurred_at asc,
            coalesce(person_id, '~' || opportunity_id) collate "C" asc,
            own_order asc
    )
),

journeys as (
    select
        ordered.crm_account_id,
        ordered.person_id,
        ordered.opportunity_id,
        ordered.touchpoint_id,
        ordered.platform,
        ordered.account_id,
        ordered.campaign_id,
        ordered.crm_campaign_id,
        ordered.kind,
        ordered.label,
        ordered.channel,
        ordered.campaign_name,
        ordered.content,
        ordered.match_method,
        ordered.step_number,
        cast(
            (ordered.seconds_since_first - ordered.seconds_since_first % 86400) / 86400 as bigint
        ) as days_since_first,
        coalesce(buying_groups.buying_group, 0) as buying_group,
        ordered.occurred_at
    from ordered
    left join buying_groups
        on ordered.crm_account_id = buying_groups.crm_account_id
)

select * from journeys
