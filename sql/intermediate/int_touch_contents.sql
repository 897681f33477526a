-- What did each touch show: which campaign of the CRM, which page, which form?
-- Grain: one row per touch of a person who is none of our own.
-- Of a response the CRM campaign; of a form the page it stood on, host and path without the query
-- string; of a network's own form that form; of an activity its kind; of a touch entered by hand
-- what the line calls it. A touch of which nothing is
-- told shows what is unknown.
with

as_of as (
    select reporting_zone
    from build.int_as_of
),

crm_campaigns as (
    select
        crm_campaign_id,
        crm_campaign_name
    from staging.stg_crm_campaigns
),

addresses as (
    select
        record_kind || ':' || record_id as touchpoint_id,
        regexp_replace(
            split_part(split_part(landing_page_url, '?', 1), '#', 1),
            '^[A-Za-z][A-Za-z0-9+.-]*://',
            ''
        ) as address
    from build.int_captures
    where landing_page_url is not null
),

pages as (
    select
        touchpoint_id,
        nullif(regexp_replace(lower(address), '^www[.]', ''), '') as page
    from addresses
),

filled_forms as (
    select
        lead_forms.touchpoint_id,
        responses.form_id,
        responses.form_name
    from build.int_lead_forms as lead_forms
    inner join staging.stg_lead_form_responses as responses
        on
            lead_forms.platform = responses.platform
            and lead_forms.account_id = responses.account_id
            and lead_forms.response_id = responses.response_id
),

shown as (
    select
        touches.touchpoint_id,
        touches.person_id,
        case
            when touches.crm_campaign_id is not null then touches.offer_type
            when touches.evidence = 'form' and pages.page is not null then 'page'
            when touches.evidence = 'lead_form' then 'lead_form'
            when touches.evidence in ('activity', 'manual') then touches.offer_type
            else 'unknown'
        end as content_kind,
        case
            when touches.crm_campaign_id is not null then touches.crm_campaign_id
            when touches.evidence = 'form' and pages.page is not null then pages.page
            when touches.evidence = 'lead_form' then coalesce(filled_forms.form_id, 'unknown')
            when touches.evidence = 'activity' then 'activity'
            when touches.evidence = 'manual' then by_hand.content_name
            else 'unknown'
        end as content_id,
        case
            when touches.crm_campaign_id is not null then crm_campaigns.crm_campaign_name
            when touches.evidence = 'form' and pages.page is not null then pages.page
            when touches.evidence = 'lead_form' then filled_forms.form_name
            when touches.evidence = 'manual' then by_hand.content_name
        end as content_name,
        touches.offer_type,
        touches.channel,
        cast(date_trunc(
            'month', touches.touched_at at time zone as_of.reporting_zone
        ) as date) as touch_month,
        row_number() over (
            partition by touches.person_id
            order by
                touches.touched_at asc,
                touches.match_confidence desc,
                touches.touchpoint_id collate "C" asc
        ) as touch_number,
        touches.touched_at
    from build.fct_touchpoints as touches
    cross join as_of
    left join crm_campaigns
        on touches.crm_campaign_id = crm_campaigns.crm_campaign_id
    left join pages
        on touches.touchpoint_id = pages.touchpoint_id
    left join filled_forms
        on touches.touchpoint_id = filled_forms.touchpoint_id
    left join build.int_manual_touchpoints as by_hand
        on touches.touchpoint_id = 'manual:' || by_hand.line_id
),

named as (
    select
        touchpoint_id,
        person_id,
        content_kind,
        content_id,
        coalesce(nullif(trim(content_name), ''), content_id) as content_name,
        offer_type,
        channel,
        touch_month,
        touch_number,
        touched_at
    from shown
)

select * from named
