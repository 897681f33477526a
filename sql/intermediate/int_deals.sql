-- Which deals are there, when did they open and close, and what are they worth?
-- Grain: one row per deal that the CRM still has.
-- A deal's type tells whether it is new business; where it says nothing, its record type does.
-- A deal closed when its history says that it last entered the outcome it has; without a history
-- that says so, at the end of its close day in the reporting zone. closed_at_from says which.
-- Amounts become base amounts at the rate of the close day; of open deals, and of deals closed by a
-- day to come, the as-of day's.
with

as_of as (
    select
        reporting_zone,
        as_of_date
    from build.int_as_of
),

record_types as (
    select
        record_types.record_type_id,
        types.type_group
    from staging.stg_crm_record_types as record_types
    inner join staging.seed_deal_types as types
        on lower(trim(record_types.record_type_name)) = types.opportunity_type
),

present_outcomes as (
    select
        opportunity_id,
        lower(trim(stage_name)) as stage_key,
        case when is_won then 'won' when is_closed then 'lost' else 'open' end as outcome
    from staging.stg_crm_opportunities
),

-- The last entry into another outcome, and the last entry of all.
turns as (
    select
        present_outcomes.opportunity_id,
        max(
            case when entries.outcome <> present_outcomes.outcome then entries.entry_number end
        ) as last_other_entry,
        max(entries.entry_number) as last_entry
    from present_outcomes
    inner join build.int_deal_stages as entries
        on present_outcomes.opportunity_id = entries.opportunity_id
    group by present_outcomes.opportunity_id
),

histories as (
    select
        turns.opportunity_id,
        min(
            case
                when entries.entry_number > coalesce(turns.last_other_entry, 0)
                    then entries.entered_at
            end
        ) as outcome_entered_at,
        max(
            case
                when
                    entries.entry_number = turns.last_entry
                    and entries.stage_key = present_outcomes.stage_key
                    then entries.entered_at
            end
        ) as stage_entered_at
    from turns
    inner join present_outcomes
        on turns.opportunity_id = present_outcomes.opportunity_id
    inner join build.int_deal_stages as entries
        on turns.opportunity_id = entries.opportunity_id
    group by turns.opportunity_id
),

deals as (
    select
        opportunities.opportunity_id,
        opportunities.crm_account_id,
        opportunities.contact_id,
        opportunities.crm_campaign_id,
        opportunities.owner_id,
        opportunities.opportunity_name,
        opportunities.opportunity_type,
        coalesce(types.type_group, record_types.type_group, 'new_business') as type_group,
        opportunities.stage_name,
        stages.stage_group,
        opportunities.lead_source,
        opportunities.currency_code,
        opportunities.close_date,
        case
            when opportunities.is_closed or opportunities.is_won
                then least(opportunities.close_date, as_of.as_of_date)
            else as_of.as_of_date
        end as rate_day,
        cast((opportunities.created_at at time zone as_of.reporting_zone) as date) as created_date,
        opportunities.amount,
        opportunities.is_closed or opportunities.is_won as is_closed,
        opportunities.is_won,
        opportunities.created_at,
        histories.stage_entered_at,
        case
            when opportunities.is_closed or opportunities.is_won
                then
                    coalesce(
                        histories.outcome_entered_at,
                        (
                            cast(opportunities.close_date as timestamp)
                            + interval '23 hours 59 minutes 59 seconds'
                        ) at time zone as_of.reporting_zone
                    )
        end as closed_at,
        case
            when not (opportunities.is_closed or opportunities.is_won) then null
            when histories.outcome_entered_at is null then 'record'
            else 'history'
        end as closed_at_from
    from staging.stg_crm_opportunities as opportunities
    cross join as_of
    left join staging.seed_deal_types as types
        on lower(trim(opportunities.opportunity_type)) = types.opportunity_type
    left join histories
        on opportunities.opportunity_id = histories.opportunity_id
    left join record_types
        on opportunities.record_type_id = record_types.record_type_id
    left join staging.seed_opportunity_stages as stages
        on lower(trim(opportunities.stage_name)) = stages.stage_name
    where not opportunities.is_deleted
),

-- A quotient of doubles holds for 15 digits on both engines; a large amount has more.
guessed as (
    select
        deals.opportunity_id,
        rates.fx_rate_date,
        rates.fx_rate,
        rates.own_rate,
        rates.reporting_rate,
        abs(deals.amount) as size,
        cast(
            least(
                abs(cast(deals.amount as double precision))
                * cast(rates.reporting_rate as double precision)
                / cast(rates.own_rate as double precision),
                9999999999999990
            ) as numeric(18, 2)
        ) as guess
    from deals
    inner join build.int_fx_rates as rates
        on
            deals.currency_code = rates.currency_code
            and deals.rate_day = rates.date_day
),

-- What it leaves, divided once more, is sure to one cent.
refined as (
    select
        opportunity_id,
        fx_rate_date,
        fx_rate,
        own_rate,
        reporting_rate,
        size,
        cast(
            guess + cast(
                cast(size * reporting_rate - guess * own_rate as double precision)
                / cast(own_rate as double precision) as numeric(18, 2)
            ) as numeric(18, 2)
        ) as guess
    from guessed
),

converted as (
    select
        opportunity_id,
        fx_rate_date,
        fx_rate,
        guess + case
            when 2 * (size * reporting_rate - guess * own_rate) >= 0.01 * own_rate then 0.01
            when 2 * (size * reporting_rate - guess * own_rate) < -0.01 * own_rate then -0.01
            else 0
        end as size_base
    from refined
),

priced as (
    select
        deals.opportunity_id,
        deals.crm_account_id,
        deals.contact_id,
        deals.crm_campaign_id,
        deals.owner_id,
        deals.opportunity_name,
        deals.opportunity_type,
        deals.type_group,
        deals.stage_name,
        deals.stage_group,
        deals.lead_source,
        deals.closed_at_from,
        deals.currency_code,
        deals.close_date,
        deals.created_date,
        converted.fx_rate_date,
        deals.amount,
        cast(
            case when deals.amount < 0 then -1 else 1 end * converted.size_base as numeric(18, 2)
        ) as amount_base,
        converted.fx_rate,
        deals.is_closed,
        deals.is_won,
        deals.created_at,
        deals.stage_entered_at,
        deals.closed_at
    from deals
    left join converted
        on deals.opportunity_id = converted.opportunity_id
)

select * from priced
