-- Do the marts agree with the ad accounts and the CRM?
-- Grain: one row per check, source, month, currency and model.
-- platform_spend tolerates a cent an account-day, for a network may round a total by itself; visits
-- and visit_key_events a twentieth, for web analytics estimates how many sessions there were.
-- Counts stand under currency XXX (no currency), checks that concern no model under model none.
-- verdict: agrees, differs (stops the publish), or unproved where the source gives no total.
-- ad_level_spend holds the ads' spend with its named gaps against the campaigns'. manual_spend
-- holds what the lines entered by hand come to when spread over their days, days to come included,
-- against their amounts, by month of a line's first day.
-- lead_form_responses holds the touches and those named as test, unmatched or internal against all
-- responses staged, by month of submission; unmatched ones wait for their person in the CRM.
-- manual_touchpoints holds the touches entered by hand and those named as unmatched, internal or to
-- come against all lines of the seed, by month of their day.
-- Spend is by month of its day, deals by month of the close day, people and cohort figures by
-- cohort month. What was set aside as wrong counts on the marts' side of platform_spend.
with

as_of as (
    select
        reporting_currency,
        reporting_zone
    from build.int_as_of
),

staged_spend as (
    select
        platform as source,
        cast(date_trunc('month', date_day) as date) as month,
        currency_code,
        sum(spend) as spend
    from staging.stg_campaign_daily
    group by platform, cast(date_trunc('month', date_day) as date), currency_code
    union all
    select
        platform as source,
        cast(date_trunc('month', date_day) as date) as month,
        currency_code,
        sum(spend) as spend
    from build.int_manual_spend
    where not is_to_come
    group by platform, cast(date_trunc('month', date_day) as date), currency_code
),

-- Spend entered by hand has no total of a network's.
manual_sources as (
    select distinct platform as source from staging.seed_manual_spend
),

mart_spend as (
    select
        platform as source,
        cast(date_trunc('month', date_day) as date) as month,
        currency_code,
        sum(spend) as spend
    from build.fct_ad_spend_daily
    group by platform, cast(date_trunc('month', date_day) as date), currency_code
),

account_spend as (
    select
        platform as source,
        cast(date_trunc('month', date_day) as date) as month,
        currency_code,
        sum(spend) as spend,
        count(*) as account_days
    from staging.stg_account_daily
    group by platform, cast(date_trunc('month', date_day) as date), currency_code
),

-- Rows set aside from the loads that stand now; those of replaced loads are history.
rejected_spend as (
    select
        rejected.source,
        cast(date_trunc('month', rejected.date_day) as date) as month,
        rejected.currency_code,
        sum(rejected.spend) as spend
    from ops.rejected_rows as rejected
    inner join ops.load_ledger as ledger
        on
            rejected.source = ledger.source
            and rejected.account_id = ledger.account_id
            and rejected.stream = ledger.stream
            and rejected.date_day = ledger.date_day
            and rejected.batch_id = ledger.batch_id
    where rejected.stream = 'campaign_daily' and rejected.spend is not null
    group by
        rejected.source,
        cast(date_trunc('month', rejected.date_day) as date),
        rejected.currency_code
),

controlled_sources as (
    select distinct source from account_spend
),

