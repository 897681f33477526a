-- Why does each changed deal count otherwise than it did?
-- Grain: one row per deal and aspect of it that changed.
-- The aspects: exists (counted now and not before, or the reverse), place (another channel,
-- campaign or month), outcome, amount, rate, customer, days_to_creation, days_to_close. cause is
-- NULL where no fact tells it.
with

other_people as (
    select
        opportunity_id,
        min(cause) as cause,
        min(through) as through,
        bool_or(by_primary) as by_primary
    from build.change_deal_people
    group by opportunity_id
),

deals as (
    select
        deals.opportunity_id as fact_id,
        deals.old_customer_id,
        deals.new_customer_id,
        deals.has_merged_company,
        deals.is_old,
        deals.is_new,
        deals.is_old and deals.old_type_group = 'new_business' as was_counted,
        deals.is_new and deals.new_type_group = 'new_business' as is_counted,
        deals.has_other_group,
        deals.has_other_type,
        deals.has_other_outcome,
        (
            deals.old_amount is distinct from deals.new_amount
            or deals.old_currency_code is distinct from deals.new_currency_code
        ) as has_other_amount,
        (
            deals.old_fx_rate is distinct from deals.new_fx_rate
            or deals.old_amount = deals.new_amount
            and deals.old_currency_code = deals.new_currency_code
            and deals.old_amount_base is distinct from deals.new_amount_base
        ) as has_other_rate,
        deals.has_other_close,
        coalesce(not deals.new_is_closed, false) as is_open,
        (deals.old_is_new_customer is distinct from deals.new_is_new_customer) as has_other_newness,
        deals.has_other_company,
        (other_people.opportunity_id is not null) as has_other_people,
        coalesce(other_people.by_primary, false) as has_other_primary,
        other_people.cause as people_cause,
        other_people.through as people_through,
        (reloaded.record_key is not null) as is_reloaded,
        (deals.old_created_at is distinct from deals.new_created_at) as has_other_creation,
        (deals.old_touchpoint_id is distinct from deals.new_touchpoint_id) as has_other_touch,
        (
            deals.old_days_touch_to_created is distinct from deals.new_days_touch_to_created
        ) as has_other_days_to_creation,
        (
            deals.old_days_created_to_close is distinct from deals.new_days_created_to_close
        ) as has_other_days_to_close,
        (
            deals.old_channel is distinct from deals.new_channel
            or deals.old_platform is distinct from deals.new_platform
            or deals.old_account_id is distinct from deals.new_account_id
            or deals.old_campaign_id is distinct from deals.new_campaign_id
            or deals.old_crm_campaign_id is distinct from deals.new_crm_campaign_id
            or deals.old_cohort_month is distinct from deals.new_cohort_month
        ) as has_other_place,
        case when old_touches.may_reorder then old_touches.cause end as old_touch_cause,
        old_touches.evidence as old_touch,
        case
            when deals.old_touchpoint_id = deals.new_touchpoint_id or new_touches.may_reorder
                then new_touches.cause
        end as new_touch_cause,
        new_touches.evidence as new_touch
    from build.change_deals as deals
    left join build.change_touches as old_touches
        on deals.old_touchpoint_id = old_touches.touchpoint_id
    left join build.change_touches as new_touches
        on deals.new_touchpoint_id = new_touches.touchpoint_id
    left join other_people
        on deals.opportunity_id = other_people.opportunity_id
    left join build.change_reloaded as reloaded
        on 'deal:' || deals.opportunity_id = reloaded.record_key
),

customers as (
    select
        fact_id,
        old_customer_id as customer_id
    from deals
    where old_customer_id is not null
    union
    select
        fact_id,
        new_customer_id as customer_id
    from deals
    where new_customer_id is not null
),

-- Which deal is a customer's first may be another deal's doing, of the customer's or lost to them.
customer_moves as (
    select
        deals.fact_id,
        customers.customer_id,
        case
            when not deals.is_old then 'late_deal'
            when not deals.is_new then 'deal_deleted'
            when
                deals.has_other_group
                or deals.has_other_outcome
                or deals.has_other_close
                or deals.has_other_company
                then 'deal_edited'
            else deals.people_cause
        end as cause
    from deals
    inner join customers
        on deals.fact_id = customers.fact_id
    where
        deals.is_old is distinct from deals.is_new
        or deals.has_other_group
        or deals.has_other_outcome
        or deals.has_other_close
        or deals.has_other_company
        or (deals.has_other_primary and customers.customer_id like 'person:%')
),

customer_deals as (
    select
        customer_id,
        min(fact_id) as first_fact_id,
        min(cause) as cause
    from customer_moves
    group by customer_id
),

