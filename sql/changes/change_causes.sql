-- Why does each changed fact count otherwise than it did?
-- Grain: one row per fact and aspect of it that changed.
-- The aspects: exists (counted now and not before, or the reverse), place (another channel,
-- campaign or month), and what of a fact makes a figure (spend: spend, measures, rate; person:
-- lead, mql, sql, opportunity, customer; deal: outcome, amount, rate, customer). cause is NULL
-- where no fact tells it.
with

inputs as (
    select
        max(case when input_name = 'manual_spend' then input_name end) as manual_spend,
        max(case when input_name = 'channel_rules' then input_name end) as channel_rules,
        max(case when input_name = 'internal_domains' then input_name end) as domains,
        max(case when input_name = 'lead_statuses' then input_name end) as statuses,
        max(case when input_name = 'deal_types' then input_name end) as deal_types,
        max(case when input_name = 'attribution_models' then input_name end) as models,
        max(case when input_kind = 'setting' then input_name end) as settings,
        max(case when input_kind = 'code' then input_name end) as code
    from build.change_inputs
),

retyped as (
    select
        new_campaigns.platform,
        new_campaigns.account_id,
        new_campaigns.campaign_id
    from build.dim_campaign as new_campaigns
    inner join marts.dim_campaign as old_campaigns
        on
            new_campaigns.platform = old_campaigns.platform
            and new_campaigns.account_id = old_campaigns.account_id
            and new_campaigns.campaign_id = old_campaigns.campaign_id
    where new_campaigns.campaign_type is distinct from old_campaigns.campaign_type
),

spend_aspects as (
    select
        spend.fact_id,
        aspects.aspect,
        case
            when aspects.aspect in ('exists', 'spend') and spend.account_id = 'manual'
                then
                    case
                        when inputs.manual_spend is not null then 'seed_edited'
                        else 'late_spend'
                    end
            when aspects.aspect = 'exists' and spend.is_new then 'late_spend'
            when aspects.aspect in ('exists', 'spend', 'measures') then 'spend_restated'
            when aspects.aspect = 'rate' and inputs.settings is not null then 'setting_edited'
            when aspects.aspect = 'rate' then 'rate'
            when retyped.platform is not null then 'campaign_edited'
            when spend.account_id = 'manual' and inputs.manual_spend is not null then 'seed_edited'
            when inputs.channel_rules is not null then 'seed_edited'
        end as cause,
        case
            when spend.account_id = 'manual' then inputs.manual_spend
            when aspects.aspect = 'place' and retyped.platform is null then inputs.channel_rules
        end as through
    from build.change_spend as spend
    cross join inputs
    cross join (
        values ('exists'), ('spend'), ('measures'), ('rate'), ('place')
    ) as aspects (aspect)
    left join retyped
        on
            spend.platform = retyped.platform
            and spend.account_id = retyped.account_id
            and spend.campaign_id = retyped.campaign_id
    where
        case
            when spend.is_old is distinct from spend.is_new then aspects.aspect = 'exists'
            when aspects.aspect = 'spend' then spend.old_spend is distinct from spend.new_spend
            when aspects.aspect = 'rate'
                then
                    spend.old_fx_rate is distinct from spend.new_fx_rate
                    or spend.old_spend = spend.new_spend
                    and spend.old_spend_base is distinct from spend.new_spend_base
            when aspects.aspect = 'place' then spend.old_channel is distinct from spend.new_channel
            when aspects.aspect = 'measures'
                then
                    spend.old_impressions is distinct from spend.new_impressions
                    or spend.old_clicks is distinct from spend.new_clicks
                    or spend.old_reported_conversions
                    is distinct from spend.new_reported_conversions
            else false
        end
),

-- A new person whose form was another's before was split off.
split_off as (
    select people.person_id
    from build.change_people as people
    inner join marts.fct_touchpoints as touches
        on 'lead:' || people.person_id = touches.touchpoint_id
    where not people.is_old
    union
    select people.person_id
    from build.change_people as people
    inner join marts.fct_touchpoints as touches
        on 'contact:' || people.person_id = touches.touchpoint_id
    where not people.is_old
),

joined as (
    select distinct merged_into as person_id
    from build.change_people
    where merged_into is not null
),