spend_sides as (
    select
        'staged_spend' as check_name,
        source,
        month,
        currency_code,
        spend as source_total,
        0 as mart_total
    from staged_spend
    union all
    select
        'staged_spend' as check_name,
        source,
        month,
        currency_code,
        0 as source_total,
        spend as mart_total
    from mart_spend
    union all
    select
        'platform_spend' as check_name,
        source,
        month,
        currency_code,
        spend as source_total,
        0 as mart_total
    from account_spend
    union all
    select
        'platform_spend' as check_name,
        source,
        month,
        currency_code,
        0 as source_total,
        spend as mart_total
    from mart_spend
    where source not in (select manual_sources.source from manual_sources)
    union all
    select
        'platform_spend' as check_name,
        source,
        month,
        coalesce(currency_code, 'XXX') as currency_code,
        0 as source_total,
        spend as mart_total
    from rejected_spend
    union all
    select
        'manual_spend' as check_name,
        platform as source,
        cast(date_trunc('month', first_day) as date) as month,
        currency_code,
        amount as source_total,
        0 as mart_total
    from staging.seed_manual_spend
    union all
    select
        'manual_spend' as check_name,
        platform as source,
        cast(date_trunc('month', first_day) as date) as month,
        currency_code,
        0 as source_total,
        spend as mart_total
    from build.int_manual_spend
    union all
    select
        'ad_level_spend' as check_name,
        platform as source,
        cast(date_trunc('month', date_day) as date) as month,
        currency_code,
        spend as source_total,
        0 as mart_total
    from staging.stg_campaign_daily
    union all
    select
        'ad_level_spend' as check_name,
        platform as source,
        cast(date_trunc('month', date_day) as date) as month,
        currency_code,
        0 as source_total,
        spend as mart_total
    from build.fct_ad_performance_daily
    union all
    select
        'ad_level_spend' as check_name,
        platform as source,
        month,
        currency_code,
        0 as source_total,
        spend_gap as mart_total
    from build.mart_ad_level_gaps_monthly
),

-- The same spend in the reporting currency, in the two ROI marts.
base_sides as (
    select
        'campaign_mart_spend' as check_name,
        cast(date_trunc('month', date_day) as date) as month,
        coalesce(spend_base, 0) as source_total,
        0 as mart_total
    from build.fct_ad_spend_daily
    union all
    select
        'campaign_mart_spend' as check_name,
        cohort_month as month,
        0 as source_total,
        spend_base as mart_total
    from build.mart_campaign_roi_monthly
    union all
    select
        'channel_mart_spend' as check_name,
        cast(date_trunc('month', date_day) as date) as month,
        coalesce(spend_base, 0) as source_total,
        0 as mart_total
    from build.fct_ad_spend_daily
    union all
    select
        'channel_mart_spend' as check_name,
        cohort_month as month,
        0 as source_total,
        spend_base as mart_total
    from build.mart_channel_roi_monthly
    union all
    select
        'campaign_mart_won_revenue' as check_name,
        cohort_month as month,
        coalesce(amount_base, 0) as source_total,
        0 as mart_total
    from build.fct_attribution
    where model = 'first_touch' and basis = 'won' and type_group = 'new_business'
    union all
    select
        'campaign_mart_won_revenue' as check_name,
        cohort_month as month,
        0 as source_total,
        won_revenue_base as mart_total
    from build.mart_campaign_roi_monthly
    union all
    select
        'channel_mart_won_revenue' as check_name,
        cohort_month as month,
        coalesce(amount_base, 0) as source_total,
        0 as mart_total
    from build.fct_attribution
    where model = 'first_touch' and basis = 'won' and type_group = 'new_business'
    union all
    select
        'channel_mart_won_revenue' as check_name,
        cohort_month as month,
        0 as source_total,
        won_revenue_base as mart_total
    from build.mart_channel_roi_monthly
    union all
    select
        'channel_mart_open_pipeline' as check_name,
        cohort_month as month,
        coalesce(amount_base, 0) as source_total,
        0 as mart_total
    from build.fct_attribution
    where model = 'first_touch' and basis = 'open' and type_group = 'new_business'
    union all
    select
        'channel_mart_open_pipeline' as check_name,
        cohort_month as month,
        0 as source_total,
        open_pipeline_base as mart_total
    from build.mart_channel_roi_monthly
),

crm_deals as (
    select
        opportunities.is_won,
        deals.type_group,
        opportunities.currency_code,
        cast(date_trunc('month', opportunities.close_date) as date) as month,
        cast(coalesce(sum(opportunities.amount), 0) as numeric(20, 6)) as amount,
        count(*) as deals
    from staging.stg_crm_opportunities as opportunities
    left join build.int_deals as deals
        on opportunities.opportunity_id = deals.opportunity_id
    where
        not opportunities.is_deleted
        and (opportunities.is_won or not opportunities.is_closed)
    group by
        opportunities.is_won,
        deals.type_group,
        opportunities.currency_code,
        cast(date_trunc('month', opportunities.close_date) as date)
),

