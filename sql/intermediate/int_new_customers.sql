-- Which deals won are the first new business of their customer?
-- Grain: one row per customer.
-- A customer is the deal's company, merged ones followed to the end of their chain; of a deal
-- without a company its main person; without either the deal stands for itself.
with recursive

merged as (
    select
        crm_account_id,
        master_record_id
    from staging.stg_crm_accounts
    where is_deleted and master_record_id is not null
),

chains as (
    select
        crm_account_id,
        master_record_id as reached_id
    from merged
    union
    select
        chains.crm_account_id,
        merged.master_record_id as reached_id
    from chains
    inner join merged
        on chains.reached_id = merged.crm_account_id
),

ends as (
    select
        chains.crm_account_id,
        chains.reached_id
    from chains
    left join merged
        on chains.reached_id = merged.crm_account_id
    where merged.crm_account_id is null
),

wins as (
    select
        deals.opportunity_id,
        deals.close_date,
        deals.created_at,
        case
            when deals.crm_account_id is not null
                then 'account:' || coalesce(ends.reached_id, deals.crm_account_id)
            when people.person_id is not null then 'person:' || people.person_id
            else 'deal:' || deals.opportunity_id
        end as customer_id
    from build.int_deals as deals
    left join ends
        on deals.crm_account_id = ends.crm_account_id
    left join build.int_opportunity_people as people
        on
            deals.opportunity_id = people.opportunity_id
            and people.person_rank = 1
    where deals.is_won and deals.type_group = 'new_business'
),

numbered as (
    select
        customer_id,
        opportunity_id,
        row_number() over (
            partition by customer_id
            order by close_date, created_at, opportunity_id collate "C"
        ) as win_number
    from wins
),

firsts as (
    select
        customer_id,
        opportunity_id
    from numbered
    where win_number = 1
)

select * from firsts
