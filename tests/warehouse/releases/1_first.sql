-- The tables as they were first made.
create schema staging;
create schema ops;
create table staging.stg_ad_accounts (
    platform text not null, account_id text not null, account_name text, account_status text,
    currency_code text not null, time_zone text not null, batch_id text not null,
    first_loaded_at timestamptz not null, last_restated_at timestamptz, loaded_at timestamptz
    not null
);
create table staging.stg_campaigns (
    platform text not null, account_id text not null, campaign_id text not null, campaign_name
    text, campaign_status text, campaign_type text, objective text, start_date date, end_date
    date, batch_id text not null, first_loaded_at timestamptz not null, last_restated_at
    timestamptz, loaded_at timestamptz not null
);
create table staging.stg_campaign_daily (
    platform text not null, account_id text not null, campaign_id text not null, currency_code
    text not null, date_day date not null, spend numeric(20,6) not null, impressions bigint not
    null, clicks bigint not null, reported_conversions numeric(20,4), reported_conversions_value
    numeric(20,6), batch_id text not null, first_loaded_at timestamptz not null,
    last_restated_at timestamptz, loaded_at timestamptz not null
);
create table staging.stg_account_daily (
    platform text not null, account_id text not null, currency_code text not null, date_day date
    not null, spend numeric(20,6) not null, impressions bigint not null, clicks bigint not null,
    batch_id text not null, first_loaded_at timestamptz not null, last_restated_at timestamptz,
    loaded_at timestamptz not null
);
create table staging.stg_crm_leads (
    lead_id text not null, owner_id text, master_record_id text, converted_contact_id text,
    converted_account_id text, converted_opportunity_id text, email_hash text, email_domain
    text, lead_source text, lead_status text, company_name text, industry text, country text,
    utm_source text, utm_medium text, utm_campaign text, utm_content text, utm_term text, utm_id
    text, gclid text, fbclid text, li_fat_id text, landing_page_url text, referrer_url text,
    converted_date date, employee_count bigint, is_converted boolean not null, is_deleted
    boolean not null, created_at timestamptz not null, modified_at timestamptz not null, mql_at
    timestamptz, sql_at timestamptz, batch_id text not null, loaded_at timestamptz not null
);
create table staging.stg_crm_contacts (
    contact_id text not null, crm_account_id text, owner_id text, master_record_id text,
    email_hash text, email_domain text, lead_source text, country text, utm_source text,
    utm_medium text, utm_campaign text, utm_content text, utm_term text, utm_id text, gclid
    text, fbclid text, li_fat_id text, landing_page_url text, referrer_url text, is_deleted
    boolean not null, created_at timestamptz not null, modified_at timestamptz not null, mql_at
    timestamptz, sql_at timestamptz, batch_id text not null, loaded_at timestamptz not null
);
create table staging.stg_crm_accounts (
    crm_account_id text not null, owner_id text, master_record_id text, company_name text,
    crm_account_type text, industry text, country text, employee_count bigint, is_deleted
    boolean not null, created_at timestamptz not null, modified_at timestamptz not null,
    batch_id text not null, loaded_at timestamptz not null
);
create table staging.stg_crm_opportunities (
    opportunity_id text not null, crm_account_id text, contact_id text, crm_campaign_id text,
    owner_id text, record_type_id text, opportunity_name text, opportunity_type text, stage_name
    text not null, lead_source text, currency_code text not null, close_date date not null,
    amount numeric(18,2), is_closed boolean not null, is_deleted boolean not null, is_won
    boolean not null, created_at timestamptz not null, modified_at timestamptz not null,
    batch_id text not null, loaded_at timestamptz not null
);
create table staging.stg_crm_contact_roles (
    contact_role_id text not null, opportunity_id text not null, contact_id text not null,
    contact_role text, is_deleted boolean not null, is_primary boolean not null, created_at
    timestamptz not null, modified_at timestamptz not null, batch_id text not null, loaded_at
    timestamptz not null
);
create table staging.stg_crm_campaigns (
    crm_campaign_id text not null, parent_crm_campaign_id text, owner_id text, crm_campaign_name
    text, crm_campaign_type text, crm_campaign_status text, currency_code text not null,
    start_date date, end_date date, budgeted_cost numeric(18,2), actual_cost numeric(18,2),
    is_active boolean, is_deleted boolean not null, created_at timestamptz not null, modified_at
    timestamptz not null, batch_id text not null, loaded_at timestamptz not null
);
create table staging.stg_crm_campaign_members (
    campaign_member_id text not null, crm_campaign_id text not null, lead_id text, contact_id
    text, member_status text, first_responded_date date, has_responded boolean not null,
    is_deleted boolean not null, created_at timestamptz not null, modified_at timestamptz not
    null, batch_id text not null, loaded_at timestamptz not null
);
create table staging.stg_crm_users (
    user_id text not null, department text, is_active boolean not null, is_deleted boolean not
    null, created_at timestamptz not null, modified_at timestamptz not null, batch_id text not
    null, loaded_at timestamptz not null
);
create table staging.stg_crm_record_types (
    record_type_id text not null, object_name text not null, record_type_name text,
    record_type_developer_name text, is_active boolean not null, is_deleted boolean not null,
    created_at timestamptz not null, modified_at timestamptz not null, batch_id text not null,
    loaded_at timestamptz not null
);
create table ops.load_ledger (
    source text not null, account_id text not null, stream text not null, scope text not null,
    status text not null, date_day date, spend numeric(20,6), rows_staged bigint not null,
    rows_rejected bigint not null, restated_spend numeric(20,6), cursor_at timestamptz, as_of_at
    timestamptz not null, batch_id text not null, loaded_at timestamptz not null
);
create table ops.rejected_rows (
    source text not null, account_id text not null, stream text not null, batch_id text not
    null, reason text not null, record text not null, currency_code text, date_day date,
    row_number bigint not null, spend numeric(20,6), loaded_at timestamptz not null
);

