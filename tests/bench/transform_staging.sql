-- A company's staging, made by the engine itself; the same text on DuckDB and PostgreSQL.
-- Statements are parted by a line of dashes. Nothing is drawn by chance: numbers are spread by
-- n * prime % 4294967291, so that every run and both engines get the same rows.

create table bench.campaigns as
select
    n as campaign_number,
    case when n % 6 < 2 then 'google_ads' when n % 6 < 4 then 'facebook_ads' else 'linkedin_ads'
    end as platform,
    cast(1000 + n % 6 as text) as account_id,
    cast(700000 + n as text) as campaign_id,
    (array['Spring', 'Launch', 'Always On', 'Retargeting', 'Lookalike', 'Brand', 'Competitor'])[
        1 + n % 7]
    || ' | ' || (array['Ledger', 'Payroll', 'Treasury', 'Invoicing', 'Audit'])[1 + n % 5]
    || ' | ' || translate(substr(md5(cast(n as text)), 1, 7), '0123456789', 'ghijklmnop')
    as campaign_name,
    case when n % 6 < 2 then 'SEARCH' when n % 6 < 4 then 'OUTCOME_LEADS' else 'SPONSORED_UPDATES'
    end as campaign_type,
    (array['EUR', 'USD', 'GBP'])[1 + n % 3] as currency_code
from generate_series(0, $campaigns - 1) as numbers (n)
--------------------------------------------------
create table bench.ads as
select
    numbers.n as ad_number,
    campaigns.platform,
    campaigns.account_id,
    campaigns.campaign_id,
    cast(80000000 + numbers.n - numbers.n % 4 as text) as ad_group_id,
    cast(900000000 + numbers.n as text) as ad_id,
    campaigns.currency_code
from generate_series(0, $ads - 1) as numbers (n)
inner join bench.campaigns as campaigns
    on numbers.n - numbers.n % 12 = campaigns.campaign_number * 12
--------------------------------------------------
insert into staging.stg_ad_accounts (platform, account_id, account_name, currency_code, time_zone)
select
    platform,
    account_id,
    'Account ' || account_id,
    min(currency_code),
    case when platform = 'google_ads' then 'America/New_York' else 'Europe/Berlin' end
from bench.campaigns
group by platform, account_id
--------------------------------------------------
insert into staging.stg_campaigns (
    platform, account_id, campaign_id, campaign_name, campaign_status, campaign_type
)
select platform, account_id, campaign_id, campaign_name, 'ENABLED', campaign_type
from bench.campaigns
--------------------------------------------------
insert into staging.stg_campaign_history (
    platform, account_id, campaign_id, campaign_name, campaign_status, valid_from_at, valid_to_at
)
select
    platform, account_id, campaign_id, 'Draft of ' || campaign_name, 'PAUSED',
    timestamptz '2024-11-25 00:00:00+00', timestamptz '2025-06-01 00:00:00+00'
from bench.campaigns
where campaign_number % 10 = 0
union all
select
    platform, account_id, campaign_id, campaign_name, 'ENABLED',
    case when campaign_number % 10 = 0 then timestamptz '2025-06-01 00:00:00+00'
        else timestamptz '2024-11-25 00:00:00+00' end,
    cast(null as timestamptz)
from bench.campaigns
--------------------------------------------------
insert into staging.stg_ad_groups (
    platform, account_id, campaign_id, ad_group_id, ad_group_name
)
select distinct platform, account_id, campaign_id, ad_group_id, 'Group ' || ad_group_id
from bench.ads
--------------------------------------------------
insert into staging.stg_ads (
    platform, account_id, campaign_id, ad_group_id, ad_id, ad_name, ad_status
)
select platform, account_id, campaign_id, ad_group_id, ad_id, 'Ad ' || ad_id, 'ENABLED'
from bench.ads
--------------------------------------------------
insert into staging.stg_ad_history (
    platform, account_id, ad_group_id, ad_id, ad_name, ad_status, valid_from_at
)
select
    platform, account_id, ad_group_id, ad_id, 'Ad ' || ad_id, 'ENABLED',
    timestamptz '2024-11-25 00:00:00+00'