models as (
    select model
    from build.int_attribution_models
),

-- Each model's weights sum to the deals it counts, its amounts to what they are worth.
credits as (
    select
        basis,
        type_group,
        model,
        currency_code,
        cast(date_trunc('month', close_date) as date) as month,
        cast(coalesce(sum(amount), 0) as numeric(20, 6)) as amount,
        cast(sum(weight) as numeric(20, 6)) as deals
    from build.fct_attribution
    group by
        basis,
        type_group,
        model,
        currency_code,
        cast(date_trunc('month', close_date) as date)
),

-- won_revenue is all that was won; renewal_revenue is the part that no ROI mart carries.
deal_sides as (
    select
        case when crm_deals.is_won then 'won_revenue' else 'open_pipeline' end as check_name,
        crm_deals.month,
        crm_deals.currency_code,
        models.model,
        crm_deals.amount as source_total,
        0 as mart_total
    from crm_deals
    cross join models
    union all
    select
        case when basis = 'won' then 'won_revenue' else 'open_pipeline' end as check_name,
        month,
        currency_code,
        model,
        0 as source_total,
        amount as mart_total
    from credits
    union all
    select
        'renewal_revenue' as check_name,
        crm_deals.month,
        crm_deals.currency_code,
        models.model,
        crm_deals.amount as source_total,
        0 as mart_total
    from crm_deals
    cross join models
    where crm_deals.is_won and crm_deals.type_group <> 'new_business'
    union all
    select
        'renewal_revenue' as check_name,
        month,
        currency_code,
        model,
        0 as source_total,
        amount as mart_total
    from credits
    where basis = 'won' and type_group <> 'new_business'
    union all
    select
        case when crm_deals.is_won then 'won_deals' else 'open_deals' end as check_name,
        crm_deals.month,
        'XXX' as currency_code,
        models.model,
        crm_deals.deals as source_total,
        0 as mart_total
    from crm_deals
    cross join models
    union all
    select
        case when basis = 'won' then 'won_deals' else 'open_deals' end as check_name,
        month,
        'XXX' as currency_code,
        model,
        0 as source_total,
        deals as mart_total
    from credits
),

living_people as (
    select
        people.is_internal,
        fct_people.cohort_month
    from build.int_people as people
    left join build.fct_people as fct_people
        on people.person_id = fct_people.person_id
),

-- internal_people shows how many of our own people are left out of leads.
people_sides as (
    select
        'leads' as check_name,
        cohort_month as month,
        1 as source_total,
        0 as mart_total
    from living_people
    where not is_internal
    union all
    select
        'leads' as check_name,
        cohort_month as month,
        0 as source_total,
        leads as mart_total
    from build.mart_channel_roi_monthly
    union all
    select
        'funnel_leads' as check_name,
        cohort_month as month,
        1 as source_total,
        0 as mart_total
    from living_people
    where not is_internal
    union all
    select
        'funnel_leads' as check_name,
        cohort_month as month,
        0 as source_total,
        leads as mart_total
    from build.mart_funnel_monthly
    union all
    select
        'internal_people' as check_name,
        cohort_month as month,
        1 as source_total,
        0 as mart_total
    from living_people
    where is_internal
    union all
    select
        'internal_people' as check_name,
        cohort_month as month,
        0 as source_total,
        1 as mart_total
    from build.fct_people
    where is_internal
),

living_hashes as (
    select distinct email_hash
    from build.int_person_records
    where email_hash is not null
),

