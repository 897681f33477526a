-- Which deals and people go by what was searched?
-- Grain: one row per deal or person; of each kind so many of the latest as are asked for, else
-- all, matches being how many there are.
-- Searched is in the deal's or company's name, the e-mail domain and the ids, whatever the case of
-- plain letters. Our own people have no journey.
with

searched_companies as (
    select
        crm_account_id,
        min(company_name) as company_name
    from marts.fct_people
    where crm_account_id is not null
    group by crm_account_id
),

found as (
    select
        'deal' as kind,
        deals.opportunity_id as id,
        coalesce(deals.closed_at, deals.created_at) as occurred_at
    from marts.fct_opportunities as deals
    left join searched_companies as companies
        on deals.crm_account_id = companies.crm_account_id
    where
        position(lower(trim(:search)) in lower(deals.opportunity_id)) > 0
        or position(lower(trim(:search)) in lower(coalesce(deals.opportunity_name, ''))) > 0
        or position(lower(trim(:search)) in lower(coalesce(companies.company_name, ''))) > 0
        or (
            trim(:search) <> lower(trim(:search))
            and (
                position(trim(:search) in coalesce(deals.opportunity_name, '')) > 0
                or position(trim(:search) in coalesce(companies.company_name, '')) > 0
            )
        )
    union all
    select
        'person' as kind,
        people.person_id as id,
        coalesce(people.first_touch_at, people.lead_at) as occurred_at
    from marts.fct_people as people
    where
        not people.is_internal
        and (
            position(lower(trim(:search)) in lower(people.person_id)) > 0
            or position(lower(trim(:search)) in lower(coalesce(people.email_domain, ''))) > 0
            or position(lower(trim(:search)) in lower(coalesce(people.company_name, ''))) > 0
            or (
                trim(:search) <> lower(trim(:search))
                and (
                    position(trim(:search) in coalesce(people.email_domain, '')) > 0
                    or position(trim(:search) in coalesce(people.company_name, '')) > 0
                )
            )
        )
),

counted as (
    select
        kind,
        count(*) as matches
    from found
    group by kind
),

latest as (
    (
        select *
        from found
        where kind = 'deal'
        order by occurred_at desc, id asc
        limit cast(:at_most as bigint)
    )
    union all
    (
        select *
        from found
        where kind = 'person'
        order by occurred_at desc, id asc
        limit cast(:at_most as bigint)
    )
),

latest_deals as (
    select
        latest.kind,
        latest.id,
        deals.opportunity_name,
        deals.crm_account_id,
        deals.first_touch_channel,
        deals.stage_name,
        deals.type_group,
        deals.amount_base,
        latest.occurred_at
    from latest
    inner join marts.fct_opportunities as deals
        on latest.id = deals.opportunity_id
    where latest.kind = 'deal'
),

companies as (
    select
        crm_account_id,
        min(company_name) as company_name
    from marts.fct_people
    where crm_account_id in (select latest_deals.crm_account_id from latest_deals)
    group by crm_account_id
),

told as (
    select
        deals.kind,
        deals.id,
        deals.opportunity_name as name,
        companies.company_name,
        deals.first_touch_channel as channel,
        deals.stage_name as stage,
        deals.type_group,
        deals.amount_base,
        deals.occurred_at
    from latest_deals as deals
    left join companies
        on deals.crm_account_id = companies.crm_account_id
    union all
    select
        latest.kind,
        latest.id,
        people.email_domain as name,
        people.company_name,
        people.first_touch_channel as channel,
        case
            when people.customer_at is not null then 'customer'
            when people.opportunity_at is not null then 'opportunity'
            when people.is_sql then 'sql'
            when people.is_mql then 'mql'
            else 'lead'
        end as stage,
        null as type_group,
        cast(null as numeric(18, 2)) as amount_base,
        latest.occurred_at
    from latest
    inner join marts.fct_people as people
        on latest.id = people.person_id
    where latest.kind = 'person'
),

ordered as (
    select
        told.kind,
        told.id,
        told.name,
        told.company_name,
        told.channel,
        told.stage,
        told.type_group,
        told.amount_base,
        counted.matches,
        told.occurred_at
    from told
    inner join counted
        on told.kind = counted.kind
    order by told.kind asc, told.occurred_at desc, told.id asc
)

select * from ordered
