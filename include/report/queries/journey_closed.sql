-- Which deals were won in the chosen months, by the day they closed?
-- Grain: one row per deal, so many of the latest as are asked for, else all; matches is how many
-- there are.
-- New business, each deal with what the chosen model credits of it to what was chosen: together the
-- rows are the revenue by the month it closed. Chosen a currency, amounts are as booked in it.
with

credits as (
    select
        opportunity_id,
        weight,
        credited_amount
    from shared.credited
    where
        model = :model
        and basis = 'won'
        and close_date >= cast(:from_month as date)
        and close_date < cast(:to_month as date) + interval '1 month'
),

summed as (
    select
        opportunity_id,
        cast(sum(weight) as numeric(20, 10)) as weight,
        cast(
            case when count(*) = count(credited_amount) then sum(credited_amount) end
            as numeric(18, 2)
        ) as credited_amount
    from credits
    group by opportunity_id
),

latest as (
    select
        summed.opportunity_id,
        deals.opportunity_name,
        deals.crm_account_id,
        deals.first_touch_channel,
        case
            when deals.first_touch_crm_campaign_id is null then deals.first_touch_platform
            else 'crm'
        end as first_touch_platform,
        case
            when deals.first_touch_crm_campaign_id is null then deals.first_touch_account_id
            else 'crm'
        end as first_touch_account_id,
        coalesce(deals.first_touch_crm_campaign_id, deals.first_touch_campaign_id)
            as first_touch_campaign_id,
        deals.close_date,
        deals.cohort_month,
        summed.weight,
        summed.credited_amount,
        count(*) over () as matches,
        deals.is_new_customer
    from summed
    inner join marts.fct_opportunities as deals
        on summed.opportunity_id = deals.opportunity_id
    order by deals.close_date desc, summed.opportunity_id asc
    limit cast(:at_most as bigint)
),

companies as (
    select
        crm_account_id,
        min(company_name) as company_name
    from marts.fct_people
    where crm_account_id in (select latest.crm_account_id from latest)
    group by crm_account_id
),

named as (
    select
        latest.opportunity_id,
        latest.opportunity_name,
        companies.company_name,
        latest.first_touch_channel,
        latest.first_touch_platform,
        campaigns.campaign_name as first_touch_campaign_name,
        latest.close_date,
        latest.cohort_month,
        latest.weight,
        latest.credited_amount,
        latest.matches,
        latest.is_new_customer
    from latest
    left join companies
        on latest.crm_account_id = companies.crm_account_id
    left join marts.dim_campaign as campaigns
        on
            latest.first_touch_platform = campaigns.platform
            and latest.first_touch_account_id = campaigns.account_id
            and latest.first_touch_campaign_id = campaigns.campaign_id
    order by latest.close_date desc, latest.opportunity_id asc
)

select * from named
