-- Which deals stand behind the customers, the won revenue and the open pipeline of what is chosen?
-- Grain: one row per deal, of those won and of those open so many with the most credited as are
-- asked for, else all; matches is how many there are.
-- New business, credited by the chosen model: together the rows are the figures of the overview.
-- Chosen a currency, amounts are what was booked in it; no rate is used.
with

credits as (
    select
        opportunity_id,
        basis,
        channel,
        case
            when channel = 'Unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(platform, 'unmatched')
        end as platform,
        case
            when channel = 'Unattributed' then 'unattributed'
            when crm_campaign_id is not null then 'crm'
            else coalesce(account_id, 'unmatched')
        end as account_id,
        case
            when channel = 'Unattributed' then 'unattributed'
            else coalesce(crm_campaign_id, campaign_id, 'unmatched')
        end as campaign_id,
        weight,
        case
            when cast(:currency_code as text) is null then amount_base
            when currency_code = :currency_code then amount
            else 0
        end as credited_amount,
        amount is not null as has_amount
    from marts.fct_attribution
    where
        model = :model
        and type_group = 'new_business'
        and cohort_month between cast(:from_month as date) and cast(:to_month as date)
),

chosen as (
    select *
    from credits
    where
        (cast(:channel as text) is null or channel = :channel)
        and (cast(:platform as text) is null or platform = :platform)
        and (cast(:account_id as text) is null or account_id = :account_id)
        and (cast(:campaign_id as text) is null or campaign_id = :campaign_id)
),

summed as (
    select
        opportunity_id,
        basis,
        cast(sum(weight) as numeric(20, 10)) as weight,
        cast(
            case
                when count(case when has_amount and credited_amount is null then 1 end) = 0
                    then coalesce(sum(credited_amount), 0)
            end as numeric(18, 2)
        ) as credited_amount
    from chosen
    group by opportunity_id, basis
),

ranked as (
    select
        summed.opportunity_id,
        deals.opportunity_name,
        deals.crm_account_id,
        summed.basis,
        deals.stage_name,
        deals.first_touch_channel,
        deals.close_date,
        deals.cohort_month,
        summed.weight,
        summed.credited_amount,
        count(*) over (partition by summed.basis) as matches,
        deals.is_new_customer,
        row_number() over (
            partition by summed.basis
            order by summed.credited_amount desc nulls first, summed.opportunity_id asc
        ) as place
    from summed
    inner join marts.fct_opportunities as deals
        on summed.opportunity_id = deals.opportunity_id
),

largest as (
    select *
    from ranked
    where cast(:at_most as bigint) is null or place <= cast(:at_most as bigint)
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
        largest.close_date,
        largest.cohort_month,
        largest.weight,
        largest.credited_amount,
        largest.matches,
        largest.is_new_customer
    from largest
    left join companies
        on largest.crm_account_id = companies.crm_account_id
    order by
        largest.basis desc, largest.credited_amount desc nulls first, largest.opportunity_id asc
)

select * from named
