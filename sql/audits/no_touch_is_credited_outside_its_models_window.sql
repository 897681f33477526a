-- Did every touch take place before its deal was created or closed, as its model asks, and within
-- the look-back?
-- Grain: one row per credit that did not.
-- Of open deals the as-of instant is the end. A deal may have closed before it was created: its
-- close is the end all the same. Ends are whole seconds, as touches are.
with

as_of as (
    select
        attribution_look_back_days,
        as_of_at
    from build.int_as_of
),

windows as (
    select
        models.model,
        models.touches_until,
        coalesce(models.look_back_days, as_of.attribution_look_back_days)
        * interval '24 hours' as look_back
    from staging.seed_attribution_models as models
    cross join as_of
),

ends as (
    select
        opportunities.opportunity_id,
        date_trunc('second', opportunities.created_at) as created_at,
        date_trunc('second', coalesce(deals.closed_at, as_of.as_of_at)) as closing_at
    from staging.stg_crm_opportunities as opportunities
    cross join as_of
    inner join build.int_deals as deals
        on opportunities.opportunity_id = deals.opportunity_id
),

credits as (
    select
        attribution.opportunity_id,
        attribution.touchpoint_id,
        attribution.model,
        case windows.touches_until
            when 'created' then ends.created_at
            else ends.closing_at
        end as ends_at,
        windows.look_back,
        attribution.touched_at
    from build.fct_attribution as attribution
    left join windows
        on attribution.model = windows.model
    left join ends
        on attribution.opportunity_id = ends.opportunity_id
    where attribution.touchpoint_id <> 'unattributed'
),

wrong as (
    select
        opportunity_id,
        touchpoint_id,
        model,
        touched_at,
        ends_at
    from credits
    where
        touched_at is null
        or ends_at is null
        or touched_at > ends_at
        or touched_at < ends_at - look_back
)

select * from wrong
