-- Which channel do the rules give to each kind of evidence?
-- Grain: one row per combination of platform, campaign type, medium, source kind and payment that
-- a campaign or a touch shows.
-- The rule with the lowest rule_order whose conditions all hold speaks; where none does: Other.
with

shown as (
    select
        channel_key,
        platform,
        campaign_type,
        null as medium,
        null as source_kind,
        true as has_paid_sign
    from build.int_campaigns
    where told_channel is null
    union
    select
        channel_key,
        platform,
        campaign_type,
        medium,
        source_kind,
        has_paid_sign
    from build.int_touchpoints
    where told_channel is null
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