from bench.ads
--------------------------------------------------
insert into staging.stg_ad_daily (
    platform, account_id, campaign_id, ad_group_id, ad_id, currency_code, date_day, spend,
    impressions, clicks, reported_conversions, reported_conversions_value
)
select
    platform,
    account_id,
    campaign_id,
    ad_group_id,
    ad_id,
    currency_code,
    date '2024-11-20' + cast(n as integer),
    (ad_number * 2654435761 + n * 40503) % 4294967291 % 9000 * 0.01,
    (ad_number * 2246822519 + n * 30011) % 4294967291 % 5000 + 60,
    (ad_number * 3266489917 + n * 70001) % 4294967291 % 60,
    (ad_number * 2668265263 + n * 90001) % 4294967291 % 4,
    (ad_number * 2668265263 + n * 90001) % 4294967291 % 4 * 25.5
from generate_series(0, $days - 1) as numbers (n)
cross join bench.ads
--------------------------------------------------
insert into staging.stg_campaign_daily (
    platform, account_id, campaign_id, currency_code, date_day, spend, impressions, clicks,
    reported_conversions, reported_conversions_value
)
select
    platform, account_id, campaign_id, currency_code, date_day, sum(spend), sum(impressions),
    sum(clicks), sum(reported_conversions), sum(reported_conversions_value)
from staging.stg_ad_daily
group by platform, account_id, campaign_id, currency_code, date_day
--------------------------------------------------
insert into staging.stg_account_daily (
    platform, account_id, currency_code, date_day, spend, impressions, clicks
)
select
    platform, account_id, currency_code, date_day, sum(spend), sum(impressions), sum(clicks)
from staging.stg_campaign_daily
group by platform, account_id, currency_code, date_day
--------------------------------------------------
insert into staging.stg_conversion_daily (
    platform, account_id, campaign_id, conversion_action_id, conversion_action_name,
    currency_code, date_day, reported_conversions, reported_conversions_value
)
select
    daily.platform, daily.account_id, daily.campaign_id, cast(n as text), 'Action ' || n,
    daily.currency_code, daily.date_day, daily.reported_conversions, daily.reported_conversions_value
from staging.stg_campaign_daily as daily
cross join generate_series(1, 2) as numbers (n)
--------------------------------------------------
create table bench.people as
select
    n as person_number,
    n % $companies as company_number,
    md5('a' || n) || md5('b' || n) as email_hash,
    case
        when n * 2654435761 % 4294967291 % 1000 = 0 then 'fernhill.example'
        else 'company' || n % $companies || '.example'
    end as email_domain,
    timestamptz '2024-11-21 08:00:00+00'
    + interval '1 second' * (n * 2246822519 % 4294967291 % 60000000) as created_at
from generate_series(0, $people - 1) as numbers (n)
--------------------------------------------------
-- Records from $people on are leads made again for somebody who is known.
create table bench.visits as
with numbered as (
    select
        n as record_number,
        n * 2654435761 % 4294967291 % 100 as kind,
        n * 3266489917 % 4294967291 % 10 as variant,
        n * 2668265263 % 4294967291 % $block * 6 + n % 2 as first_number
    from generate_series(0, $people + $again - 1) as numbers (n)
),

placed as (
    select
        record_number,
        kind,
        variant,
        first_number
        + case when kind < 25 then 0 when kind < 40 then 2 when kind < 50 then 4 else kind % 3 * 2
        end as campaign_number
    from numbered
),

named as (
    select
        placed.record_number,
        placed.kind,
        placed.variant,
        placed.campaign_number,
        campaigns.campaign_id,
        case
            when placed.variant < 5 then campaigns.campaign_name
            when placed.variant < 7 then lower(campaigns.campaign_name)
            when placed.variant < 8 then replace(campaigns.campaign_name, ' ', '%20')
            when placed.variant < 9 then replace(replace(campaigns.campaign_name, ' | ', '_'), ' ', '+')
            else campaigns.campaign_id
        end as campaign_tag,
        case when placed.kind < 25 then 'Cj0KCQiA' || md5('g' || placed.record_number) || '_BwE'
        end as gclid
    from placed
    inner join bench.campaigns as campaigns
        on placed.campaign_number = campaigns.campaign_number
)