-- Responses to lead forms: all of them, and those that are no touch, each by its reason.
lead_form_sides as (
    select
        'lead_form_responses' as check_name,
        platform as source,
        submitted_at,
        1 as source_total,
        0 as mart_total
    from staging.stg_lead_form_responses
    union all
    select
        'lead_form_responses' as check_name,
        lead_forms.platform as source,
        lead_forms.submitted_at,
        0 as source_total,
        1 as mart_total
    from build.int_lead_forms as lead_forms
    left join build.fct_touchpoints as touches
        on lead_forms.touchpoint_id = touches.touchpoint_id
    where lead_forms.outcome <> 'touch' or touches.touchpoint_id is not null
    union all
    select
        'lead_form_test' as check_name,
        platform as source,
        submitted_at,
        1 as source_total,
        0 as mart_total
    from staging.stg_lead_form_responses
    where is_test
    union all
    select
        'lead_form_unmatched' as check_name,
        responses.platform as source,
        responses.submitted_at,
        1 as source_total,
        0 as mart_total
    from staging.stg_lead_form_responses as responses
    left join living_hashes
        on responses.email_hash = living_hashes.email_hash
    where responses.is_test is distinct from true and living_hashes.email_hash is null
    union all
    select
        'lead_form_internal' as check_name,
        lead_forms.platform as source,
        lead_forms.submitted_at,
        1 as source_total,
        0 as mart_total
    from build.int_lead_forms as lead_forms
    inner join build.fct_people as people
        on lead_forms.person_id = people.person_id
    where people.is_internal and lead_forms.outcome <> 'test'
    union all
    select
        'lead_form_' || outcome as check_name,
        platform as source,
        submitted_at,
        0 as source_total,
        1 as mart_total
    from build.int_lead_forms
    where outcome <> 'touch'
),

-- Touches entered by hand: all lines, and those that are no touch, each by its reason.
manual_touch_sides as (
    select
        'manual_touchpoints' as check_name,
        touch_date,
        1 as source_total,
        0 as mart_total
    from staging.seed_manual_touchpoints
    union all
    select
        'manual_touchpoints' as check_name,
        by_hand.touch_date,
        0 as source_total,
        1 as mart_total
    from build.int_manual_touchpoints as by_hand
    left join build.fct_touchpoints as touches
        on 'manual:' || by_hand.line_id = touches.touchpoint_id
    where by_hand.outcome <> 'touch' or touches.touchpoint_id is not null
    union all
    select
        'manual_touchpoints_unmatched' as check_name,
        lines.touch_date,
        1 as source_total,
        0 as mart_total
    from staging.seed_manual_touchpoints as lines
    left join build.int_person_ids as ids
        on lines.record_id = ids.record_id
    where ids.record_id is null
    union all
    select
        'manual_touchpoints_unmatched' as check_name,
        touch_date,
        0 as source_total,
        1 as mart_total
    from build.int_manual_touchpoints
    where outcome = 'unmatched'
),

-- Won revenue by month of the close, in the reporting currency, as each model shares it out.
month_sides as (
    select
        'close_month_mart_won_revenue' as check_name,
        models.model,
        cast(date_trunc('month', deals.close_date) as date) as month,
        coalesce(deals.amount_base, 0) as source_total,
        0 as mart_total
    from build.fct_opportunities as deals
    cross join models
    where deals.is_won
    union all
    select
        'close_month_mart_won_revenue' as check_name,
        model,
        close_month as month,
        0 as source_total,
        won_revenue_base as mart_total
    from build.mart_revenue_by_close_month
),

crm_source as (
    select coalesce(min(source), 'crm') as source
    from staging.stg_sources
    where kind = 'crm'
),

-- Visits and key events, which the property also totals by the day.
visit_sides as (
    select
        'visits' as check_name,
        platform as source,
        date_day,
        sessions as source_total,
        0 as mart_total
    from staging.stg_visit_totals_daily
    union all
    select
        'visit_key_events' as check_name,
        platform as source,
        date_day,
        key_events as source_total,
        0 as mart_total
    from staging.stg_visit_totals_daily
    union all
    select
        'visits' as check_name,
        source,
        date_day,
        0 as source_total,
        sessions as mart_total
    from build.mart_visitors_daily
    union all
    select
        'visit_key_events' as check_name,
        source,
        date_day,
        0 as source_total,
        key_events as mart_total
    from build.mart_visitors_daily
),

