-- Which deals and people go by what was searched?
-- Grain: one row per deal or person; of each kind the 25 latest, matches being how many there are.
-- Searched is in the deal's or company's name, the e-mail domain and the ids, whatever the case of
-- plain letters. Without a search: the deals won last. Our own people have no journey.
with

companies as (
    select
        crm_account_id,
        min(company_name) as company_name
    from marts.fct_people
    where crm_account_id is not null
    group by crm_account_id
),

candidates as (
    select
        'deal' as kind,
        deals.opportunity_id as id,
        deals.opportunity_name as name,
        companies.company_name,
        deals.first_touch_channel as channel,
        deals.stage_name as stage,
        deals.type_group,
        deals.amount_base,
        deals.is_won,
        coalesce(deals.closed_at, deals.created_at) as occurred_at
    from marts.fct_opportunities as deals
    left join companies
        on deals.crm_account_id = companies.crm_account_id
    union all
    select
        'person' as kind,
        person_id as id,
        email_domain as name,
        company_name,
        first_touch_channel as channel,
        case
            when customer_at is not null then 'customer'
            when opportunity_at is not null then 'opportunity'
            when is_sql then 'sql'
            when is_mql then 'mql'
            else 'lead'
        end as stage,
        null as type_group,
        cast(null as numeric(18, 2)) as amount_base,
        false as is_won,
        coalesce(first_touch_at, lead_at) as occurred_at
    from marts.fct_people
    where not is_internal
),

found as (
    select *
    from candidates
    where
        case
            when cast(:search as text) is null then kind = 'deal' and is_won
            else
                position(lower(trim(:search)) in lower(id)) > 0
                or position(lower(trim(:search)) in lower(coalesce(name, ''))) > 0
                or position(lower(trim(:search)) in lower(coalesce(company_name, ''))) > 0
                or position(trim(:search) in coalesce(name, '')) > 0
                or position(trim(:search) in coalesce(company_name, '')) > 0
        end
),

ranked as (
    select
        kind,
        id,
        name,
        company_name,
        channel,
        stage,
        type_group,
        amount_base,
        count(*) over (partition by kind) as matches,
        occurred_at,
        row_number() over (partition by kind order by occurred_at desc, id asc) as place
    from found
),

latest as (
    select
        kind,
        id,
        name,
        company_name,
        channel,
        stage,
        type_group,
        amount_base,
        matches,
        occurred_at
    from ranked
    where place <= 25
    order by kind asc, occurred_at desc, id asc
)

select * from latest