select
    record_number,
    kind,
    campaign_number,
    case
        when kind < 80 then null
        when kind < 90 then (array['Webinar', 'Trade Show', 'Partner', 'Web'])[1 + variant % 4]
        when variant < 5 then 'Web'
    end as lead_source,
    case
        when kind < 25 then case when variant < 7 then 'google' else 'Google' end
        when kind < 40 then (array['facebook', 'fb', 'ig', 'Facebook'])[1 + variant % 4]
        when kind < 50 then 'linkedin'
        when kind < 55 then 'newsletter'
        when kind < 60 then 'google'
    end as utm_source,
    case
        when kind < 25 then case when variant < 8 then 'cpc' else 'PPC' end
        when kind < 40 then (array['paid_social', 'cpc', 'Paid-Social'])[1 + variant % 3]
        when kind < 50 then 'paidsocial'
        when kind < 55 then 'email'
        when kind < 60 then 'cpc'
    end as utm_medium,
    case
        when kind < 50 then campaign_tag
        when kind < 55 then 'mailing-' || substr(md5(cast(record_number % 2000 as text)), 1, 8)
        when kind < 57 then 'old ' || campaign_number || ' pitch'
        when kind < 60 then '{campaignid}'
    end as utm_campaign,
    case when kind < 40 then 'creative-' || variant end as utm_content,
    gclid,
    case when kind between 25 and 39 then 'IwAR' || md5('f' || record_number) end as fbclid,
    case when kind between 40 and 49 then md5('l' || record_number) end as li_fat_id,
    'https://www.fernhill.example/' || (array['demo', 'pricing', 'white-paper', 'contact'])[
        1 + variant % 4]
    || case
        when kind < 25 then '?utm_source=google&utm_medium=cpc&gclid=' || gclid
        when kind between 60 and 64 then '?utm_id=' || campaign_id
        else ''
    end as landing_page_url,
    case
        when kind < 25 or kind between 65 and 79 then 'https://www.google.com/'
        when kind < 40 then 'https://l.facebook.com/l.php?u=x'
        when kind between 80 and 84 then 'https://blog' || variant || '.example/post'
    end as referrer_url
from named
--------------------------------------------------
insert into staging.stg_crm_accounts (
    crm_account_id, company_name, industry, country, employee_count, created_at
)
select
    '001' || lpad(cast(n as text), 12, '0') || 'AAA',
    'Company ' || n,
    (array['Insurance', 'Banking', 'Retail', 'Energy'])[1 + n % 4],
    'Germany',
    n * 2246822519 % 4294967291 % 5000,
    timestamptz '2024-11-20 08:00:00+00'
from generate_series(0, $companies - 1) as numbers (n)
--------------------------------------------------
-- Every person below 80 % came as a lead; those below 20 % were converted. Half of the leads made
-- again were merged into the first.
insert into staging.stg_crm_leads (
    lead_id, master_record_id, converted_contact_id, converted_account_id,
    converted_opportunity_id, email_hash, email_domain, lead_source, lead_status, company_name,
    utm_source, utm_medium, utm_campaign, utm_content, gclid, fbclid, li_fat_id,
    landing_page_url, referrer_url, converted_date, is_converted, is_deleted, created_at, mql_at,
    sql_at
)
with records as (
    select
        visits.record_number,
        case
            when visits.record_number < $people then visits.record_number
            else (visits.record_number - $people) * 7 % $leads
        end as person_number
    from bench.visits as visits
    where visits.record_number < $leads or visits.record_number >= $people
),

known as (
    select
        records.record_number,
        people.person_number,
        people.company_number,
        people.email_hash,
        people.email_domain,
        records.record_number < $converted as is_converted,
        records.record_number >= $people and records.record_number % 2 = 0 as is_merged,
        people.created_at
        + case when records.record_number >= $people then 20 else 0 end * interval '24 hours'
        as created_at
    from records
    inner join bench.people as people
        on records.person_number = people.person_number
)

