-- What should sales know of a person before a call?
-- Grain: one row per person, our own left out.
-- Of what a person saw, each content stands once, by its latest touch, and none that is not known;
-- ten at most are named, as are of the company's other people. A company is one of the
-- CRM's: a mail domain makes none.
with

people as (
    select
        people.person_id,
        people.crm_account_id,
        case
            when people.customer_at is not null then 'customer'
            when people.opportunity_at is not null then 'opportunity'
            when people.is_sql then 'sql'
            when people.is_mql then 'mql'
            else 'lead'
        end as stage,
        people.first_touch_platform,
        people.first_touch_account_id,
        people.first_touch_campaign_id,
        people.first_touch_crm_campaign_id,
        people.first_touch_channel,
        people.email_domain,
        people.company_name,
        people.sector,
        people.company_size,
        people.region,
        people.seniority,
        people.product_interest,
        people.pain_point,
        people.urgency,
        people.cohort_month,
        people.employee_count,
        people.first_touch_at,
        people.lead_at
    from build.fct_people as people
    where not people.is_internal
),

contents as (
    select
        person_id,
        content_kind,
        content_id,
        content_name,
        channel,
        touch_number,
        row_number() over (
            partition by person_id
            order by touch_number desc
        ) as number_from_last,
        row_number() over (
            partition by person_id, content_kind, content_id
            order by touch_number desc
        ) as same_from_last,
        touched_at
    from build.int_touch_contents
),

distinct_contents as (
    select
        person_id,
        content_kind,
        content_name,
        row_number() over (
            partition by person_id
            order by touch_number desc
        ) as place
    from contents
    where same_from_last = 1 and content_kind <> 'unknown'
),

seen as (
    select
        person_id,
        count(*) as contents,
        string_agg(
            case when place <= 10 then content_kind || ': ' || content_name end,
            '; ' order by place
        ) as contents_seen
    from distinct_contents
    group by person_id
),

touches as (
    select
        person_id,
        count(*) as touches,
        max(content_name) filter (where touch_number = 1 and content_kind <> 'unknown')
            as first_touch_content,
        max(content_name) filter (where number_from_last = 1 and content_kind <> 'unknown')
            as last_touch_content,
        max(channel) filter (where number_from_last = 1) as last_touch_channel,
        max(touched_at) as last_touch_at
    from contents
    group by person_id
),

-- One more than are named: so that ten are left whoever of them is asked about.
colleagues as (
    select
        person_id,
        crm_account_id,
        person_id || ' (' || coalesce(seniority || ', ', '') || stage || ')' as told,
        count(*) over (partition by crm_account_id) as people_of_account,
        row_number() over (
            partition by crm_account_id
            order by
                case stage
                    when 'customer' then 1
                    when 'opportunity' then 2
                    when 'sql' then 3
                    when 'mql' then 4
                    else 5
                end asc,
                lead_at asc,
                person_id collate "C" asc
        ) as place
    from people
    where crm_account_id is not null
),

others as (
    select
        colleagues.person_id,
        colleagues.people_of_account - 1 as others_of_account,
        string_agg(
            case
                when beside.place <= case when colleagues.place <= 10 then 11 else 10 end
                    then beside.told
            end,
            '; ' order by beside.place
        ) as account_people
    from colleagues
    left join colleagues as beside
        on
            colleagues.crm_account_id = beside.crm_account_id
            and colleagues.person_id <> beside.person_id
            and beside.place <= 11
    group by colleagues.person_id, colleagues.people_of_account
),

deals as (
    select
        deal_people.person_id,
        count(*) as open_deals,
        case
            when
                count(*) filter (
                    where deals.amount is not null and deals.amount_base is null
                ) = 0
                then coalesce(sum(deals.amount_base), 0)
        end as open_pipeline_base
    from build.int_opportunity_people as deal_people
    inner join build.fct_opportunities as deals
        on deal_people.opportunity_id = deals.opportunity_id
    where not deals.is_closed
    group by deal_people.person_id
),

campaigns as (
    select
        platform,
        account_id,
        campaign_id,
        campaign_name
    from build.dim_campaign
),

told as (
    select
        people.person_id,
        people.crm_account_id,
        people.stage,
        people.first_touch_channel,
        coalesce(crm_campaigns.campaign_name, campaigns.campaign_name)
            as first_touch_campaign_name,
        touches.first_touch_content,
        touches.last_touch_channel,
        touches.last_touch_content,
        seen.contents_seen,
        people.email_domain,
        people.company_name,
        people.sector,
        people.company_size,
        people.region,
        people.seniority,
        people.product_interest,
        people.pain_point,
        people.urgency,
        others.account_people,
        people.cohort_month,
        people.employee_count,
        coalesce(touches.touches, 0) as touches,
        coalesce(seen.contents, 0) as contents,
        coalesce(others.others_of_account, 0) as others_of_account,
        coalesce(deals.open_deals, 0) as open_deals,
        cast(
            case when deals.person_id is null then 0 else deals.open_pipeline_base end
            as numeric(18, 2)
        ) as open_pipeline_base,
        people.first_touch_at,
        touches.last_touch_at,
        people.lead_at
    from people
    left join touches
        on people.person_id = touches.person_id
    left join seen
        on people.person_id = seen.person_id
    left join others
        on people.person_id = others.person_id
    left join deals
        on people.person_id = deals.person_id
    left join campaigns
        on
            people.first_touch_platform = campaigns.platform
            and people.first_touch_account_id = campaigns.account_id
            and people.first_touch_campaign_id = campaigns.campaign_id
    left join campaigns as crm_campaigns
        on
            crm_campaigns.platform = 'crm'
            and people.first_touch_crm_campaign_id = crm_campaigns.campaign_id
)

select * from told
