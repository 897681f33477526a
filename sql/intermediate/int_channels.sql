-- Which channel do the rules give to each kind of evidence?
-- Grain: one row per combination of platform, campaign type, medium, source kind and payment that
-- a campaign, a visit or a touch shows, or would show by its tags or its referrer alone.
-- A channel_key holds them in this order, parted by strokes.
-- The rule with the lowest rule_order whose conditions all hold speaks; where none does: Other.
with

keys as (
    select channel_key
    from build.int_campaigns
    where channel_key is not null
    union
    select channel_key
    from build.int_touchpoints
    where channel_key is not null
    union
    select utm_channel_key as channel_key
    from build.int_touchpoints
    where utm_channel_key is not null
    union
    select channel_key
    from build.int_visitors
    where channel_key is not null
    union
    select '|||' || referrer_kind || '|false' as channel_key
    from build.int_touchpoints
    where referrer_kind is not null
),

shown as (
    select
        channel_key,
        nullif(split_part(channel_key, '|', 1), '') as platform,
        nullif(split_part(channel_key, '|', 2), '') as campaign_type,
        nullif(split_part(channel_key, '|', 3), '') as medium,
        nullif(split_part(channel_key, '|', 4), '') as source_kind,
        split_part(channel_key, '|', 5) = 'true' as has_paid_sign
    from keys
),

ruled as (
    select
        shown.channel_key,
        coalesce(rules.channel, 'Other') as channel,
        row_number() over (partition by shown.channel_key order by rules.rule_order) as rule_rank
    from shown
    left join staging.seed_channel_rules as rules
        on
            (rules.platform is null or shown.platform = rules.platform)
            and (rules.campaign_type is null or shown.campaign_type = rules.campaign_type)
            and (rules.medium is null or shown.medium = rules.medium)
            and (rules.source_kind is null or shown.source_kind = rules.source_kind)
            and (rules.is_paid is null or shown.has_paid_sign = rules.is_paid)
),

channels as (
    select
        channel_key,
        channel
    from ruled
    where rule_rank = 1
)

select * from channels
