-- Why does each changed person count otherwise than they did?
-- Grain: one row per person and aspect of theirs that changed.
-- The aspects: exists (counted now and not before, or the reverse), place (another channel,
-- campaign or month), lead, mql, sql, opportunity, customer. cause is NULL where no fact tells it.
with

-- A new person whose form was another's before was split off.
split_off as (
    select
        people.person_id,
        touches.person_id as old_person_id
    from build.change_people as people
    inner join marts.fct_touchpoints as touches
        on 'lead:' || people.person_id = touches.touchpoint_id
    where not people.is_old
    union
    select
        people.person_id,
        touches.person_id as old_person_id
    from build.change_people as people
    inner join marts.fct_touchpoints as touches
        on 'contact:' || people.person_id = touches.touchpoint_id
    where not people.is_old
),

split_people as (
    select distinct person_id
    from split_off
),

-- Those who were joined with another, or were one with a person split off.
joined as (
    select merged_into as person_id
    from build.change_people
    where merged_into is not null
    union
    select coalesce(ids.person_id, split_off.old_person_id) as person_id
    from split_off
    left join build.int_person_ids as ids
        on split_off.old_person_id = ids.record_id
),

-- A record that was loaded since says itself what became of it.
reloaded as (
    select distinct ids.person_id
    from build.change_reloaded as reloaded
    inner join build.int_person_ids as ids
        on reloaded.record_key = 'lead:' || ids.record_id
    union
    select distinct ids.person_id
    from build.change_reloaded as reloaded
    inner join build.int_person_ids as ids
        on reloaded.record_key = 'contact:' || ids.record_id
),

people as (
    select
        people.person_id as fact_id,
        people.old_person_id,
        people.merged_into,
        people.is_old,
        people.is_new,
        people.old_is_internal,
        people.new_is_internal,
        (people.old_email_domain is distinct from people.new_email_domain) as has_other_domain,
        (people.old_lead_at is distinct from people.new_lead_at) as has_other_lead_at,
        (people.old_touchpoint_id is distinct from people.new_touchpoint_id) as has_other_touch,
        (
            people.old_is_mql is distinct from people.new_is_mql
            or people.old_mql_at is distinct from people.new_mql_at
        ) as has_other_mql,
        (
            people.old_is_sql is distinct from people.new_is_sql
            or people.old_sql_at is distinct from people.new_sql_at
        ) as has_other_sql,
        (people.old_opportunity_at is distinct from people.new_opportunity_at) as has_other_deal,
        (people.old_customer_at is distinct from people.new_customer_at) as has_other_purchase,
        coalesce(
            people.old_customer_at <> people.new_customer_at, false
        ) as has_moved_purchase,
        (
            people.old_channel is distinct from people.new_channel
            or people.old_platform is distinct from people.new_platform
            or people.old_account_id is distinct from people.new_account_id
            or people.old_campaign_id is distinct from people.new_campaign_id
            or people.old_crm_campaign_id is distinct from people.new_crm_campaign_id
            or people.old_cohort_month is distinct from people.new_cohort_month
        ) as has_other_place,
        (split_people.person_id is not null) as is_split_off,
        (joined.person_id is not null) as is_joined,
        (reloaded.person_id is not null) as is_reloaded,
        case when old_touches.may_reorder then old_touches.cause end as old_touch_cause,
        old_touches.evidence as old_touch,
        case
            when people.old_touchpoint_id = people.new_touchpoint_id or new_touches.may_reorder
                then new_touches.cause
        end as new_touch_cause,
        new_touches.evidence as new_touch
    from build.change_people as people
    left join split_people
        on people.person_id = split_people.person_id
    left join joined
        on people.person_id = joined.person_id
    left join reloaded
        on people.person_id = reloaded.person_id
    left join build.change_touches as old_touches
        on people.old_touchpoint_id = old_touches.touchpoint_id
    left join build.change_touches as new_touches
        on people.new_touchpoint_id = new_touches.touchpoint_id
),