select
    '00Q' || lpad(cast(known.record_number as text), 12, '0') || 'AAA',
    case
        when known.is_merged then '00Q' || lpad(cast(known.person_number as text), 12, '0') || 'AAA'
    end,
    case
        when known.is_converted
            then '003' || lpad(cast(known.person_number as text), 12, '0') || 'AAA'
    end,
    case
        when known.is_converted
            then '001' || lpad(cast(known.company_number as text), 12, '0') || 'AAA'
    end,
    case
        when known.is_converted and known.person_number % 2 = 0
            then '006' || lpad(cast(known.person_number as text), 12, '0') || 'AAA'
    end,
    known.email_hash,
    known.email_domain,
    visits.lead_source,
    case
        when known.is_converted then 'Closed - Converted'
        when known.record_number % 3 = 0 then 'Working - Contacted'
        else 'Open - Not Contacted'
    end,
    'Company ' || known.company_number,
    visits.utm_source,
    visits.utm_medium,
    visits.utm_campaign,
    visits.utm_content,
    visits.gclid,
    visits.fbclid,
    visits.li_fat_id,
    visits.landing_page_url,
    visits.referrer_url,
    case
        when known.is_converted
            then cast((known.created_at + interval '240 hours') at time zone 'UTC' as date)
    end,
    known.is_converted,
    known.is_merged,
    known.created_at,
    case when known.record_number % 3 = 0 then known.created_at + interval '30 hours' end,
    case when known.is_converted then known.created_at + interval '200 hours' end
from known
inner join bench.visits as visits
    on known.record_number = visits.record_number
--------------------------------------------------
insert into staging.stg_crm_contacts (
    contact_id, crm_account_id, email_hash, email_domain, lead_source, utm_source, utm_medium,
    utm_campaign, utm_content, gclid, fbclid, li_fat_id, landing_page_url, referrer_url,
    created_at
)
select
    '003' || lpad(cast(people.person_number as text), 12, '0') || 'AAA',
    '001' || lpad(cast(people.company_number as text), 12, '0') || 'AAA',
    people.email_hash,
    people.email_domain,
    visits.lead_source,
    visits.utm_source,
    visits.utm_medium,
    visits.utm_campaign,
    visits.utm_content,
    visits.gclid,
    visits.fbclid,
    visits.li_fat_id,
    visits.landing_page_url,
    visits.referrer_url,
    people.created_at
    + case when people.person_number < $converted then 240 else 0 end * interval '1 hour'
from bench.people as people
inner join bench.visits as visits
    on people.person_number = visits.record_number
where people.person_number < $converted or people.person_number >= $leads
--------------------------------------------------
insert into staging.stg_clicks (
    platform, account_id, campaign_id, ad_group_id, ad_id, click_id, date_day
)
select
    ads.platform, ads.account_id, ads.campaign_id, ads.ad_group_id, ads.ad_id, visits.gclid,
    cast(people.created_at at time zone 'UTC' as date)
from bench.visits as visits
inner join bench.people as people
    on visits.record_number = people.person_number
inner join bench.ads as ads
    on visits.campaign_number * 12 = ads.ad_number
where visits.gclid is not null and visits.record_number % 3 = 0
union all
select
    ads.platform, ads.account_id, ads.campaign_id, ads.ad_group_id, ads.ad_id,
    'Cj0KCQiA' || md5('n' || numbers.n) || '_BwE',
    date '2024-11-20' + cast(numbers.n % $days as integer)
from generate_series(0, $people * 2 - 1) as numbers (n)
inner join bench.ads as ads
    on (numbers.n * 2654435761 % 4294967291 % $block * 6) * 12 = ads.ad_number
--------------------------------------------------
insert into staging.stg_lead_form_responses (
    platform, account_id, campaign_id, ad_group_id, ad_id, response_id, form_id, email_hash,
    email_domain, form_name, date_day, is_test, submitted_at
)
select
    ads.platform, ads.account_id, ads.campaign_id, ads.ad_group_id, ads.ad_id,
    cast(numbers.n as text), '77', people.email_hash, people.email_domain, 'Demo',
    cast(people.created_at at time zone 'UTC' as date), numbers.n % 1000 = 0,
    people.created_at - interval '30 seconds'
