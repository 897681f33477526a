-- Which models share out credit, and which touches does each look at?
-- Grain: one row per model of the seed.
-- Models that look at the same touches share a touch_window: touches until the deal was created, or
-- until it closed, and no older than so many days of 24 hours.
with

as_of as (
    select attribution_look_back_days
    from build.int_as_of
),

windowed as (
    select
        models.model,
        models.touches_until,
        coalesce(models.look_back_days, as_of.attribution_look_back_days) as look_back_days
    from staging.seed_attribution_models as models
    cross join as_of
),

models as (
    select
        model,
        touches_until || '/' || cast(look_back_days as text) as touch_window,
        touches_until,
        look_back_days
    from windowed
)

select * from models
