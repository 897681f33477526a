-- Why does each changed day of spend count otherwise than it did?
-- Grain: one row per campaign's day and aspect of it that changed.
-- The aspects: exists (counted now and not before, or the reverse), place (another channel), spend,
-- measures, rate. cause is NULL where no fact tells it.
with

spend_aspects as (
    select
        spend.fact_id,
        aspects.aspect,
        case
            when aspects.aspect in ('exists', 'spend') and spend.account_id = 'manual'
                then
                    case
                        when inputs.manual_spend is not null then 'seed_edited'
                        when spend.is_new and not spend.is_old then 'late_spend'
                    end
            when aspects.aspect = 'exists' and spend.is_new then 'late_spend'
            when aspects.aspect in ('exists', 'spend', 'measures') then 'spend_restated'
            when aspects.aspect = 'rate' and inputs.pricing is not null then 'setting_edited'
            when aspects.aspect = 'rate' then 'rate'
            when retyped.platform is not null then 'campaign_edited'
            when spend.account_id = 'manual' and inputs.manual_spend is not null then 'seed_edited'
            when inputs.channel_rules is not null then 'seed_edited'
        end as cause,
        case
            when aspects.aspect = 'rate' then inputs.pricing
            when spend.account_id = 'manual' then inputs.manual_spend
            when aspects.aspect = 'place' and retyped.platform is null then inputs.channel_rules
        end as through
    from build.change_spend as spend
    cross join build.change_named_inputs as inputs
    cross join (
        values ('exists'), ('spend'), ('measures'), ('rate'), ('place')
    ) as aspects (aspect)
    left join build.change_campaigns as retyped
        on
            spend.platform = retyped.platform
            and spend.account_id = retyped.account_id
            and spend.campaign_id = retyped.campaign_id
            and retyped.is_retyped
    where
        case
            when spend.is_old is distinct from spend.is_new then aspects.aspect = 'exists'
            when aspects.aspect = 'spend' then spend.old_spend is distinct from spend.new_spend
            when aspects.aspect = 'rate'
                then
                    spend.old_fx_rate is distinct from spend.new_fx_rate
                    or spend.old_spend = spend.new_spend
                    and spend.old_spend_base is distinct from spend.new_spend_base
            when aspects.aspect = 'place' then spend.old_channel is distinct from spend.new_channel
            when aspects.aspect = 'measures'
                then
                    spend.old_impressions is distinct from spend.new_impressions
                    or spend.old_clicks is distinct from spend.new_clicks
                    or spend.old_reported_conversions
                    is distinct from spend.new_reported_conversions
            else false
        end
),

causes as (
    select
        'spend' as fact_kind,
        fact_id,
        aspect,
        cause,
        fact_id || coalesce(' through ' || through, '') as evidence
    from spend_aspects
)

select * from causes