from generate_series(0, $converted - 1) as numbers (n)
inner join bench.people as people
    on numbers.n * 4 = people.person_number
inner join bench.ads as ads
    on (numbers.n * 2654435761 % 4294967291 % $block * 6 + 2 + 2 * (numbers.n % 2)) * 12
        = ads.ad_number
--------------------------------------------------
insert into staging.stg_crm_campaigns (
    crm_campaign_id, crm_campaign_name, crm_campaign_type, currency_code, created_at
)
select
    '701' || lpad(cast(n as text), 12, '0') || 'AAA',
    'Programme ' || n,
    (array['Webinar', 'White Paper', 'Trade Show', 'Email', 'Content'])[1 + n % 5],
    'EUR',
    timestamptz '2024-11-20 08:00:00+00'
from generate_series(0, 499) as numbers (n)
--------------------------------------------------
insert into staging.stg_crm_campaign_members (
    campaign_member_id, crm_campaign_id, lead_id, contact_id, member_status, has_responded,
    first_responded_date, created_at
)
select
    '00v' || lpad(cast(numbers.n as text), 12, '0') || 'AAA',
    '701' || lpad(cast(numbers.n * 2246822519 % 4294967291 % 500 as text), 12, '0') || 'AAA',
    case
        when people.person_number < $leads and numbers.n % 3 > 0
            or people.person_number between $converted and $leads - 1
            then '00Q' || lpad(cast(people.person_number as text), 12, '0') || 'AAA'
    end,
    case
        when people.person_number >= $leads
            or people.person_number < $converted and numbers.n % 3 = 0
            then '003' || lpad(cast(people.person_number as text), 12, '0') || 'AAA'
    end,
    case when numbers.n % 6 = 0 then 'Sent' else 'Responded' end,
    numbers.n % 6 > 0,
    case
        when numbers.n % 6 > 0
            then
                least(
                    cast(people.created_at at time zone 'UTC' as date)
                    + cast(numbers.n * 2668265263 % 4294967291 % 300 as integer),
                    date '2026-11-19'
                )
    end,
    people.created_at
from generate_series(0, $members - 1) as numbers (n)
inner join bench.people as people
    on numbers.n * 3266489917 % 4294967291 % $people = people.person_number
--------------------------------------------------
-- Two deals for every company, opened when their first person's lead was converted.
create table bench.deals as
select
    people.person_number as deal_number,
    people.company_number,
    people.created_at + interval '240 hours' as created_at,
    cast(people.created_at at time zone 'UTC' as date) + 10
    + cast(20 + people.person_number * 2668265263 % 4294967291 % 200 as integer) as close_date,
    people.person_number * 3266489917 % 4294967291 % 10 as draw
from bench.people as people
where people.person_number < $converted
--------------------------------------------------
insert into staging.stg_crm_opportunities (
    opportunity_id, crm_account_id, contact_id, opportunity_name, opportunity_type, stage_name,
    currency_code, close_date, amount, is_closed, is_won, created_at
)
select
    '006' || lpad(cast(deal_number as text), 12, '0') || 'AAA',
    '001' || lpad(cast(company_number as text), 12, '0') || 'AAA',
    case
        when deal_number % 5 = 3 then '003' || lpad(cast(deal_number as text), 12, '0') || 'AAA'
    end,
    'Deal ' || deal_number,
    (array['New Business', 'New Business', 'Expansion', 'Renewal'])[1 + deal_number % 4],
    case
        when close_date > date '2026-11-19' then 'Proposal'
        when draw < 4 then 'Closed Won'
        else 'Closed Lost'
    end,
    (array['EUR', 'USD', 'GBP'])[1 + deal_number % 3],
    close_date,
    case when draw < 9 then 1000 + deal_number * 2654435761 % 4294967291 % 9000000 * 0.01 end,
    close_date <= date '2026-11-19',
    close_date <= date '2026-11-19' and draw < 4,
    created_at