deal_moves as (
    select
        people.person_id,
        deals.opportunity_id,
        case when deals.is_old then 'deal_edited' else 'late_deal' end as cause,
        deals.opportunity_id as through
    from build.int_opportunity_people as people
    inner join build.change_deals as deals
        on people.opportunity_id = deals.opportunity_id
    where
        not deals.is_old
        or deals.old_is_won is distinct from deals.new_is_won
        or deals.old_created_at is distinct from deals.new_created_at
        or deals.has_other_close
    union all
    select
        person_id,
        opportunity_id,
        cause,
        coalesce(through, opportunity_id) as through
    from build.change_deal_people
    union all
    select
        old_primary_person_id as person_id,
        opportunity_id,
        'deal_deleted' as cause,
        opportunity_id as through
    from build.change_deals
    where not is_new
),

deal_people as (
    select
        person_id,
        cause,
        through,
        row_number() over (
            partition by person_id order by cause, opportunity_id
        ) as place
    from deal_moves
),

people_aspects as (
    select
        people.fact_id,
        aspects.aspect,
        case
            when people.merged_into is not null or people.is_split_off then 'merge'
            when not people.is_new then 'lead_deleted'
            when not people.is_old then 'late_lead'
            when aspects.aspect = 'exists'
                then
                    case
                        when not people.has_other_domain and inputs.domains is not null
                            then 'seed_edited'
                        when people.is_joined then 'merge'
                        when people.has_other_domain or people.is_reloaded then 'lead_edited'
                    end
            when aspects.aspect = 'place'
                then
                    case
                        when people.new_touch_cause is not null then people.new_touch_cause
                        when people.old_touch_cause is not null then people.old_touch_cause
                        when people.is_joined then 'merge'
                        when people.has_other_lead_at then 'lead_edited'
                        when inputs.reporting_zone is not null then 'setting_edited'
                    end
            when people.is_joined then 'merge'
            when aspects.aspect = 'lead' then 'lead_edited'
            when aspects.aspect in ('opportunity', 'customer') and deal_people.cause is not null
                then deal_people.cause
            when
                aspects.aspect = 'customer'
                and people.has_moved_purchase
                and inputs.reporting_zone is not null
                then 'setting_edited'
            when aspects.aspect in ('opportunity', 'customer') then null
            when people.is_reloaded then 'lead_edited'
            when inputs.statuses is not null then 'seed_edited'
        end as cause,
        case
            when people.merged_into is not null then 'into ' || people.merged_into
            when not (people.is_old and people.is_new) then null
            when aspects.aspect = 'exists' and not people.has_other_domain then inputs.domains
            when aspects.aspect = 'place' and people.new_touch_cause is not null
                then people.new_touch
            when aspects.aspect = 'place' and people.old_touch_cause is not null
                then people.old_touch
            when aspects.aspect = 'place' and not (people.is_joined or people.has_other_lead_at)
                then inputs.reporting_zone
            when deal_people.cause is not null and aspects.aspect in ('opportunity', 'customer')
                then deal_people.through
            when aspects.aspect = 'customer' and people.has_moved_purchase
                then inputs.reporting_zone
            when aspects.aspect in ('mql', 'sql') and not people.is_reloaded then inputs.statuses
        end as through
    from people
    cross join build.change_named_inputs as inputs
    cross join (
        values ('exists'), ('place'), ('lead'), ('mql'), ('sql'), ('opportunity'), ('customer')
    ) as aspects (aspect)
    left join deal_people
        on
            people.fact_id = deal_people.person_id
            and deal_people.place = 1
    where
        case
            when
                (people.is_old and not people.old_is_internal)
                is distinct from (people.is_new and not people.new_is_internal)
                then aspects.aspect = 'exists'
            when aspects.aspect = 'place' then people.has_other_place
            when aspects.aspect = 'lead' then people.has_other_lead_at
            when aspects.aspect = 'mql' then people.has_other_mql
            when aspects.aspect = 'sql' then people.has_other_sql
            when aspects.aspect = 'opportunity' then people.has_other_deal
            when aspects.aspect = 'customer' then people.has_other_purchase
            else false
        end
),

causes as (
    select
        'person' as fact_kind,
        fact_id,
        aspect,
        cause,
        fact_id || coalesce(' through ' || through, '') as evidence
    from people_aspects
)

select * from causes
