-- What happened, in order, between us and the company of the chosen deal, or the chosen person?
-- Grain: one row per step.
-- A deal's journey is its company's, deals beside it included, and that of people credited with it
-- whom the CRM does not count to the company. A deal of no company has its people's journeys, its
-- opening and its outcome. is_concerned: it is a step of the chosen deal itself, of its main person
-- or of somebody credited with it; else it is the company's beside it. is_credited: the touch has a
-- part in the chosen deal under some model.
with

chosen as (
    select
        opportunity_id,
        opportunity_name,
        crm_account_id,
        primary_person_id,
        first_touchpoint_id,
        case when is_won then 'won' when is_closed then 'lost' else 'open' end as outcome,
        created_at,
        closed_at
    from marts.fct_opportunities
    where opportunity_id = cast(:opportunity_id as text)
),

of_company as (
    select
        journeys.opportunity_id,
        journeys.person_id,
        journeys.touchpoint_id,
        journeys.platform,
        journeys.account_id,
        journeys.campaign_id,
        journeys.kind,
        journeys.label,
        journeys.channel,
        journeys.campaign_name,
        journeys.content,
        journeys.match_method,
        journeys.step_number,
        journeys.occurred_at
    from marts.mart_account_journeys as journeys
    inner join chosen
        on journeys.crm_account_id = chosen.crm_account_id
),

credited as (
    select distinct
        touchpoint_id,
        person_id
    from marts.fct_attribution
    where opportunity_id = cast(:opportunity_id as text)
),

named as (
    select person_id from credited
    union
    select primary_person_id as person_id from chosen
    union
    select cast(:person_id as text) as person_id
    where cast(:opportunity_id as text) is null
),

known as (
    select distinct person_id
    from of_company
),

others as (
    select named.person_id
    from named
    left join known
        on named.person_id = known.person_id
    where named.person_id is not null and known.person_id is null
),

own_steps as (
    select
        opportunity_id,
        opportunity_name,
        'opened' as label,
        1 as step_number,
        created_at as occurred_at
    from chosen
    where crm_account_id is null
    union all
    select
        opportunity_id,
        opportunity_name,
        outcome as label,
        2 as step_number,
        closed_at as occurred_at
    from chosen
    where crm_account_id is null and closed_at is not null
),

every_step as (
    select
        1 as origin,
        opportunity_id,
        person_id,
        touchpoint_id,
        platform,
        account_id,
        campaign_id,
        kind,
        label,
        channel,
        campaign_name,
        content,
        match_method,
        step_number,
        occurred_at
    from of_company
    union all
    select
        2 as origin,
        null as opportunity_id,
        journeys.person_id,
        journeys.touchpoint_id,
        journeys.platform,
        journeys.account_id,
        journeys.campaign_id,
        journeys.kind,
        journeys.label,
        journeys.channel,
        journeys.campaign_name,
        journeys.content,
        journeys.match_method,
        journeys.step_number,
        journeys.occurred_at
    from marts.mart_person_journeys as journeys
    inner join others
        on journeys.person_id = others.person_id
    union all
    select
        3 as origin,
        opportunity_id,
        null as person_id,
        null as touchpoint_id,
        null as platform,
        null as account_id,
        null as campaign_id,
        'deal' as kind,
        label,
        null as channel,
        null as campaign_name,
        opportunity_name as content,
        null as match_method,
        step_number,
        occurred_at
    from own_steps
),

steps as (
    select
        every_step.occurred_at,
        every_step.kind,
        every_step.label,
        every_step.channel,
        every_step.platform,
        every_step.account_id,
        every_step.campaign_id,
        every_step.campaign_name,
        every_step.content,
        every_step.match_method,
        touches.sales_stage,
        every_step.person_id,
        every_step.opportunity_id,
        every_step.touchpoint_id,
        touches.match_confidence,
        touches.has_conflict,
        coalesce(every_step.opportunity_id = chosen.opportunity_id, false) as is_of_deal,
        named.person_id is not null
        or coalesce(every_step.opportunity_id = chosen.opportunity_id, false) as is_concerned,
        credited.touchpoint_id is not null as is_credited,
        coalesce(every_step.touchpoint_id = chosen.first_touchpoint_id, false) as is_first_touch
    from every_step
    left join chosen
        on chosen.opportunity_id = cast(:opportunity_id as text)
    left join marts.fct_touchpoints as touches
        on every_step.touchpoint_id = touches.touchpoint_id
    left join credited
        on every_step.touchpoint_id = credited.touchpoint_id
    left join named
        on every_step.person_id = named.person_id
    order by
        every_step.occurred_at asc,
        every_step.origin asc,
        every_step.person_id asc nulls last,
        every_step.step_number asc
)

select * from steps