-- A record that was loaded since says itself what became of it.
reloaded as (
    select distinct ids.person_id
    from staging.stg_crm_leads as leads
    inner join build.int_person_ids as ids
        on leads.lead_id = ids.record_id
    cross join build.change_publish as last_publish
    where leads.loaded_at > last_publish.published_at
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
        (
            people.old_channel is distinct from people.new_channel
            or people.old_platform is distinct from people.new_platform
            or people.old_account_id is distinct from people.new_account_id
            or people.old_campaign_id is distinct from people.new_campaign_id
            or people.old_crm_campaign_id is distinct from people.new_crm_campaign_id
            or people.old_cohort_month is distinct from people.new_cohort_month
        ) as has_other_place,
        (split_off.person_id is not null) as is_split_off,
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
    left join split_off
        on people.person_id = split_off.person_id
    left join joined
        on people.person_id = joined.person_id
    left join reloaded
        on people.person_id = reloaded.person_id
    left join build.change_touches as old_touches
        on people.old_touchpoint_id = old_touches.touchpoint_id
    left join build.change_touches as new_touches
        on people.new_touchpoint_id = new_touches.touchpoint_id
),

deal_people as (
    select
        deals.person_id,
        min(deals.opportunity_id) as opportunity_id,
        min(deals.cause) as cause
    from (
        select
            people.person_id,
            deals.opportunity_id,
            case when deals.is_old then 'deal_edited' else 'late_deal' end as cause
        from build.int_opportunity_people as people
        inner join build.change_deals as deals
            on people.opportunity_id = deals.opportunity_id
        where
            not deals.is_old
            or deals.old_is_won is distinct from deals.new_is_won
            or deals.old_created_at is distinct from deals.new_created_at
            or deals.old_closed_at is distinct from deals.new_closed_at
        union all
        select
            old_primary_person_id as person_id,
            opportunity_id,
            'deal_deleted' as cause
        from build.change_deals
        where not is_new
    ) as deals
    group by deals.person_id
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
                        else 'lead_edited'
                    end
            when aspects.aspect = 'place'
                then
                    case
                        when people.new_touch_cause is not null then people.new_touch_cause
                        when people.old_touch_cause is not null then people.old_touch_cause
                        when people.is_joined then 'merge'
                        when people.has_other_lead_at then 'lead_edited'
                    end
            when people.is_joined then 'merge'
            when aspects.aspect = 'lead' then 'lead_edited'
            when aspects.aspect in ('opportunity', 'customer')
                then coalesce(deal_people.cause, 'contact_role')
            when people.is_reloaded then 'lead_edited'
            when inputs.statuses is not null then 'seed_edited'
            when inputs.code is not null then 'code_version'
            else 'lead_edited'
        end as cause,
        case
            when people.merged_into is not null then 'into ' || people.merged_into
            when not (people.is_old and people.is_new) then null
            when aspects.aspect = 'exists' and not people.has_other_domain then inputs.domains
            when aspects.aspect = 'place' and people.new_touch_cause is not null
                then people.new_touch
            when aspects.aspect = 'place' and people.old_touch_cause is not null
                then people.old_touch
            when aspects.aspect in ('opportunity', 'customer') then deal_people.opportunity_id
            when aspects.aspect in ('mql', 'sql') and not people.is_reloaded then inputs.statuses
        end as through
    from people
    cross join inputs
    cross join (
        values ('exists'), ('place'), ('lead'), ('mql'), ('sql'), ('opportunity'), ('customer')
    ) as aspects (aspect)
    left join deal_people
        on people.fact_id = deal_people.person_id
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

deals as (
    select
        deals.opportunity_id as fact_id,
        deals.customer_id,
        deals.has_merged_company,
        deals.is_old,
        deals.is_new,
        deals.is_old and deals.old_type_group = 'new_business' as was_counted,
        deals.is_new and deals.new_type_group = 'new_business' as is_counted,
        (deals.old_type_group is distinct from deals.new_type_group) as has_other_group,
        (deals.old_opportunity_type is distinct from deals.new_opportunity_type) as has_other_type,
        (
            deals.old_is_won is distinct from deals.new_is_won
            or deals.old_is_closed is distinct from deals.new_is_closed
        ) as has_other_outcome,
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
        (
            deals.old_close_date is distinct from deals.new_close_date
            or deals.old_closed_at is distinct from deals.new_closed_at
        ) as has_other_close,
        (deals.old_is_new_customer is distinct from deals.new_is_new_customer) as has_other_newness,
        (deals.old_crm_account_id is distinct from deals.new_crm_account_id) as has_other_company,
        deals.has_other_person,
        (deals.old_created_at is distinct from deals.new_created_at) as has_other_creation,
        (deals.old_touchpoint_id is distinct from deals.new_touchpoint_id) as has_other_touch,
        'contact_role' in (
            coalesce(deals.old_people_rule, ''), coalesce(deals.new_people_rule, '')
        ) as has_roles,
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
),

-- Which deal is a customer's first may be another deal's doing.
customer_deals as (
    select
        customer_id,
        min(fact_id) as first_fact_id,
        max(fact_id) as last_fact_id,
        min(
            case
                when not is_old then 'late_deal'
                when not is_new then 'deal_deleted'
                else 'deal_edited'
            end
        ) as cause
    from deals
    where
        customer_id is not null
        and (
            is_old is distinct from is_new
            or has_other_group
            or has_other_outcome
            or has_other_close
            or has_other_company
        )
    group by customer_id
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
                        else 'deal_edited'
                    end
            when aspects.aspect in ('outcome', 'amount') then 'deal_edited'
            when aspects.aspect = 'rate'
                then
                    case
                        when
                            deals.has_other_close
                            or deals.has_other_outcome
                            or deals.has_other_amount
                            then 'deal_edited'
                        when inputs.settings is not null then 'setting_edited'
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
                        when deals.has_merged_company then 'merge'
                        when deals.has_other_person and deals.has_roles then 'contact_role'
                        when deals.has_other_person then 'lead_edited'
                    end
            when deals.has_other_creation then 'deal_edited'
            when deals.new_touch_cause is not null then deals.new_touch_cause
            when deals.old_touch_cause is not null then deals.old_touch_cause
            when not deals.has_other_touch then null
            when inputs.settings is not null then 'setting_edited'
            when inputs.models is not null then 'seed_edited'
            when deals.has_roles then 'contact_role'
            when deals.has_other_company then 'deal_edited'
            else 'lead_edited'
        end as cause,
        case
            when not (deals.is_old and deals.is_new) then null
            when aspects.aspect = 'exists' and not deals.has_other_type then inputs.deal_types
            when
                aspects.aspect = 'customer'
                and not (
                    deals.has_other_outcome or deals.has_other_close or deals.has_other_company
                )
                then customer_deals.first_fact_id
            when aspects.aspect <> 'place' or deals.has_other_creation then null
            when deals.new_touch_cause is not null then deals.new_touch
            when deals.old_touch_cause is not null then deals.old_touch
            when deals.has_other_touch and inputs.settings is null then inputs.models
        end as through
    from deals
    cross join inputs
    cross join (
        values ('exists'), ('place'), ('outcome'), ('amount'), ('rate'), ('customer')
    ) as aspects (aspect)
    left join customer_deals
        on deals.customer_id = customer_deals.customer_id
    where
        case
            when deals.was_counted is distinct from deals.is_counted then aspects.aspect = 'exists'
            when aspects.aspect = 'place' then deals.has_other_place
            when aspects.aspect = 'outcome' then deals.has_other_outcome
            when aspects.aspect = 'amount' then deals.has_other_amount
            when aspects.aspect = 'rate' then deals.has_other_rate
            when aspects.aspect = 'customer' then deals.has_other_newness
            else false
        end
),

causes as (
    select
        'spend' as fact_kind,
        fact_id,
        aspect,
        cause,
        fact_id || coalesce(' through ' || through, '') as evidence
    from spend_aspects
    union all
    select
        'person' as fact_kind,
        fact_id,
        aspect,
        cause,
        fact_id || coalesce(' through ' || through, '') as evidence
    from people_aspects
    union all
    select
        'deal' as fact_kind,
        fact_id,
        aspect,
        cause,
        fact_id || coalesce(' through ' || through, '') as evidence
    from deal_aspects
)

select * from causes
