-- Which name did an account, a campaign, an ad group or an ad bear on a day?
-- Grain: one row per platform, account, level, thing and span of days.
-- A name holds from the day a load first saw it, in the account's zone, to the day before another
-- was seen. The earliest name seen holds for all days before, too, and a thing without a history
-- bears its present name on every day. thing_id of an ad is its ad group's id, a slash and its own.
with

as_of as (
    select reporting_zone
    from build.int_as_of
),

accounts as (
    select
        platform,
        account_id,
        time_zone
    from staging.stg_ad_accounts
),

states as (
    select
        platform,
        account_id,
        'account' as level,
        account_id as thing_id,
        account_name as thing_name,
        valid_from_at
    from staging.stg_ad_account_history
    union all
    select
        platform,
        account_id,
        'campaign' as level,
        campaign_id as thing_id,
        campaign_name as thing_name,
        valid_from_at
    from staging.stg_campaign_history
    union all
    select
        platform,
        account_id,
        'ad_group' as level,
        ad_group_id as thing_id,
        ad_group_name as thing_name,
        valid_from_at
    from staging.stg_ad_group_history
    union all
    select
        platform,
        account_id,
        'ad' as level,
        ad_group_id || '/' || ad_id as thing_id,
        ad_name as thing_name,
        valid_from_at
    from staging.stg_ad_history
),

present as (
    select
        platform,
        account_id,
        'account' as level,
        account_id as thing_id,
        account_name as thing_name
    from staging.stg_ad_accounts
    union all
    select
        platform,
        account_id,
        'campaign' as level,
        campaign_id as thing_id,
        campaign_name as thing_name
    from staging.stg_campaigns
    union all
    select
        platform,
        account_id,
        'ad_group' as level,
        ad_group_id as thing_id,
        ad_group_name as thing_name
    from staging.stg_ad_groups
    union all
    select
        platform,
        account_id,
        'ad' as level,
        ad_group_id || '/' || ad_id as thing_id,
        ad_name as thing_name
    from staging.stg_ads
),

dated as (
    select
        states.platform,
        states.account_id,
        states.level,
        states.thing_id,
        states.thing_name,
        cast((
            states.valid_from_at at time zone coalesce(accounts.time_zone, as_of.reporting_zone)
        ) as date) as seen_on,
        row_number() over (
            partition by states.platform, states.account_id, states.level, states.thing_id
            order by states.valid_from_at
        ) as state_number,
        states.valid_from_at
    from states
    cross join as_of
    left join accounts
        on
            states.platform = accounts.platform
            and states.account_id = accounts.account_id
),

spans as (
    select
        platform,
        account_id,
        level,
        thing_id,
        thing_name,
        case when state_number = 1 then date '0001-01-01' else seen_on end as first_day,
        coalesce(
            lead(seen_on) over (
                partition by platform, account_id, level, thing_id order by valid_from_at
            ) - 1,
            date '9999-12-31'
        ) as last_day
    from dated
),

named as (
    select
        platform,
        account_id,
        level,
        thing_id,
        thing_name,
        first_day,
        last_day
    from spans
    where first_day <= last_day
    union all
    select
        present.platform,
        present.account_id,
        present.level,
        present.thing_id,
        present.thing_name,
        date '0001-01-01' as first_day,
        date '9999-12-31' as last_day
    from present
    left join states
        on
            present.platform = states.platform
            and present.account_id = states.account_id
            and present.level = states.level
            and present.thing_id = states.thing_id
    where states.thing_id is null
)

select * from named
