-- Whose are the lead forms that people filled on a network itself, and which ad did they come by?
-- Grain: one row per response in staging.
-- outcome: touch; test, if the network marks it so; unmatched, if no living record of the CRM bears
-- its e-mail; internal, if it is one of our own. What the response does not say of campaign and ad
-- group is taken from the ad, where its id is of one ad of the account alone.
with

responses as (
    select
        platform,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        response_id,
        email_hash,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        utm_id,
        coalesce(is_test, false) as is_test,
        submitted_at
    from staging.stg_lead_form_responses
),

known as (
    select distinct
        records.email_hash,
        ids.person_id
    from build.int_person_records as records
    inner join build.int_person_ids as ids
        on records.record_id = ids.record_id
    where records.email_hash is not null
),

ads as (
    select
        platform,
        account_id,
        ad_id,
        min(campaign_id) as campaign_id,
        min(ad_group_id) as ad_group_id
    from build.int_ads
    group by platform, account_id, ad_id
    having count(*) = 1
),

ad_groups as (
    select
        platform,
        account_id,
        ad_group_id,
        campaign_id
    from build.int_ad_groups
),

placed as (
    select
        'lead_form:' || responses.platform || '/' || responses.account_id || '/'
        || responses.response_id as touchpoint_id,
        responses.platform,
        responses.account_id,
        coalesce(responses.campaign_id, ads.campaign_id, ad_groups.campaign_id) as campaign_id,
        coalesce(responses.ad_group_id, ads.ad_group_id) as ad_group_id,
        responses.ad_id,
        responses.response_id,
        known.person_id,
        case
            when responses.is_test then 'test'
            when known.person_id is null then 'unmatched'
            when people.is_internal then 'internal'
            else 'touch'
        end as outcome,
        nullif(trim(responses.utm_source), '') as utm_source,
        nullif(trim(responses.utm_medium), '') as utm_medium,
        nullif(trim(responses.utm_campaign), '') as utm_campaign,
        nullif(trim(responses.utm_content), '') as utm_content,
        nullif(trim(responses.utm_term), '') as utm_term,
        nullif(trim(responses.utm_id), '') as utm_id,
        responses.submitted_at
    from responses
    left join known
        on responses.email_hash = known.email_hash
    left join build.int_people as people
        on known.person_id = people.person_id
    left join ads
        on
            responses.platform = ads.platform
            and responses.account_id = ads.account_id
            and responses.ad_id = ads.ad_id
    left join ad_groups
        on
            responses.platform = ad_groups.platform
            and responses.account_id = ad_groups.account_id
            and responses.ad_group_id = ad_groups.ad_group_id
)

select * from placed
