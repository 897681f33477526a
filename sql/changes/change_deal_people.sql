-- Which deals have other people than when the marts were last published, and why?
-- Grain: one row per deal and person who came to it or left it, as far as the marts tell.
-- Only deals published before and still there. The published marts name a deal's main person, those
-- credited, and by alternatives the touches of all; a person whose own first deal or purchase moved
-- tells of the deals they were on. Of a deal that names more touches than twenty, one who is not
-- named came, unless the windows of the models changed. A close that moved decides which roles came
-- after it. by_primary: the deal's main person is another.
with

deals as (
    select
        new_deals.opportunity_id,
        coalesce(ids.person_id, old_deals.primary_person_id) as old_primary_person_id,
        new_deals.primary_person_id as new_primary_person_id,
        '; ' || old_deals.alternatives || '; ' as old_alternatives,
        (
            old_deals.people_rule in ('account_contacts', 'none')
            and new_deals.people_rule in ('account_contacts', 'none')
        ) as is_by_company,
        (
            old_deals.crm_account_id is distinct from new_deals.crm_account_id
            and lost_companies.crm_account_id is null
        ) as has_other_company,
        (merged_companies.crm_account_id is not null) as has_merged_company,
        (old_deals.created_at = new_deals.created_at) as is_created_as_before,
        coalesce(
            old_deals.is_won and new_deals.is_won and old_deals.closed_at = new_deals.closed_at,
            false
        ) as is_won_as_before,
        (
            old_deals.closed_at is not null
            and old_deals.closed_at is distinct from new_deals.closed_at
        ) as has_moved_close,
        coalesce(
            old_deals.close_date = new_deals.close_date
            and old_deals.closed_at_from = 'record'
            and new_deals.closed_at_from = 'record',
            false
        ) as has_same_close_day,
        new_deals.created_at,
        new_deals.closed_at
    from build.fct_opportunities as new_deals
    inner join marts.fct_opportunities as old_deals
        on new_deals.opportunity_id = old_deals.opportunity_id
    left join build.int_person_ids as ids
        on old_deals.primary_person_id = ids.record_id
    left join build.change_merged_companies as merged_companies
        on new_deals.crm_account_id = merged_companies.crm_account_id
    left join build.change_merged_companies as lost_companies
        on
            old_deals.crm_account_id = lost_companies.crm_account_id
            and lost_companies.is_lost
),

looked_at as (
    select
        opportunity_id,
        old_touchpoint_id as touchpoint_id
    from build.change_deals
    where is_old and is_new and old_touchpoint_id is distinct from new_touchpoint_id
    union
    select
        opportunity_id,
        new_touchpoint_id as touchpoint_id
    from build.change_deals
    where is_old and is_new and old_touchpoint_id is distinct from new_touchpoint_id
    union
    select
        opportunity_id,
        touchpoint_id
    from build.change_credits
),

deals_looked_at as (
    select distinct opportunity_id
    from looked_at
),

-- Touches that were and are, of one person.
touches as (
    select
        looked_at.opportunity_id,
        looked_at.touchpoint_id,
        new_touches.person_id
    from looked_at
    inner join build.fct_touchpoints as new_touches
        on looked_at.touchpoint_id = new_touches.touchpoint_id
    inner join marts.fct_touchpoints as old_touches
        on looked_at.touchpoint_id = old_touches.touchpoint_id
    left join build.int_person_ids as ids
        on old_touches.person_id = ids.record_id
    where new_touches.person_id = coalesce(ids.person_id, old_touches.person_id)
),

credited as (
    select
        credits.opportunity_id,
        coalesce(ids.person_id, credits.person_id) as person_id
    from marts.fct_attribution as credits
    inner join deals_looked_at
        on credits.opportunity_id = deals_looked_at.opportunity_id
    left join build.int_person_ids as ids
        on credits.person_id = ids.record_id
    where credits.person_id is not null
    union
    select
        old_deals.opportunity_id,
        coalesce(ids.person_id, old_deals.first_touch_person_id) as person_id
    from marts.fct_opportunities as old_deals
    inner join deals_looked_at
        on old_deals.opportunity_id = deals_looked_at.opportunity_id
    left join build.int_person_ids as ids
        on old_deals.first_touch_person_id = ids.record_id
    where old_deals.first_touch_person_id is not null
),

