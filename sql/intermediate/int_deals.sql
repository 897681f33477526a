-- Which deals are there, when did they open and close, and what are they worth?
-- Grain: one row per deal that the CRM still has.
-- A deal's type tells whether it is new business; where it says nothing, its record type does.
-- A deal closes at the end of its close day in the reporting zone. Amounts become base amounts at
-- the rate of the close day; of open deals, and of deals closed by a day to come, the as-of day's.
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
        case
            when opportunities.is_closed or opportunities.is_won
                then
                    (
                        cast(opportunities.close_date as timestamp)
                        + interval '23 hours 59 minutes 59 seconds'
                    ) at time zone as_of.reporting_zone
        end as closed_at
    from staging.stg_crm_opportunities as opportunities
    cross join as_of
    left join staging.seed_deal_types as types
        on lower(trim(opportunities.opportunity_type)) = types.opportunity_type
    left join record_types
        on opportunities.record_type_id = record_types.record_type_id
    left join staging.seed_opportunity_stages as stages
        on lower(trim(opportunities.stage_name)) = stages.stage_name
    where not opportunities.is_deleted
),

-- A company becomes a customer with the first new-business deal it gives us.
first_wins as (
    select
        opportunity_id,
        row_number() over (
            partition by coalesce(crm_account_id, opportunity_id)
            order by close_date, created_at, opportunity_id collate "C"
        ) as win_number
    from deals
    where is_won and type_group = 'new_business'
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
        deals.currency_code,
        deals.close_date,
        deals.created_date,
        rates.fx_rate_date,
        deals.amount,
        cast(round(deals.amount * rates.fx_rate, 2) as numeric(18, 2)) as amount_base,
        rates.fx_rate,
        deals.is_closed,
        deals.is_won,
        coalesce(first_wins.win_number = 1, false) as is_new_customer,
        deals.created_at,
        deals.closed_at
    from deals
    left join build.int_fx_rates as rates
        on
            deals.currency_code = rates.currency_code
            and deals.rate_day = rates.date_day
    left join first_wins
        on deals.opportunity_id = first_wins.opportunity_id
)

select * from priced
