-- What did the form that made a lead or contact capture of the visit?
-- Grain: one row per living lead or contact record that bears evidence of its own.
-- What a contact bears that equals a lead's converted into it is the lead's, tags all together,
-- every other field by itself: conversion copies the fields into a contact it makes, and fills the
-- empty ones of a contact that was there before. A contact with nothing else is not here.
-- A field of the record goes before the same parameter of its landing page's URL, unless a macro in
-- it was never expanded: it says nothing, though that there was a form. Names of parameters are the
-- same in any case.
-- parameters is one query string of all ids captured, to look up any network's parameters in.
with

records as (
    select
        records.record_id,
        records.record_kind,
        ids.person_id,
        records.final_id,
        records.contact_final_id,
        nullif(trim(records.lead_source), '') as lead_source,
        nullif(trim(records.utm_source), '') as utm_source,
        nullif(trim(records.utm_medium), '') as utm_medium,
        nullif(trim(records.utm_campaign), '') as utm_campaign,
        nullif(trim(records.utm_content), '') as utm_content,
        nullif(trim(records.utm_term), '') as utm_term,
        nullif(trim(records.utm_id), '') as utm_id,
        nullif(trim(records.gclid), '') as gclid,
        nullif(trim(records.fbclid), '') as fbclid,
        nullif(trim(records.li_fat_id), '') as li_fat_id,
        nullif(trim(records.landing_page_url), '') as landing_page_url,
        nullif(trim(records.referrer_url), '') as referrer_url,
        records.created_at
    from build.int_person_records as records
    inner join build.int_person_ids as ids
        on records.record_id = ids.record_id
),

copies as (
    select
        contacts.record_id,
        bool_or(
            coalesce(contacts.utm_source = leads.utm_source, contacts.utm_source is null)
            and coalesce(contacts.utm_medium = leads.utm_medium, contacts.utm_medium is null)
            and coalesce(contacts.utm_campaign = leads.utm_campaign, contacts.utm_campaign is null)
            and coalesce(contacts.utm_content = leads.utm_content, contacts.utm_content is null)
            and coalesce(contacts.utm_term = leads.utm_term, contacts.utm_term is null)
            and coalesce(contacts.utm_id = leads.utm_id, contacts.utm_id is null)
        ) as are_tags_copied,
        bool_or(contacts.gclid = leads.gclid) as is_gclid_copied,
        bool_or(contacts.fbclid = leads.fbclid) as is_fbclid_copied,
        bool_or(contacts.li_fat_id = leads.li_fat_id) as is_li_fat_id_copied,
        bool_or(contacts.landing_page_url = leads.landing_page_url) as is_page_copied,
        bool_or(contacts.referrer_url = leads.referrer_url) as is_referrer_copied,
        bool_or(contacts.lead_source = leads.lead_source) as is_source_copied
    from records as contacts
    inner join records as leads
        on contacts.final_id = leads.contact_final_id
    where contacts.record_kind = 'contact' and leads.record_kind = 'lead'
    group by contacts.record_id
),

owned as (
    select
        records.record_id,
        records.record_kind,
        records.person_id,
        case when not coalesce(copies.is_source_copied, false) then records.lead_source
        end as lead_source,
        case when not coalesce(copies.are_tags_copied, false) then records.utm_source
        end as utm_source,
        case when not coalesce(copies.are_tags_copied, false) then records.utm_medium
        end as utm_medium,
        case when not coalesce(copies.are_tags_copied, false) then records.utm_campaign
        end as utm_campaign,
        case when not coalesce(copies.are_tags_copied, false) then records.utm_content
        end as utm_content,
        case when not coalesce(copies.are_tags_copied, false) then records.utm_term
        end as utm_term,
        case when not coalesce(copies.are_tags_copied, false) then records.utm_id
        end as utm_id,
        case when not coalesce(copies.is_gclid_copied, false) then records.gclid
        end as gclid,
        case when not coalesce(copies.is_fbclid_copied, false) then records.fbclid
        end as fbclid,
        case when not coalesce(copies.is_li_fat_id_copied, false) then records.li_fat_id
        end as li_fat_id,
        case when not coalesce(copies.is_page_copied, false) then records.landing_page_url
        end as landing_page_url,
        case when not coalesce(copies.is_referrer_copied, false) then records.referrer_url
        end as referrer_url,
        records.created_at
    from records
    left join copies
        on records.record_id = copies.record_id
),

