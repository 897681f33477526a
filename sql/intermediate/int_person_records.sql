-- Which CRM records tell of people, in one shape for leads and contacts?
-- Grain: one row per living lead or contact, merge losers included.
-- final_id is the end of the record's merges; contact_final_id that of the contact a lead was
-- converted into.
with

merge_ends as (
    select
        record_id,
        final_id,
        is_live
    from build.int_crm_merges
),

leads as (
    select
        leads.lead_id as record_id,
        'lead' as record_kind,
        merge_ends.final_id,
        case
            when conversions.record_id is null then leads.converted_contact_id
            when conversions.is_live then conversions.final_id
        end as contact_final_id,
        leads.converted_account_id as crm_account_id,
        leads.converted_opportunity_id,
        leads.email_hash,
        leads.email_domain,
        leads.lead_source,
        leads.lead_status,
        leads.company_name,
        leads.industry,
        leads.country,
        leads.job_title,
        leads.stated_product,
        leads.stated_problem,
        leads.stated_timeframe,
        leads.utm_source,
        leads.utm_medium,
        leads.utm_campaign,
        leads.utm_content,
        leads.utm_term,
        leads.utm_id,
        leads.gclid,
        leads.fbclid,
        leads.li_fat_id,
        leads.landing_page_url,
        leads.referrer_url,
        leads.employee_count,
        leads.created_at,
        leads.mql_at,
        leads.sql_at
    from staging.stg_crm_leads as leads
    inner join merge_ends
        on leads.lead_id = merge_ends.record_id
    left join merge_ends as conversions
        on leads.converted_contact_id = conversions.record_id
    where merge_ends.is_live
),

contacts as (
    select
        contacts.contact_id as record_id,
        'contact' as record_kind,
        merge_ends.final_id,
        contacts.crm_account_id,
        contacts.email_hash,
        contacts.email_domain,
        contacts.lead_source,
        contacts.country,
        contacts.job_title,
        contacts.stated_product,
        contacts.stated_problem,
        contacts.stated_timeframe,
        contacts.utm_source,
        contacts.utm_medium,
        contacts.utm_campaign,
        contacts.utm_content,
        contacts.utm_term,
        contacts.utm_id,
        contacts.gclid,
        contacts.fbclid,
        contacts.li_fat_id,
        contacts.landing_page_url,
        contacts.referrer_url,
        contacts.created_at,
        contacts.mql_at,
        contacts.sql_at
    from staging.stg_crm_contacts as contacts
    inner join merge_ends
        on contacts.contact_id = merge_ends.record_id
    where merge_ends.is_live
),

records as (
    select
        record_id,
        record_kind,
        final_id,
        contact_final_id,
        crm_account_id,
        converted_opportunity_id,
        email_hash,
        email_domain,
        lead_source,
        lead_status,
        company_name,
        industry,
        country,
        job_title,
        stated_product,
        stated_problem,
        stated_timeframe,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        utm_id,
        gclid,
        fbclid,
        li_fat_id,
        landing_page_url,
        referrer_url,
        employee_count,
        created_at,
        mql_at,
        sql_at
    from leads
    union all
    select
        record_id,
        record_kind,
        final_id,
        null as contact_final_id,
        crm_account_id,
        null as converted_opportunity_id,
        email_hash,
        email_domain,
        lead_source,
        null as lead_status,
        null as company_name,
        null as industry,
        country,
        job_title,
        stated_product,
        stated_problem,
        stated_timeframe,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        utm_id,
        gclid,
        fbclid,
        li_fat_id,
        landing_page_url,
        referrer_url,
        null as employee_count,
        created_at,
        mql_at,
        sql_at
    from contacts
)

select * from records
