-- Which campaigns are called, typed, dated or placed otherwise than when they were published?
-- Grain: one row per campaign that is described otherwise, or was not known.
-- naming_cause: what makes a tag mean another campaign; a type decides the channel alone.
with

old_names as (
    select distinct
        platform,
        account_id,
        thing_id,
        thing_name,
        valid_from_at
    from marts.dim_name_history
    where level = 'campaign'
),

new_names as (
    select distinct
        platform,
        account_id,
        thing_id,
        thing_name,
        valid_from_at
    from build.dim_name_history
    where level = 'campaign'
),

renamed as (
    select distinct
        coalesce(new_names.platform, old_names.platform) as platform,
        coalesce(new_names.account_id, old_names.account_id) as account_id,
        coalesce(new_names.thing_id, old_names.thing_id) as campaign_id
    from new_names
    full outer join old_names
        on
            new_names.platform = old_names.platform
            and new_names.account_id = old_names.account_id
            and new_names.thing_id = old_names.thing_id
            and new_names.valid_from_at = old_names.valid_from_at
            and new_names.thing_name = old_names.thing_name
    where new_names.platform is null or old_names.platform is null
),

campaigns as (
    select
        new_campaigns.platform,
        new_campaigns.account_id,
        new_campaigns.campaign_id,
        old_campaigns.platform is null as is_late,
        (
            old_campaigns.platform is not null
            and new_campaigns.campaign_type is distinct from old_campaigns.campaign_type
        ) as is_retyped,
        (
            old_campaigns.platform is not null
            and new_campaigns.channel is distinct from old_campaigns.channel
        ) as is_rechanneled,
        (
            old_campaigns.platform is not null
            and (
                new_campaigns.start_date is distinct from old_campaigns.start_date
                or new_campaigns.time_zone is distinct from old_campaigns.time_zone
            )
        ) as is_redated,
        (renamed.platform is not null) as is_renamed
    from build.dim_campaign as new_campaigns
    left join marts.dim_campaign as old_campaigns
        on
            new_campaigns.platform = old_campaigns.platform
            and new_campaigns.account_id = old_campaigns.account_id
            and new_campaigns.campaign_id = old_campaigns.campaign_id
    left join renamed
        on
            new_campaigns.platform = renamed.platform
            and new_campaigns.account_id = renamed.account_id
            and new_campaigns.campaign_id = renamed.campaign_id
),

changed as (
    select
        platform,
        account_id,
        campaign_id,
        case
            when is_late then 'late_campaign'
            when is_renamed then 'rename'
            when is_redated then 'campaign_edited'
        end as naming_cause,
        is_late,
        is_retyped,
        is_rechanneled
    from campaigns
    where is_late or is_retyped or is_rechanneled or is_renamed or is_redated
)

select * from changed