joined as (
    select distinct 'person:' || merged_into as customer_id
    from build.change_people
    where merged_into is not null
),

deal_aspects as (
    select
        deals.fact_id,
        aspects.aspect,
        case
            when not deals.is_old then 'late_deal'
            when not deals.is_new then 'deal_deleted'
            when aspects.aspect = 'exists'
                then
                    case
                        when not deals.has_other_type and inputs.deal_types is not null
                            then 'seed_edited'
                        when deals.has_other_type or deals.is_reloaded then 'deal_edited'
                    end
            when aspects.aspect in ('outcome', 'amount') then 'deal_edited'
            when aspects.aspect = 'rate'
                then
                    case
                        when inputs.pricing is not null then 'setting_edited'
                        when
                            deals.has_other_close
                            or deals.has_other_outcome
                            or deals.has_other_amount
                            then 'deal_edited'
                        when deals.is_open and inputs.reporting_zone is not null
                            then 'setting_edited'
                        else 'rate'
                    end
            when aspects.aspect = 'customer'
                then
                    case
                        when
                            deals.has_other_outcome
                            or deals.has_other_close
                            or deals.has_other_company
                            then 'deal_edited'
                        when customer_deals.cause is not null then customer_deals.cause
                        when deals.has_merged_company or joined.customer_id is not null
                            then 'merge'
                        when deals.has_other_people then deals.people_cause
                    end
            when aspects.aspect = 'days_to_close'
                then
                    case
                        when
                            deals.has_other_creation
                            or deals.has_other_close
                            or deals.has_other_outcome
                            then 'deal_edited'
                        when inputs.reporting_zone is not null then 'setting_edited'
                    end
            when deals.has_other_creation then 'deal_edited'
            when deals.new_touch_cause is not null then deals.new_touch_cause
            when deals.old_touch_cause is not null then deals.old_touch_cause
            when not deals.has_other_touch and inputs.reporting_zone is not null
                then 'setting_edited'
            when not deals.has_other_touch then null
            when deals.has_other_people then deals.people_cause
            when inputs.windows is not null then 'setting_edited'
            when inputs.models is not null then 'seed_edited'
        end as cause,
        case
            when not (deals.is_old and deals.is_new) then null
            when aspects.aspect = 'exists' and not deals.has_other_type then inputs.deal_types
            when aspects.aspect = 'rate' and inputs.pricing is not null then inputs.pricing
            when
                aspects.aspect = 'rate'
                and deals.is_open
                and not (
                    deals.has_other_close or deals.has_other_outcome or deals.has_other_amount
                )
                then inputs.reporting_zone
            when
                aspects.aspect = 'days_to_close'
                and not (
                    deals.has_other_creation or deals.has_other_close or deals.has_other_outcome
                )
                then inputs.reporting_zone
            when
                aspects.aspect = 'customer'
                and not (
                    deals.has_other_outcome or deals.has_other_close or deals.has_other_company
                )
                then coalesce(
                    nullif(customer_deals.first_fact_id, deals.fact_id), deals.people_through
                )
            when
                aspects.aspect not in ('place', 'days_to_creation')
                or deals.has_other_creation
                then null
            when deals.new_touch_cause is not null then deals.new_touch
            when deals.old_touch_cause is not null then deals.old_touch
            when not deals.has_other_touch then inputs.reporting_zone
            when deals.has_other_people then deals.people_through
            else coalesce(inputs.windows, inputs.models)
        end as through
    from deals
    cross join build.change_named_inputs as inputs
    cross join (
        values
        ('exists'),
        ('place'),
        ('outcome'),
        ('amount'),
        ('rate'),
        ('customer'),
        ('days_to_creation'),
        ('days_to_close')
    ) as aspects (aspect)
    left join joined
        on deals.new_customer_id = joined.customer_id
    left join customer_deals
        on coalesce(deals.new_customer_id, deals.old_customer_id) = customer_deals.customer_id
    where
        case
            when deals.was_counted is distinct from deals.is_counted then aspects.aspect = 'exists'
            when aspects.aspect = 'place' then deals.has_other_place
            when aspects.aspect = 'outcome' then deals.has_other_outcome
            when aspects.aspect = 'amount' then deals.has_other_amount
            when aspects.aspect = 'rate' then deals.has_other_rate
            when aspects.aspect = 'customer' then deals.has_other_newness
            when aspects.aspect = 'days_to_creation' then deals.has_other_days_to_creation
            when aspects.aspect = 'days_to_close' then deals.has_other_days_to_close
            else false
        end
),

causes as (
    select
        'deal' as fact_kind,
        fact_id,
        aspect,
        cause,
        fact_id || coalesce(' through ' || through, '') as evidence
    from deal_aspects
)

select * from causes