from bench.deals
--------------------------------------------------
insert into staging.stg_crm_contact_roles (
    contact_role_id, opportunity_id, contact_id, contact_role, is_primary, created_at
)
select
    '00K' || lpad(cast(deals.deal_number * 3 + numbers.n as text), 12, '0') || 'AAA',
    '006' || lpad(cast(deals.deal_number as text), 12, '0') || 'AAA',
    '003' || lpad(
        cast(
            case numbers.n
                when 0 then deals.deal_number
                else deals.company_number + $companies * (7 + numbers.n)
            end as text
        ), 12, '0'
    ) || 'AAA',
    'Decision Maker',
    numbers.n = 0,
    deals.created_at
from bench.deals as deals
cross join generate_series(0, 2) as numbers (n)
where deals.deal_number % 5 < 3 and (numbers.n < 2 or deals.deal_number % 3 = 0)
--------------------------------------------------
insert into staging.stg_crm_opportunity_history (
    opportunity_history_id, opportunity_id, stage_name, currency_code, close_date, created_at
)
select
    '008' || lpad(cast(deals.deal_number * 4 + numbers.n as text), 12, '0') || 'AAA',
    '006' || lpad(cast(deals.deal_number as text), 12, '0') || 'AAA',
    case
        when numbers.n < 3 then (array['Prospecting', 'Qualification', 'Proposal'])[numbers.n + 1]
        when deals.draw < 4 then 'Closed Won'
        else 'Closed Lost'
    end,
    'EUR',
    deals.close_date,
    case
        when numbers.n < 3 then deals.created_at + numbers.n * interval '100 hours'
        else cast(deals.close_date as timestamp) at time zone 'UTC'
    end
from bench.deals as deals
cross join generate_series(0, 3) as numbers (n)
where numbers.n < 3 or deals.close_date <= date '2026-11-19'
--------------------------------------------------
insert into staging.stg_crm_lead_history (
    field_history_id, lead_id, field_name, old_value, new_value, created_at, modified_at
)
select
    '017' || lpad(cast(people.person_number * 2 + numbers.n as text), 12, '0') || 'AAA',
    '00Q' || lpad(cast(people.person_number as text), 12, '0') || 'AAA',
    'Status',
    case numbers.n when 0 then 'Open - Not Contacted' else 'Working - Contacted' end,
    case numbers.n when 0 then 'Working - Contacted' else 'Closed - Converted' end,
    people.created_at + (1 + numbers.n) * interval '100 hours',
    people.created_at + (1 + numbers.n) * interval '100 hours'
from bench.people as people
cross join generate_series(0, 1) as numbers (n)
where people.person_number < $converted * 2 and (numbers.n = 0 or people.person_number < $converted)
--------------------------------------------------
insert into staging.stg_crm_opportunity_stages (
    opportunity_stage_id, stage_name, sort_order, is_active, is_closed, is_won, created_at
)
select
    '01J' || lpad(cast(n as text), 12, '0') || 'AAA',
    (array['Prospecting', 'Qualification', 'Proposal', 'Closed Won', 'Closed Lost'])[n],
    n,
    true,
    n >= 4,
    n = 4,
    timestamptz '2024-11-20 08:00:00+00'
from generate_series(1, 5) as numbers (n)
--------------------------------------------------
insert into ops.load_ledger (
    source, account_id, stream, scope, status, date_day, rows_staged, rows_rejected, as_of_at,
    batch_id, loaded_at
)
select
    streams.source, accounts.account_id, streams.stream,
    cast(date '2024-11-20' + cast(numbers.n as integer) as text), 'loaded',
    date '2024-11-20' + cast(numbers.n as integer), 1, 0, timestamptz '2026-11-20 12:00:00+00',
    'bench', timestamptz '2026-11-20 13:00:00+00'
from staging.stg_streams as streams
inner join staging.stg_ad_accounts as accounts
    on streams.source = accounts.platform
cross join generate_series(0, $days - 1) as numbers (n)
where streams.kind = 'daily'
union all
select
    source, '00D', stream, 'all', 'loaded', null, 1, 0, timestamptz '2026-11-20 12:00:00+00',
    'bench', timestamptz '2026-11-20 13:00:00+00'
from staging.stg_streams
where source = 'salesforce'