insert into staging.stg_ad_accounts (
    platform, account_id, account_name, currency_code, time_zone, batch_id, first_loaded_at, loaded_at
) values (
    'facebook_ads', 'act_1', 'One', 'EUR', 'Europe/Berlin', '20261101T120000000000Z-00000001',
    '2026-11-01 12:00:00+00', '2026-11-01 12:00:00+00'
);
insert into staging.stg_campaigns (
    platform, account_id, campaign_id, campaign_name, batch_id, first_loaded_at, loaded_at
) values (
    'facebook_ads', 'act_1', 'a', 'A', '20261101T120000000000Z-00000002',
    '2026-11-01 12:00:00+00', '2026-11-01 12:00:00+00'
);
insert into staging.stg_campaign_daily (
    platform, account_id, campaign_id, currency_code, date_day, spend, impressions, clicks,
    batch_id, first_loaded_at, loaded_at
) values (
    'facebook_ads', 'act_1', 'a', 'EUR', '2026-10-01', 7, 100, 3, '20261102T120000000000Z-00000003',
    '2026-11-01 12:00:00+00', '2026-11-02 12:00:00+00'
);
insert into staging.stg_crm_campaign_members (
    campaign_member_id, crm_campaign_id, member_status, has_responded, is_deleted, created_at,
    modified_at, batch_id, loaded_at
) values (
    '00v1', '701', 'Sent', false, false, '2026-01-01 00:00:00+00', '2026-10-31 00:00:00+00',
    '20261101T120000000000Z-00000004', '2026-11-01 12:00:00+00'
);
insert into ops.load_ledger (
    source, account_id, stream, scope, status, date_day, spend, rows_staged, rows_rejected,
    restated_spend, cursor_at, as_of_at, batch_id, loaded_at
) values
(
    'facebook_ads', 'act_1', 'campaign_daily', '2026-10-01', 'loaded', '2026-10-01', 7, 1, 0, -3,
    null, '2026-11-02 12:00:00+00', '20261102T120000000000Z-00000003', '2026-11-02 12:00:00+00'
),
(
    'salesforce', '00D1', 'members', 'all', 'loaded', null, null, 1, 0, null,
    '2026-10-31 00:00:00+00', '2026-11-01 12:00:00+00', '20261101T120000000000Z-00000004',
    '2026-11-01 12:00:00+00'
);
