-- The next load reads every lead and contact again, for it asks for fields that none asked for.
alter table staging.stg_crm_leads add column if not exists job_title text collate "C";
alter table staging.stg_crm_leads add column if not exists stated_product text collate "C";
alter table staging.stg_crm_leads add column if not exists stated_problem text collate "C";
alter table staging.stg_crm_leads add column if not exists stated_timeframe text collate "C";
alter table staging.stg_crm_contacts add column if not exists job_title text collate "C";
alter table staging.stg_crm_contacts add column if not exists stated_product text collate "C";
alter table staging.stg_crm_contacts add column if not exists stated_problem text collate "C";
alter table staging.stg_crm_contacts add column if not exists stated_timeframe text collate "C";
