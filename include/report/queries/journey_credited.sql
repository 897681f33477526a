-- Which deals stand behind the customers, the won revenue and the open pipeline of what is chosen?
-- Grain: one row per deal, of those won and of those open so many with the most credited as are
-- asked for, else all; matches is how many there are.
-- New business, credited by the chosen model: together the rows are the figures of the overview.
-- Chosen a currency, amounts are what was booked in it; no rate is used.
with

summed as (
    select
        opportunity_id,
        basis,
        cast(sum(weight) as numeric(20, 10)) as weight,
        cast(
            case when count(*) = count(credited_amount) then sum(credited_amount) end
            as numeric(18, 2)
        ) as credited_amount
    from shared.credited
    where
        model = :model
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
    group by opportunity_id, basis
),

counted as (
    select
        summed.basis,
        count(*) as matches,
        count(*) filter (where deals.amount is null) as deals_without_amount
    from summed
    inner join marts.fct_opportunities as deals
        on summed.opportunity_id = deals.opportunity_id
    group by summed.basis
),

ranked as (
    select
        opportunity_id,
        basis,
        weight,
        credited_amount,
        row_number() over (
            partition by basis
            order by credited_amount desc nulls first, opportunity_id asc
        ) as place
    from summed
),

largest as (
    select
        ranked.opportunity_id,
        deals.opportunity_name,
        deals.crm_account_id,
        ranked.basis,
        deals.stage_name,
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
        ranked.weight,
        ranked.credited_amount,
        counted.matches,
        counted.deals_without_amount,
        deals.is_new_customer,
        deals.amount is not null as has_amount
    from ranked
    inner join counted
        on ranked.basis = counted.basis
    inner join marts.fct_opportunities as deals
        on ranked.opportunity_id = deals.opportunity_id
    where cast(:at_most as bigint) is null or ranked.place <= cast(:at_most as bigint)
),

companies as (
    select
        crm_account_id,
        min(company_name) as company_name
    from marts.fct_people
    where crm_account_id in (select largest.crm_account_id from largest)
    group by crm_account_id
),

named as (
    select
        largest.opportunity_id,
        largest.opportunity_name,
        companies.company_name,
        largest.basis,
        largest.stage_name,
        largest.first_touch_channel,
        largest.first_touch_platform,
        campaigns.campaign_name as first_touch_campaign_name,
        largest.close_date,
        largest.cohort_month,
        largest.weight,
        largest.credited_amount,
        largest.matches,
        largest.deals_without_amount,
        largest.is_new_customer,
        largest.has_amount
    from largest
    left join companies
        on largest.crm_account_id = companies.crm_account_id
    left join marts.dim_campaign as campaigns
        on
            largest.first_touch_platform = campaigns.platform
            and largest.first_touch_account_id = campaigns.account_id
            and largest.first_touch_campaign_id = campaigns.campaign_id
    order by
        largest.basis desc, largest.credited_amount desc nulls first, largest.opportunity_id asc
)

select * from named