sides as (
    select
        check_name,
        source,
        month,
        currency_code,
        'none' as model,
        source_total,
        mart_total
    from spend_sides
    union all
    select
        check_name,
        source,
        cast(date_trunc('month', date_day) as date) as month,
        'XXX' as currency_code,
        'none' as model,
        source_total,
        mart_total
    from visit_sides
    union all
    select
        base_sides.check_name,
        'marts' as source,
        base_sides.month,
        as_of.reporting_currency as currency_code,
        case
            when base_sides.check_name like '%spend' then 'none' else 'first_touch'
        end as model,
        base_sides.source_total,
        base_sides.mart_total
    from base_sides
    cross join as_of
    union all
    select
        month_sides.check_name,
        'marts' as source,
        month_sides.month,
        as_of.reporting_currency as currency_code,
        month_sides.model,
        month_sides.source_total,
        month_sides.mart_total
    from month_sides
    cross join as_of
    union all
    select
        deal_sides.check_name,
        crm_source.source,
        deal_sides.month,
        deal_sides.currency_code,
        deal_sides.model,
        deal_sides.source_total,
        deal_sides.mart_total
    from deal_sides
    cross join crm_source
    union all
    select
        people_sides.check_name,
        crm_source.source,
        people_sides.month,
        'XXX' as currency_code,
        'first_touch' as model,
        people_sides.source_total,
        people_sides.mart_total
    from people_sides
    cross join crm_source
    union all
    select
        lead_form_sides.check_name,
        lead_form_sides.source,
        cast(date_trunc(
            'month', lead_form_sides.submitted_at at time zone as_of.reporting_zone
        ) as date) as month,
        'XXX' as currency_code,
        'none' as model,
        lead_form_sides.source_total,
        lead_form_sides.mart_total
    from lead_form_sides
    cross join as_of
    union all
    select
        check_name,
        'manual' as source,
        cast(date_trunc('month', touch_date) as date) as month,
        'XXX' as currency_code,
        'none' as model,
        source_total,
        mart_total
    from manual_touch_sides
),

totals as (
    select
        check_name,
        source,
        month,
        currency_code,
        model,
        cast(coalesce(sum(source_total), 0) as numeric(20, 6)) as source_total,
        cast(coalesce(sum(mart_total), 0) as numeric(20, 6)) as mart_total
    from sides
    where month is not null
    group by check_name, source, month, currency_code, model
),

compared as (
    select
        totals.check_name,
        totals.source,
        totals.month,
        totals.currency_code,
        totals.model,
        totals.source_total,
        totals.mart_total,
        cast(totals.mart_total - totals.source_total as numeric(20, 6)) as difference,
        cast(
            case
                when totals.check_name = 'platform_spend'
                    then 0.01 * coalesce(account_spend.account_days, 1)
                when totals.check_name in ('visits', 'visit_key_events')
                    then 0.05 * totals.source_total
                else 0
            end as numeric(20, 6)
        ) as tolerance
    from totals
    left join account_spend
        on
            totals.source = account_spend.source
            and totals.month = account_spend.month
            and totals.currency_code = account_spend.currency_code
),

judged as (
    select
        compared.check_name,
        compared.source,
        compared.model,
        compared.currency_code,
        case
            when
                compared.check_name = 'platform_spend' and controlled_sources.source is null
                then 'unproved'
            when abs(compared.difference) <= compared.tolerance then 'agrees'
            else 'differs'
        end as verdict,
        compared.month,
        compared.source_total,
        compared.mart_total,
        compared.difference,
        compared.tolerance
    from compared
    left join controlled_sources
        on compared.source = controlled_sources.source
)

select * from judged
