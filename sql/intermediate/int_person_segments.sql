-- Which segments is each person of?
-- Grain: one row per person.
-- Of each dimension the first rule of segment_rules that holds decides: what the CRM says goes
-- before what a person chose, and of what they chose the latest of which a rule speaks. Where the
-- CRM says something that no rule knows, sector and region are its own word, of everything else it
-- is other: what people wrote themselves stays in staging. Of sector, region and size the person's
-- own records go before their company's. NULL: nothing is told.
with

companies as (
    select
        crm_account_id,
        nullif(trim(industry), '') as industry,
        nullif(trim(country), '') as country,
        employee_count
    from staging.stg_crm_accounts
),

people as (
    select
        people.person_id,
        coalesce(people.industry, companies.industry) as industry,
        coalesce(people.country, companies.country) as country,
        people.job_title,
        people.stated_product,
        people.stated_problem,
        people.stated_timeframe,
        coalesce(people.employee_count, companies.employee_count) as employee_count
    from build.int_people as people
    left join companies
        on people.crm_account_id = companies.crm_account_id
),

rules as (
    select
        rule_order,
        dimension,
        told_by,
        pattern,
        segment
    from staging.seed_segment_rules
),

said as (
    select
        person_id,
        'sector' as dimension,
        trim(industry) as word
    from people
    where industry is not null
    union all
    select
        person_id,
        'region' as dimension,
        trim(country) as word
    from people
    where country is not null
    union all
    select
        person_id,
        'seniority' as dimension,
        trim(job_title) as word
    from people
    where job_title is not null
    union all
    select
        person_id,
        'product_interest' as dimension,
        trim(stated_product) as word
    from people
    where stated_product is not null
    union all
    select
        person_id,
        'pain_point' as dimension,
        trim(stated_problem) as word
    from people
    where stated_problem is not null
    union all
    select
        person_id,
        'urgency' as dimension,
        trim(stated_timeframe) as word
    from people
    where stated_timeframe is not null
),

words as (
    select distinct
        dimension,
        word
    from said
),

ruled_words as (
    select
        words.dimension,
        words.word,
        rules.segment,
        row_number() over (
            partition by words.dimension, words.word
            order by rules.rule_order
        ) as place
    from words
    inner join rules
        on
            words.dimension = rules.dimension
            and lower(words.word) like rules.pattern
    where rules.told_by = 'field'
),

told as (
    select
        said.person_id,
        said.dimension,
        case
            when ruled_words.segment is not null then ruled_words.segment
            when said.dimension in ('sector', 'region') then said.word
            else 'other'
        end as segment
    from said
    left join ruled_words
        on
            said.dimension = ruled_words.dimension
            and said.word = ruled_words.word
            and ruled_words.place = 1
),

contents as (
    select distinct
        offer_type,
        content_name
    from build.int_touch_contents
),

ruled_contents as (
    select
        contents.offer_type,
        contents.content_name,
        rules.dimension,
        rules.segment,
        row_number() over (
            partition by contents.offer_type, contents.content_name, rules.dimension
            order by rules.rule_order
        ) as place
    from contents
    inner join rules
        on
            case rules.told_by
                when 'offer' then contents.offer_type = rules.pattern
                when 'content' then lower(contents.content_name) like rules.pattern
                else false
            end
),

ranked_choices as (
    select
        touches.person_id,
        ruled_contents.dimension,
        ruled_contents.segment,
        row_number() over (
            partition by touches.person_id, ruled_contents.dimension
            order by touches.touch_number desc
        ) as place
    from build.int_touch_contents as touches
    inner join ruled_contents
        on
            touches.offer_type = ruled_contents.offer_type
            and touches.content_name = ruled_contents.content_name
    where ruled_contents.place = 1
),

chosen as (
    select
        person_id,
        dimension,
        segment
    from ranked_choices
    where place = 1
),

decided as (
    select
        coalesce(told.person_id, chosen.person_id) as person_id,
        coalesce(told.dimension, chosen.dimension) as dimension,
        coalesce(told.segment, chosen.segment) as segment
    from told
    full outer join chosen
        on
            told.person_id = chosen.person_id
            and told.dimension = chosen.dimension
),

by_person as (
    select
        person_id,
        max(segment) filter (where dimension = 'sector') as sector,
        max(segment) filter (where dimension = 'region') as region,
        max(segment) filter (where dimension = 'seniority') as seniority,
        max(segment) filter (where dimension = 'product_interest') as product_interest,
        max(segment) filter (where dimension = 'pain_point') as pain_point,
        max(segment) filter (where dimension = 'urgency') as urgency
    from decided
    group by person_id
),

sizes as (
    select
        company_size,
        employees_from,
        lead(employees_from) over (order by employees_from) as next_from
    from staging.seed_company_sizes
),

segments as (
    select
        people.person_id,
        by_person.sector,
        sizes.company_size,
        by_person.region,
        by_person.seniority,
        by_person.product_interest,
        by_person.pain_point,
        by_person.urgency
    from people
    left join by_person
        on people.person_id = by_person.person_id
    left join sizes
        on
            people.employee_count >= sizes.employees_from
            and (sizes.next_from is null or people.employee_count < sizes.next_from)
)

select * from segments
