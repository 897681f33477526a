-- The next load's list of campaigns fills them.
alter table staging.stg_campaigns add column if not exists url_template text collate "C";
alter table staging.stg_campaigns add column if not exists landing_page_url text collate "C";
alter table staging.stg_campaigns add column if not exists utm_source text collate "C";
alter table staging.stg_campaigns add column if not exists utm_medium text collate "C";
alter table staging.stg_campaigns add column if not exists utm_campaign text collate "C";
alter table staging.stg_campaigns add column if not exists utm_content text collate "C";
alter table staging.stg_campaigns add column if not exists utm_term text collate "C";
alter table staging.stg_campaigns add column if not exists utm_id text collate "C";
