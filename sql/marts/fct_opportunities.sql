-- What became of each deal, whose is it, and what touched its people first?
-- Grain: one row per deal that the CRM still has.
-- The first touch is that of the model first_touch: the earliest touch of any of the deal's people
-- at or before its creation, within the look-back. cohort_month is that touch's month; without one,
-- the month of creation. alternatives names the other touches of the deal's people in order, each
-- with why it is not the first: twenty of them, and how many more there are.
with

as_of as (
    select reporting_zone
    from build.int_as_of
),

people as (
    select
        opportunity_id,
        max(case when person_rank = 1 then person_id end) as primary_person_id,
        max(people_rule) as people_rule,
        count(*) as people
    from build.int_opportunity_people
    group by opportunity_id
),

touches as (
    select
        eligible.opportunity_id,
        max(case when eligible.touch_number = 1 then eligible.touchpoint_id end)
            as first_touchpoint_id,
        count(*) as touches
    from build.int_deal_touches as eligible
    inner join build.int_attribution_models as models
        on eligible.touch_window = models.touch_window
    where models.model = 'first_touch'
    group by eligible.opportunity_id
),

others as (
    select
        candidates.opportunity_id,
        row_number() over (
            partition by candidates.opportunity_id
            order by candidates.candidate_number
        ) as other_number,
        candidates.touchpoint_id || ' ' || candidates.channel || ' '
        || cast(candidates.date_day as text) || ': '
        || case
            when candidates.touched_at > candidates.created_at then 'after the deal was created'
            when
                candidates.touched_at
                < candidates.created_at - models.look_back_days * interval '24 hours'
                then 'before the look-back'
            when candidates.touched_at > firsts.touched_at then 'later'
            when candidates.match_confidence < firsts.match_confidence then 'same second, less sure'
            else 'same second, later id'
        end as other
    from build.int_deal_candidates as candidates
    cross join build.int_attribution_models as models
    left join touches
        on candidates.opportunity_id = touches.opportunity_id
    left join build.fct_touchpoints as firsts
        on touches.first_touchpoint_id = firsts.touchpoint_id
    where
        models.model = 'first_touch'
        and candidates.touchpoint_id is distinct from touches.first_touchpoint_id
),

alternatives as (
    select
        opportunity_id,
        string_agg(case when other_number <= 20 then other end, '; ' order by other_number)
        || case
            when count(*) > 20 then '; and ' || cast(count(*) - 20 as text) || ' more' else ''
        end as alternatives
    from others
    group by opportunity_id
),

evidenced as (
    select
        deals.opportunity_id,
        deals.crm_account_id,
        deals.crm_campaign_id,
        deals.owner_id,
        people.primary_person_id,
        first_touches.touchpoint_id as first_touchpoint_id,
        first_touches.person_id as first_touch_person_id,
        first_touches.platform as first_touch_platform,
        first_touches.account_id as first_touch_account_id,
        first_touches.campaign_id as first_touch_campaign_id,
        first_touches.crm_campaign_id as first_touch_crm_campaign_id,
        deals.opportunity_name,
        deals.opportunity_type,
        deals.type_group,
        deals.stage_name,
        deals.stage_group,
        deals.lead_source,
        coalesce(people.people_rule, 'none') as people_rule,
        deals.closed_at_from,
        coalesce(first_touches.channel, 'Unattributed') as first_touch_channel,
        first_touches.offer_type as first_touch_offer_type,
        first_touches.match_method as first_touch_match_method,
        alternatives.alternatives,
        deals.currency_code,
        deals.close_date,
        deals.fx_rate_date,
        cast(date_trunc(
            'month',
            coalesce(first_touches.touched_at, deals.created_at) at time zone as_of.reporting_zone
        ) as date) as cohort_month,
        deals.amount,
        deals.amount_base,
        deals.fx_rate,
        first_touches.match_confidence as first_touch_match_confidence,
        coalesce(people.people, 0) as people,
        coalesce(touches.touches, 0) as touches,
        cast(
            deals.created_date
            - cast((first_touches.touched_at at time zone as_of.reporting_zone) as date) as bigint
        ) as days_touch_to_created,
        cast(
            case
                when deals.is_closed then greatest(deals.close_date - deals.created_date, 0)
            end as bigint
        ) as days_created_to_close,
        deals.is_closed,
        deals.is_won,
        new_customers.opportunity_id is not null as is_new_customer,
        deals.created_at,
        deals.stage_entered_at,
        deals.closed_at,
        first_touches.touched_at as first_touch_at
    from build.int_deals as deals
    cross join as_of
    left join people
        on deals.opportunity_id = people.opportunity_id
    left join touches
        on deals.opportunity_id = touches.opportunity_id
    left join build.fct_touchpoints as first_touches
        on touches.first_touchpoint_id = first_touches.touchpoint_id
    left join alternatives
        on deals.opportunity_id = alternatives.opportunity_id
    left join build.int_new_customers as new_customers
        on deals.opportunity_id = new_customers.opportunity_id
)

select * from evidenced