expanded as (
    select
        record_id,
        record_kind,
        person_id,
        lead_source,
        case
            when strpos(utm_source, '{') = 0 and strpos(lower(utm_source), '%7b') = 0
                then utm_source
        end as utm_source,
        case
            when strpos(utm_medium, '{') = 0 and strpos(lower(utm_medium), '%7b') = 0
                then utm_medium
        end as utm_medium,
        case
            when strpos(utm_campaign, '{') = 0 and strpos(lower(utm_campaign), '%7b') = 0
                then utm_campaign
        end as utm_campaign,
        case
            when strpos(utm_content, '{') = 0 and strpos(lower(utm_content), '%7b') = 0
                then utm_content
        end as utm_content,
        case
            when strpos(utm_term, '{') = 0 and strpos(lower(utm_term), '%7b') = 0
                then utm_term
        end as utm_term,
        case
            when strpos(utm_id, '{') = 0 and strpos(lower(utm_id), '%7b') = 0
                then utm_id
        end as utm_id,
        case
            when strpos(gclid, '{') = 0 and strpos(lower(gclid), '%7b') = 0
                then gclid
        end as gclid,
        case
            when strpos(fbclid, '{') = 0 and strpos(lower(fbclid), '%7b') = 0
                then fbclid
        end as fbclid,
        case
            when strpos(li_fat_id, '{') = 0 and strpos(lower(li_fat_id), '%7b') = 0
                then li_fat_id
        end as li_fat_id,
        utm_campaign as utm_campaign_as_told,
        landing_page_url,
        referrer_url,
        case
            when strpos(landing_page_url, '?') > 0
                then '&' || replace(
                    split_part(
                        substr(landing_page_url, strpos(landing_page_url, '?') + 1), '#', 1
                    ),
                    '&amp;', '&'
                )
        end as query,
        created_at
    from owned
    where
        coalesce(
            lead_source, utm_source, utm_medium, utm_campaign, utm_content, utm_term, utm_id,
            gclid, fbclid, li_fat_id, landing_page_url, referrer_url
        ) is not null
),

queries as (
    select
        record_id,
        record_kind,
        person_id,
        lead_source,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_content,
        utm_term,
        utm_id,
        gclid,
        fbclid,
        li_fat_id,
        utm_campaign_as_told,
        landing_page_url,
        referrer_url,
        query,
        lower(query) as lower_query,
        created_at
    from expanded
),

captures as (
    select
        record_id,
        record_kind,
        person_id,
        lead_source,
        coalesce(
            utm_source,
            nullif(
                split_part(
                    substr(query, nullif(strpos(lower_query, '&utm_source='), 0) + 12), '&', 1
                ),
                ''
            )
        ) as utm_source,
        coalesce(
            utm_medium,
            nullif(
                split_part(
                    substr(query, nullif(strpos(lower_query, '&utm_medium='), 0) + 12), '&', 1
                ),
                ''
            )
        ) as utm_medium,
        coalesce(
            utm_campaign,
            nullif(
                split_part(
                    substr(query, nullif(strpos(lower_query, '&utm_campaign='), 0) + 14), '&', 1
                ),
                ''
            ),
            utm_campaign_as_told
        ) as utm_campaign,
        coalesce(
            utm_content,
            nullif(
                split_part(
                    substr(query, nullif(strpos(lower_query, '&utm_content='), 0) + 13), '&', 1
                ),
                ''
            )
        ) as utm_content,
        coalesce(
            utm_term,
            nullif(
                split_part(
                    substr(query, nullif(strpos(lower_query, '&utm_term='), 0) + 10), '&', 1
                ),
                ''
            )
        ) as utm_term,
        coalesce(
            utm_id,
            nullif(
                split_part(
                    substr(query, nullif(strpos(lower_query, '&utm_id='), 0) + 8), '&', 1
                ),
                ''
            )
        ) as utm_id,
        coalesce(
            gclid,
            nullif(
                split_part(
                    substr(query, nullif(strpos(lower_query, '&gclid='), 0) + 7), '&', 1
                ),
                ''
            )
        ) as gclid,
        coalesce(
            fbclid,
            nullif(
                split_part(
                    substr(query, nullif(strpos(lower_query, '&fbclid='), 0) + 8), '&', 1
                ),
                ''
            )
        ) as fbclid,
        coalesce(
            li_fat_id,
            nullif(
                split_part(
                    substr(query, nullif(strpos(lower_query, '&li_fat_id='), 0) + 11), '&', 1
                ),
                ''
            )
        ) as li_fat_id,
        landing_page_url,
        referrer_url,
        nullif(
            coalesce('&utm_id=' || utm_id, '')
            || coalesce('&gclid=' || gclid, '')
            || coalesce('&li_fat_id=' || li_fat_id, '')
            || coalesce(query, ''),
            ''
        ) as parameters,
        created_at as touched_at
    from queries
)

select * from captures