by_touch as (
    select
        touches.opportunity_id,
        touches.person_id,
        (people.person_id is not null) as is_on_deal,
        (
            credited.person_id is not null
            or touches.person_id = coalesce(deals.old_primary_person_id, '')
            or strpos(
                coalesce(deals.old_alternatives, ''), '; ' || touches.touchpoint_id || ' '
            ) > 0
        ) as was_on_deal,
        (
            coalesce(deals.old_alternatives, '') like '%; and % more; '
            and coalesce(inputs.windows, inputs.models) is not null
        ) as is_uncertain
    from touches
    cross join build.change_named_inputs as inputs
    inner join deals
        on touches.opportunity_id = deals.opportunity_id
    left join build.int_opportunity_people as people
        on
            touches.opportunity_id = people.opportunity_id
            and touches.person_id = people.person_id
    left join credited
        on
            touches.opportunity_id = credited.opportunity_id
            and touches.person_id = credited.person_id
),

left_behind as (
    select
        changed.person_id,
        deals.opportunity_id
    from build.change_people as changed
    inner join deals
        on changed.old_opportunity_at = deals.created_at
    where
        changed.is_old
        and changed.is_new
        and deals.is_created_as_before
        and changed.old_opportunity_at is distinct from changed.new_opportunity_at
    union
    select
        changed.person_id,
        deals.opportunity_id
    from build.change_people as changed
    inner join deals
        on changed.old_customer_at = deals.closed_at
    where
        changed.is_old
        and changed.is_new
        and deals.is_won_as_before
        and changed.old_customer_at is distinct from changed.new_customer_at
),

-- Who is on a deal that came before their first deal or purchase was not on it; who was first on
-- one that is as it was, and is on it no more, left.
by_stage as (
    select
        people.opportunity_id,
        people.person_id
    from build.int_opportunity_people as people
    inner join build.change_people as changed
        on people.person_id = changed.person_id
    inner join deals
        on people.opportunity_id = deals.opportunity_id
    where
        changed.is_old
        and (
            (
                deals.is_created_as_before
                and (
                    changed.old_opportunity_at is null
                    or deals.created_at < changed.old_opportunity_at
                )
            )
            or (
                deals.is_won_as_before
                and (
                    changed.old_customer_at is null or deals.closed_at < changed.old_customer_at
                )
            )
        )
    union
    select
        left_behind.opportunity_id,
        left_behind.person_id
    from left_behind
    left join build.int_opportunity_people as people
        on
            left_behind.opportunity_id = people.opportunity_id
            and left_behind.person_id = people.person_id
    where people.person_id is null
),

moved as (
    select
        opportunity_id,
        person_id,
        false as by_primary
    from by_touch
    where is_on_deal <> was_on_deal and not is_uncertain
    union all
    select
        opportunity_id,
        person_id,
        false as by_primary
    from by_stage
    union all
    select
        opportunity_id,
        coalesce(new_primary_person_id, old_primary_person_id) as person_id,
        true as by_primary
    from deals
    where old_primary_person_id is distinct from new_primary_person_id
),

told as (
    select
        moved.opportunity_id,
        moved.person_id,
        case
            when
                inputs.reporting_zone is not null
                and deals.has_moved_close
                and deals.has_same_close_day
                then 'setting_edited'
            when deals.has_moved_close and not deals.has_same_close_day then 'deal_edited'
            when deals.is_by_company and deals.has_other_company then 'deal_edited'
            when deals.is_by_company and deals.has_merged_company then 'merge'
            else 'contact_role'
        end as cause,
        case
            when deals.has_moved_close and deals.has_same_close_day then inputs.reporting_zone
        end as through,
        bool_or(moved.by_primary) over (
            partition by moved.opportunity_id
        ) as by_primary,
        row_number() over (
            partition by moved.opportunity_id, moved.person_id
            order by moved.by_primary
        ) as place
    from moved
    cross join build.change_named_inputs as inputs
    inner join deals
        on moved.opportunity_id = deals.opportunity_id
),

changed as (
    select
        opportunity_id,
        person_id,
        cause,
        through,
        by_primary
    from told
    where place = 1
)

select * from changed
