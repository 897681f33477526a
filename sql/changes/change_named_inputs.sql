-- Which seeds, settings and code went otherwise into the build, by what they decide?
-- Grain: one row; a name is NULL where nothing of that kind changed.
-- rules decide a touch's channel, windows which touches count, pricing what an amount is worth.
with

named as (
    select
        max(case when input_kind = 'code' then input_name end) as code,
        max(case when input_name = 'attribution_models' then input_name end) as models,
        max(case when input_name = 'campaign_aliases' then input_name end) as aliases,
        max(case when input_name = 'channel_rules' then input_name end) as channel_rules,
        max(case when input_name = 'deal_types' then input_name end) as deal_types,
        max(case when input_name = 'internal_domains' then input_name end) as domains,
        max(case when input_name = 'lead_statuses' then input_name end) as statuses,
        max(case when input_name = 'manual_spend' then input_name end) as manual_spend,
        max(case when input_name = 'manual_touchpoints' then input_name end) as manual_touches,
        max(case when input_name = 'reporting_zone' then input_name end) as reporting_zone,
        string_agg(
            case when input_name in ('rates', 'reporting_currency') then input_name end,
            ' and ' order by input_name
        ) as pricing,
        string_agg(
            case
                when
                    input_name in (
                        'activity_types',
                        'channel_rules',
                        'crm_campaign_types',
                        'lead_sources',
                        'traffic_sources',
                        'utm_mediums'
                    )
                    then input_name
            end,
            ' and ' order by input_name
        ) as rules,
        string_agg(
            case
                when input_name in ('attribution_look_back_days', 'reporting_zone') then input_name
            end,
            ' and ' order by input_name
        ) as windows
    from build.change_inputs
)

select * from named
